"""Which gates are only for tests: nothing opens when they decide."""

from app.core.gates.gate import without_hardware
from app.wiring import System


def test_gates(system: System) -> set[str]:
    """Returns the names of the test gates."""
    gates = system.gates.all()
    found = without_hardware(gates, system.keys.all())
    return {gate.name for gate in gates if gate.id in found}
