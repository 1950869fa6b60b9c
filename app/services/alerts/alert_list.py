"""The alerts, for people: what stands now, and what stood."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.alerts.alert import Alert
from app.core.errors import NotRecorded
from app.core.ports.store import Store


@dataclass(frozen=True)
class NamedAlert:
    """An alert, and the names of its gate and camera; its id where a camera is gone."""

    alert: Alert
    gate: str | None
    camera: str | None


@dataclass(frozen=True)
class AlertList:
    """own: alerts about the service itself that the database does not have."""

    store: Store
    own: Callable[[], Sequence[Alert]] = tuple

    def find(
        self, *, history: bool, since: datetime | None = None, before: str | None = None, limit: int = 50
    ) -> list[NamedAlert]:
        """Newest first: those that stand, with `history` also the cleared. `before`: the id the page starts below."""
        own = [a for a in self.own() if since is None or a.at >= since]
        try:
            return self._find(own, history, since, before, limit)
        except NotRecorded:
            if history or not own:
                raise
            # The database cannot even be read; that is what they are about.
            return [NamedAlert(alert, None, None) for alert in own]

    def _find(
        self, own: Sequence[Alert], history: bool, since: datetime | None, before: str | None, limit: int
    ) -> list[NamedAlert]:
        with self.store.read() as tx:
            if history:
                found = tx.alerts.find(since, before, limit)
            else:
                standing = [a for a in (*own, *tx.alerts.open()) if since is None or a.at >= since]
                found = [a for a in standing if before is None or a.id < before][:limit]
            names = {gate.id: gate.name for gate in tx.gates.all()} | {c.id: c.name for c in tx.cameras.all()}
        return [
            NamedAlert(a, names.get(a.gate_id or "", a.gate_id), names.get(a.camera_id or "", a.camera_id))
            for a in found
        ]
