"""Alerts whose cause is over at once, or whose end nothing shows, though somebody should look."""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.alerts.alert import Alert, AlertKind
from app.core.cameras.camera import Camera
from app.core.errors import Conflict, NotFound
from app.core.gates.gate import Gate
from app.core.ports.store import Clock, Store
from app.core.text import plain_comment

ERASED = "This event's person was erased, and so was what the event said."


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

    def reported(self, event_id: str, actor: str, comment: str) -> Alert:
        """Raises the alert that somebody found a mistake in an event. An event is reported once.

        Args:
            actor: the id of the key or user who reports it.
            comment: what is wrong, 1 to 200 characters of plain text.

        Raises BadInput, NotFound; Conflict if it was reported before, or its person was erased.
        """
        comment = plain_comment(comment, required=True)
        with self.store.write() as tx:
            event = tx.events.get(event_id)
            if event is None:
                raise NotFound("unknown_event", "There is no event with this id.")
            if event.sealed_payload is None:
                raise Conflict("event_has_no_person", ERASED)
            tx.events.lock_head(event.gate_id)  # whoever reports it at the same time waits
            if tx.alerts.about(event_id) is not None:
                raise Conflict("already_reported", "Somebody has reported this event; Alerts has the report.")
            now = self.clock()
            kind, gate_id = AlertKind.REPORTED, event.gate_id
            alert = Alert(self.new_id(), now, kind, gate_id, None, comment, now, event_id=event_id, actor=actor)
            tx.alerts.raise_(alert)
            # An erasure waits for these locks, and then finds the alert. A correction may name somebody else than the
            # event does; erasing that person empties the event, too.
            said = (one.employee_id for one in tx.corrections.of([event_id]).get(event_id, ()))
            for person_id in sorted({event.employee_id, event.subject_id, *said} - {None}, key=str):
                tx.employees.lock(str(person_id))
            now_stored = tx.events.get(event_id)
            if now_stored is None or now_stored.sealed_payload is None:
                raise Conflict("event_has_no_person", ERASED)
        return alert

    def turned(self, camera: Camera, degrees: int) -> None:
        """Raises the alert that a camera's faces are found only when its picture is turned clockwise by so much.

        It lasts until somebody acknowledges it. Until then the camera raises no second one.
        """
        words = f"faces are found only when the picture is turned by {degrees} degrees; set its rotation to {degrees}"
        with self.store.write() as tx:
            now = self.clock()
            tx.alerts.raise_(Alert(self.new_id(), now, AlertKind.CAMERA_TURNED, camera.gate_id, camera.id, words))
