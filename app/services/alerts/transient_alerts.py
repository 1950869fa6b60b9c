"""Transient alerts: what is over as soon as it is raised, and still needs a look. Each is an alert of its own."""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.alerts.alert import TRANSIENT, Alert, AlertKind
from app.core.cameras.camera import Camera
from app.core.errors import Conflict, NotFound
from app.core.ports.store import Clock, Store
from app.core.types import Gate


@dataclass(frozen=True)
class TransientAlerts:
    """A hint stands until somebody has seen it, the next of its place comes, or `site.TRANSIENT_LASTS` is over."""

    store: Store
    clock: Clock
    new_id: Callable[[], str]

    def tailgating(self, gate: Gate, camera: str) -> None:
        """Somebody may have come through behind the one the gate opened for."""
        with self.store.write() as tx:
            found = tx.cameras.by_name_or_id(camera)
            camera_id = found.id if found else None
            now = self.clock()
            # The next one is news, not the same story: it is told and sounds again.
            tx.alerts.clear(AlertKind.TAILGATING, gate.id, camera_id, now)
            words = "somebody came through behind the one the gate opened for"
            tx.alerts.raise_(Alert(self.new_id(), now, AlertKind.TAILGATING, gate.id, camera_id, words))

    def turned(self, camera: Camera, degrees: int) -> None:
        """The camera's faces are found only when its picture is turned clockwise by so much."""
        words = f"faces are found only when the picture is turned by {degrees} degrees; set its rotation to {degrees}"
        with self.store.write() as tx:
            now = self.clock()
            tx.alerts.clear(AlertKind.CAMERA_TURNED, camera.gate_id, camera.id, now)
            found = Alert(self.new_id(), now, AlertKind.CAMERA_TURNED, camera.gate_id, camera.id, words)
            tx.alerts.raise_(found)

    def seen(self, alert_id: str) -> None:
        """Ends a hint. Raises NotFound if it does not stand, and Conflict for an alert that ends with its cause."""
        with self.store.write() as tx:
            alert = next((a for a in tx.alerts.open() if a.id == alert_id), None)
            if alert is None:
                raise _unknown()
            if alert.kind not in TRANSIENT:
                raise Conflict("alert_stands", "This alert ends by itself when its cause is gone.")
            if not tx.alerts.end(alert_id, self.clock()):
                raise _unknown()  # the next of its place came just now, and that one nobody has seen


def _unknown() -> NotFound:
    return NotFound("unknown_alert", "No such alert stands.")
