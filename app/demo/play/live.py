"""The live camera: makes the service watch the clip like a real camera, and reads the events as they come."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from app.demo.film.walks import LENGTH_S, WALKS, Walk
from app.demo.play.desk import Desk, Guard, Json
from app.demo.play.service import DemoFailed, Service

CAMERA, GATE = "lobby-cam", "lobby-cam-gate"
CLIP = "approaches.mp4"
# With the default of 48 px the gate would open before the person has come half of the way.
MIN_FACE_PX = 90
# The supervisor looks for new cameras every two seconds.
_WATCHED_WITHIN_S = 20.0
_LOOK_EVERY_S = 0.2
# The camera is switched off before the clip ends, so that the service does not begin it again.
_STOP_BEFORE_END_S = 0.3
# A gate reports what it did after its event. After this long the event is shown without.
_GATE_ANSWERS_WITHIN_S = 1.0


@dataclass(frozen=True)
class Recorded:
    """An event of the live camera. at_s: the second of the clip at which it was decided."""

    event: Json
    at_s: float


@dataclass(frozen=True)
class LiveCamera:
    """on_walk: called when somebody comes into the clip; on_event: with each event, in order; on_alert: with what the
    guards ought to look at, and the second of the clip.
    """

    service: Service
    desk: Desk
    guard: Guard
    on_walk: Callable[[Walk], None]
    on_event: Callable[[Recorded], None]
    on_alert: Callable[[Json, float], None]

    def play(self) -> None:
        """Makes the service watch the clip once. Raises DemoFailed if it does not begin."""
        self.desk.remove_camera(CAMERA)
        where = f"file:{quote(str(self.service.data / CLIP))}"
        # Switched on by a call: a command may take seconds to end, and the clip would have begun meanwhile.
        add = ("cameras", "add", CAMERA, where, "--gate", GATE, "--min-face-px", str(MIN_FACE_PX), "--off")
        self.service.command(*add)
        self.desk.switch_camera(CAMERA, on=True)
        began_at, began_s = self._wait_until_watched()
        known: set[str] = set()
        to_come = sorted(WALKS, key=lambda walk: walk.comes_s)
        while (second := time.monotonic() - began_s) < LENGTH_S - _STOP_BEFORE_END_S:
            while to_come and to_come[0].comes_s <= second:
                self.on_walk(to_come.pop(0))
            self._read(known, began_at, second)
            time.sleep(_LOOK_EVERY_S)
        self.desk.switch_camera(CAMERA, on=False)
        self._read(known, began_at, LENGTH_S + _GATE_ANSWERS_WITHIN_S)

    def _wait_until_watched(self) -> tuple[datetime, float]:
        """Returns when the clip began, on the wall clock and the monotonic one, to within a tenth of a second."""
        deadline = time.monotonic() + _WATCHED_WITHIN_S
        while time.monotonic() < deadline:
            if self.desk.camera(CAMERA)["watched_by"] is not None:
                return datetime.now(UTC), time.monotonic()
            time.sleep(0.05)
        raise DemoFailed(f"the service did not begin to watch {CAMERA} within {_WATCHED_WITHIN_S:.0f} s")

    def _read(self, known: set[str], began_at: datetime, second: float) -> None:
        """Reports what is new, the oldest first. An opening waits for its gate's result, and later events for it."""
        for alert in reversed(self.guard.alerts(GATE, since=began_at)):
            if alert["id"] not in known:
                known.add(alert["id"])
                self.on_alert(alert, _second(alert, began_at))
        for event in reversed(self.guard.events(GATE, since=began_at)):
            if event["decision_id"] in known:
                continue
            at_s = _second(event, began_at)
            opens, told = event["decision"] == "open", event["gate_result"] is not None
            if opens and not told and second < at_s + _GATE_ANSWERS_WITHIN_S:
                return
            known.add(event["decision_id"])
            self.on_event(Recorded(event, at_s))


def _second(said: Json, began_at: datetime) -> float:
    """Returns the second of the clip at which this happened."""
    return (datetime.fromisoformat(said["at"]) - began_at).total_seconds()
