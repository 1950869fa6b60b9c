"""One camera, one capture thread, one slot. A consumer always gets the newest frame, however slow it is.

The thread reopens the source whenever it breaks: quickly up to five times a minute, then slowly and with an error in
the log. It also notices what is wrong with the frames themselves. A frame that repeats the previous one byte for byte
keeps that frame's capture time, so a frozen picture of an employee grows too old to open a gate. Silence is measured
from the capture time: a frame delivered late by a dying connection does not count as alive.
"""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.adapters.cameras.sources import CameraSource
from app.core.cameras.health import DEFAULT, Health, HealthLimits, Signs, judge, picture_stats
from app.core.errors import BadInput, SourceFailed
from app.core.ports.store import Clock
from app.core.types import Pixels

log = logging.getLogger(__name__)

BUDGET = 5
BUDGET_WINDOW_S = 60.0
FIRST_WAIT_S = 0.5
BEYOND_BUDGET_S = 15.0
# A new connection often cures a hung encoder. A still scene can look hung and must not be cut every few seconds.
FROZEN_MEND_S = 10.0
FROZEN_MEND_EVERY_S = 60.0
STOP_S = 1.0


@dataclass(frozen=True, eq=False)
class Captured:
    """A read-only frame. captured_at: when it was received. sequence: counts every frame received, from 1."""

    pixels: Pixels
    captured_at: datetime
    sequence: int


class Mailbox:
    """Watches one camera. Thread-safe; `start` once, `stop` at the end.

    Args:
        name: For the log. The address never is.
        factory: Makes a new source for each connection. May raise BadInput or SourceFailed.
        clock: The clock with which the source stamps frames.
    """

    def __init__(
        self,
        name: str,
        factory: Callable[[], CameraSource],
        clock: Clock,
        *,
        limits: HealthLimits = DEFAULT,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._factory = factory
        self._clock = clock
        self._limits = limits
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._slot: Captured | None = None
        self._newest: Captured | None = None
        self._stopping = threading.Event()
        self._source: CameraSource | None = None
        self._signs = Signs(monotonic())
        self._health: Health | None = None
        self._failed_s: deque[float] = deque(maxlen=BUDGET)
        self._mended_s: float | None = None
        self._decoder_messages: tuple[str, ...] = ()
        self._received = 0
        self._dropped = 0
        self._ended = False
        self._patient = False
        self._said = False
        self._thread = threading.Thread(target=self._run, name=f"camera-{name}", daemon=True)

    # For the consumer and the watchdog

    def start(self) -> None:
        self._signs = Signs(self._monotonic())
        self._thread.start()

    def take(self, timeout_s: float) -> Captured | None:
        """The newest frame not taken yet, or None if none comes in time or the recording has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._slot is not None or self._ended, timeout_s)
            taken, self._slot = self._slot, None
            self._changed.notify_all()  # wakes the capture thread of a patient source
            return taken

    def check(self) -> Health:
        """The camera's health. The watchdog calls it every half second, from one thread. Logs every change of state."""
        before = self._health
        self._health = health = judge(before, self._signs, self._monotonic(), self._limits)
        if before is None or before.state is not health.state:
            level = logging.INFO if health.well or before is None else logging.WARNING
            log.log(level, 'camera_state camera=%s state=%s why="%s"', self._name, health.state.value, health.words)
        return health

    @property
    def signs(self) -> Signs:
        return self._signs

    @property
    def decoder_messages(self) -> tuple[str, ...]:
        """The decoder's last messages, from this connection or the one that broke. No address, no secret."""
        source = self._source
        return (source.decoder_messages if source is not None else ()) or self._decoder_messages

    @property
    def received(self) -> int:
        return self._received

    @property
    def dropped(self) -> int:
        """How many frames were replaced before anybody took them."""
        return self._dropped

    @property
    def newest(self) -> Captured | None:
        """The newest frame, taken or not; None before the first."""
        return self._newest

    @property
    def ended(self) -> bool:
        """Whether no more frames come: the recording is over, or the mailbox was stopped."""
        return self._ended

    @property
    def patient(self) -> bool:
        """Whether each frame waits until it is taken, as in a recording that is read at full speed."""
        return self._patient

    @property
    def over_budget(self) -> bool:
        """Whether it broke more than five times within a minute. It is then retried every 15 s."""
        oldest = self._failed_s[0] if len(self._failed_s) == BUDGET else None
        return oldest is not None and self._failed_s[-1] - oldest < BUDGET_WINDOW_S and not self._signs.connected

    def stop(self) -> None:
        """Returns within a second, even while the source blocks. Its thread then ends later and delivers nothing."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        deadline = time.monotonic() + STOP_S
        source = self._source
        if source is not None:
            source.close()
        if self._thread.is_alive():
            self._thread.join(max(0.0, deadline - time.monotonic()))
        self._end()

    # The capture thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            words = self._watch_once()
            if words is None or self._stopping.is_set():
                break
            self._signs = self._signs.with_loss(words)
            self._failed_s.append(self._monotonic())
            wait_s = self._wait_s()
            self._say(words, wait_s)
            self._stopping.wait(wait_s)
        self._end()

    def _watch_once(self) -> str | None:
        """Reads one connection until it ends. Returns why it ended, or None at the end of a recording."""
        source: CameraSource | None = None
        try:
            source = self._source = self._factory()
            self._patient = source.patient
            while not self._stopping.is_set():
                got = source.read()
                if got is None:
                    return None
                if self._stopping.is_set():
                    return None
                self._put(*got)
                if self._patient:
                    self._until_taken()
                if self._to_mend():
                    return "the picture is frozen; connecting again"
        except SourceFailed as failed:
            return str(failed)
        except BadInput as refused:
            return refused.detail
        except Exception as error:  # any fault: its text may hold the address, and the camera must come back
            log.error("camera_capture_failed camera=%s error=%s", self._name, type(error).__name__)
            return f"capture failed: {type(error).__name__}"
        finally:
            if source is not None:
                source.close()
                self._decoder_messages = source.decoder_messages or self._decoder_messages
            self._source = None
        return None

    def _put(self, pixels: Pixels, captured_at: datetime) -> None:
        pixels.flags.writeable = False  # it is compared with the next one
        arrived_s = self._arrived_s(captured_at)
        before = self._newest
        repeated = before is not None and _same(before.pixels, pixels)
        if repeated and before is not None:
            captured_at = min(captured_at, before.captured_at)
        self._received += 1
        captured = self._newest = Captured(pixels, captured_at, self._received)
        self._signs = self._signs.with_frame(arrived_s, picture_stats(pixels), repeated=repeated, limits=self._limits)
        with self._changed:
            if self._slot is not None:
                self._dropped += 1
            self._slot = captured
            self._changed.notify_all()

    def _until_taken(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._slot is None or self._stopping.is_set())

    def _arrived_s(self, captured_at: datetime) -> float:
        """When it was captured, in monotonic seconds. Never before the last frame, even if the clock was set back."""
        age_s = max(0.0, (self._clock() - captured_at).total_seconds())
        return max(self._monotonic() - age_s, self._signs.last_s or self._signs.began_s)

    def _to_mend(self) -> bool:
        now, changed = self._monotonic(), self._signs.changed_s
        if changed is None or now - changed < FROZEN_MEND_S:
            return False
        if self._mended_s is not None and now - self._mended_s < FROZEN_MEND_EVERY_S:
            return False
        self._mended_s = now
        return True

    def _wait_s(self) -> float:
        """Seconds, doubling from 0.5. Jitter keeps cameras behind one switch from reconnecting all at once."""
        doubled = FIRST_WAIT_S * 2 ** (min(self._signs.failures, BUDGET) - 1)
        wait = BEYOND_BUDGET_S if self.over_budget else doubled
        return wait * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing

    def _say(self, words: str, wait_s: float) -> None:
        """Logs one error when the budget is spent. A camera that is off for a month must not fill the log."""
        level = logging.WARNING
        if self.over_budget:
            level = logging.DEBUG if self._said else logging.ERROR
        self._said = self.over_budget
        log.log(level, 'camera_lost camera=%s why="%s" retry_s=%.1f', self._name, words, wait_s)

    def _end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def _same(before: Pixels, now: Pixels) -> bool:
    """Byte for byte. A live sensor differs in the first row already, so the rest is rarely compared."""
    if before.shape != now.shape:
        return False
    return bool((before[0] == now[0]).all() and (before[::8] == now[::8]).all() and (before == now).all())
