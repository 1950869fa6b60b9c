"""Transient alerts: over as soon as they are raised, though somebody should look. Each is an alert of its own."""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.alerts.alert import Alert, AlertKind
from app.core.cameras.camera import Camera
from app.core.gates.gate import Gate
from app.core.ports.store import Clock, Store


@dataclass(frozen=True)
class TransientAlerts:
    """An alert lasts until it is acknowledged, until the next one at its gate and camera, or for `TRANSIENT_LASTS`."""

    store: Store
    clock: Clock
    new_id: Callable[[], str]

    def tailgating(self, gate: Gate, camera: str) -> None:
        """Raises the alert that somebody may have followed another person through the gate."""
        with self.store.write() as tx:
            found = tx.cameras.by_name_or_id(camera)
            camera_id = found.id if found else None
            now = self.clock()
            # Each time is news: it is shown and sounds again.
            tx.alerts.clear(AlertKind.TAILGATING, gate.id, camera_id, now)
            words = "somebody came through behind the one the gate opened for"
            tx.alerts.raise_(Alert(self.new_id(), now, AlertKind.TAILGATING, gate.id, camera_id, words))

    def turned(self, camera: Camera, degrees: int) -> None:
        """Raises the alert that a camera's faces are found only when its picture is turned clockwise by so much."""
        words = f"faces are found only when the picture is turned by {degrees} degrees; set its rotation to {degrees}"
        with self.store.write() as tx:
            now = self.clock()
            tx.alerts.clear(AlertKind.CAMERA_TURNED, camera.gate_id, camera.id, now)
            found = Alert(self.new_id(), now, AlertKind.CAMERA_TURNED, camera.gate_id, camera.id, words)
            tx.alerts.raise_(found)
