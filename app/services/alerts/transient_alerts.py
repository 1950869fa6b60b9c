"""Alerts whose cause is over at once, or whose end nothing shows, though somebody should look."""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.alerts.alert import Alert, AlertKind
from app.core.cameras.camera import Camera
from app.core.gates.gate import Gate
from app.core.ports.store import Clock, Store


@dataclass(frozen=True)
class TransientAlerts:
    store: Store
    clock: Clock
    new_id: Callable[[], str]

    def tailgating(self, gate: Gate, camera: str) -> None:
        """Raises the alert that somebody may have followed another person through the gate. Each time is one more."""
        with self.store.write() as tx:
            found = tx.cameras.by_name_or_id(camera)
            now = self.clock()
            words = "somebody came through behind the one the gate opened for"
            camera_id = found.id if found else None
            tx.alerts.raise_(Alert(self.new_id(), now, AlertKind.TAILGATING, gate.id, camera_id, words, now))

    def turned(self, camera: Camera, degrees: int) -> None:
        """Raises the alert that a camera's faces are found only when its picture is turned clockwise by so much.

        It lasts until somebody acknowledges it. Until then the camera raises no second one.
        """
        words = f"faces are found only when the picture is turned by {degrees} degrees; set its rotation to {degrees}"
        with self.store.write() as tx:
            now = self.clock()
            tx.alerts.raise_(Alert(self.new_id(), now, AlertKind.CAMERA_TURNED, camera.gate_id, camera.id, words))
