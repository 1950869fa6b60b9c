"""Which gates are only for tests: nothing opens when they decide."""

from app.core.gates.commands import DriverKind
from app.wiring import System


def test_gates(system: System) -> set[str]:
    """Returns the names of gates without a driver whose hardware has no key to ask for decisions either."""
    asking = {key.gate_id for key in system.keys.all() if key.revoked_at is None}
    return {gate.name for gate in system.gates.all() if gate.driver is DriverKind.DRY_RUN and gate.id not in asking}
