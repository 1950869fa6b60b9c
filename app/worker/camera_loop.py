"""One camera's loop: take the newest frame, find faces, decide approaches. No fault of a frame ends it."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.core.approach.tries import Region
from app.core.errors import Busy
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import RemotePoll
from app.core.gates.gate import Gate
from app.core.types import Box, Detection, Pixels
from app.services.access.approaches import Approaches, Watch

logger = logging.getLogger(__name__)

IDLE_S = 0.1  # with nobody in view, ten frames a second suffice to notice somebody, for less than half the work
TAKE_S = 0.5
AFTER_FAULT_S = 0.2
ENDED_S = 0.05  # between checks whether anybody still awaits a decision after the end of a recording
STOP_S = 2.0


class Taken(Protocol):
    @property
    def pixels(self) -> Pixels: ...
    @property
    def captured_at(self) -> datetime: ...


class Mailbox(Protocol):
    """The newest frame of a camera (see `adapters.cameras.mailbox`)."""

    def start(self) -> None: ...
    def take(self, timeout_s: float) -> Taken | None: ...
    def stop(self) -> None: ...
    @property
    def newest(self) -> Taken | None: ...
    @property
    def ended(self) -> bool: ...
    @property
    def patient(self) -> bool: ...


class See(Protocol):
    """Faces of a frame's region, widest first (see `Recognition.see`)."""

    def __call__(self, pixels: Pixels, *, region: Box, min_face_px: float, liveness: bool) -> list[Detection]: ...


@dataclass
class Tally:
    """What the loop did, for metrics and the bench.

    Attributes:
        skipped: Frames left out because nobody was in view.
        repeated: Frames equal to the one before.
        busy: Frames for which no engine became free.
        latency_ms: From capture to the end of the frame's work, for the newest thousand frames.
    """

    frames: int = 0
    skipped: int = 0
    repeated: int = 0
    busy: int = 0
    faults: int = 0
    latency_ms: list[float] = field(default_factory=list)


class CameraLoop:
    """Runs in a thread of its own from `start` to `stop`.

    Args:
        on_answer: Called with every decision.
        turn: Turns a picture upright before anything looks at it.
        after: Called with each frame and the faces in it.
        codes: Called with each frame in which no face opened the gate, and its time.
    """

    def __init__(
        self,
        watch: Watch,
        mailbox: Mailbox,
        see: See,
        approaches: Approaches,
        clock: Callable[[], datetime],
        on_answer: Callable[[RecordedDecision], None] = lambda _: None,
        turn: Callable[[Pixels], Pixels] | None = None,
        after: Callable[[Pixels, Sequence[Detection], float], None] | None = None,
        codes: Callable[[Pixels, datetime], None] | None = None,
    ) -> None:
        self.watch = watch
        self.mailbox = mailbox
        self.tally = Tally()
        self._see = see
        self._approaches = approaches
        self._clock = clock
        self._on_answer = on_answer
        self._turn = turn
        self._after = after
        self._codes = codes
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch-{watch.camera}", daemon=True)

    def start(self) -> None:
        self.mailbox.start()
        self._thread.start()

    def stop(self) -> None:
        """Ends within two seconds, or leaves the thread to end by itself. Nobody in view gets a decision any more."""
        deadline = time.monotonic() + STOP_S
        self._stopping.set()
        self.mailbox.stop()
        if self._thread.is_alive():
            self._thread.join(timeout=max(0.0, deadline - time.monotonic()))

    def now(
        self,
        gate: Gate,
        at: datetime,
        idempotency_key: str | None = None,
        poll: RemotePoll | None = None,
        *,
        current: bool | None = None,
    ) -> RecordedDecision:
        """Decides about what is before the camera this moment, for hardware that polls. See `Approaches.now`."""
        return self._approaches.now(self.watch, gate, at, idempotency_key, poll, current=current)

    def newest(self, after: datetime | None = None) -> tuple[Pixels, datetime] | None:
        """Returns the newest frame, turned upright, and when it was captured; None if that is `after`, or none came."""
        taken = self.mailbox.newest
        if taken is None or taken.captured_at == after:
            return None
        return (taken.pixels if self._turn is None else self._turn(taken.pixels)), taken.captured_at

    def alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        looked_s = -IDLE_S
        newest: datetime | None = None
        while not self._stopping.is_set():
            try:
                taken = self.mailbox.take(TAKE_S)
                if self._stopping.is_set():
                    return
                if taken is None or taken.captured_at == newest:
                    # A frozen picture keeps its old time: whoever it shows may be gone.
                    self.tally.repeated += taken is not None
                    self._pass_on(self._approaches.silence(self.watch, self._clock()))
                    if taken is None and self.mailbox.ended:
                        if not self.watch.busy():
                            return
                        self._stopping.wait(ENDED_S)
                    continue
                newest = taken.captured_at
                idle = not self.watch.busy() and time.monotonic() - looked_s < IDLE_S
                if idle and not self.mailbox.patient:
                    self.tally.skipped += 1
                    continue
                looked_s = time.monotonic()
                self._frame(taken.pixels, taken.captured_at)
            except Busy:
                self.tally.busy += 1
            except Exception:
                # One frame must not end the watch. The gate stayed shut for it.
                logger.exception("frame_failed camera=%s", self.watch.camera)
                self.tally.faults += 1
                self._stopping.wait(AFTER_FAULT_S)

    def _frame(self, pixels: Pixels, captured_at: datetime) -> None:
        if self._turn is not None:
            pixels = self._turn(pixels)
        region = self.watch.region
        liveness = self.watch.asks_liveness
        seen = self._see(pixels, region=in_pixels(region, pixels), min_face_px=region.min_face_px, liveness=liveness)
        answers = self._approaches.frame(self.watch, seen, pixels, captured_at)
        self._pass_on(answers)
        if self._codes is not None and not any(answer.opens for answer in answers):
            self._codes(pixels, captured_at)
        self.tally.frames += 1
        self.tally.latency_ms.append((self._clock() - captured_at).total_seconds() * 1000)
        del self.tally.latency_ms[:-1000]
        if self._after is not None:
            self._after(pixels, seen, time.monotonic())

    def _pass_on(self, answers: Sequence[RecordedDecision]) -> None:
        """Passes the answers on. A listener that fails must not delay the next frame or hide the other answers."""
        for answer in answers:
            try:
                self._on_answer(answer)
            except Exception:
                # The decision is already recorded.
                logger.exception("decision_listener_failed camera=%s decision=recorded", self.watch.camera)


def in_pixels(region: Region, pixels: Pixels) -> Box:
    """The region in pixels of this frame. Searching only there also finds smaller faces."""
    height, width = pixels.shape[:2]
    return Box(
        region.left * width,
        region.top * height,
        (region.right - region.left) * width,
        (region.bottom - region.top) * height,
    )
