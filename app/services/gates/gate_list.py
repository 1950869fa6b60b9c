"""Lists, adds and removes gates. Who may pass them is for `core.access`."""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.access.rule_edits import InUse
from app.core.errors import Conflict, NotFound
from app.core.gates.gate import Gate
from app.core.gates.settings import gate_name, unlock_ms
from app.core.ports.store import Clock, Store
from app.services.gates.gate_settings import unchanged


@dataclass(frozen=True)
class GateList:
    store: Store
    clock: Clock
    new_id: Callable[[], str]

    def add(self, name: str, opening_ms: int = 5000) -> Gate:
        """Adds a gate. Raises BadInput for a name that is not safe in a URL, Conflict('gate_exists')."""
        gate = Gate(self.new_id(), gate_name(name), True, unlock_ms(opening_ms), self.clock())
        with self.store.write() as tx:
            tx.gates.add(gate)
        return gate

    def remove(self, name: str, version: str | None = None) -> None:
        """Removes an unused gate and its keys.

        Raises NotFound, Conflict for a gate with a log or cameras, or that a rule names, and Outdated as a change does.
        """
        gate = self.get(name)
        with self.store.write() as tx:
            if tx.events.lock_head(gate.id).sequence:
                raise Conflict("gate_has_events", "A gate with a log must stay. Disable it instead.")
            unchanged(tx.gates.get(gate.id) or gate, version)
            if cameras := tx.cameras.of_gate(gate.id):
                named = ", ".join(camera.name for camera in cameras)
                raise Conflict("gate_has_cameras", f"Remove its cameras first, or give them to another gate: {named}.")
            if users := tx.rules.all().used_by.get(gate.id):
                raise InUse(users)
            tx.gates.delete(gate.id)

    def all(self) -> list[Gate]:
        with self.store.read() as tx:
            return tx.gates.all()

    def get(self, name: str) -> Gate:
        with self.store.read() as tx:
            gate = tx.gates.by_name_or_id(name)
        if gate is None:
            raise NotFound("unknown_gate", "There is no gate of that name.")
        return gate
