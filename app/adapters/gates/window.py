"""What every driver guarantees for a command: never after its window, one at a time, each event once.

It is implemented here for all hardware, so a new kind of gate cannot get it wrong.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from app.adapters.net.window import Window
from app.core.credentials.badge import Badge
from app.core.credentials.pin import TypedPin
from app.core.errors import BadInput
from app.core.gates.commands import (
    MOST_PASSED,
    MOST_REPORT_ID,
    CommandOutcome,
    DoorState,
    GateReport,
    GateResult,
    OpenCommand,
    Passed,
)
from app.core.ports.store import Clock

REMEMBERED = 1024
_log = logging.getLogger(__name__)


def window_of(command: OpenCommand, clock: Clock) -> Window:
    """What is left of a command's window. Never longer than the window, even if the clock was set back."""
    left = min(command.until - clock(), command.until - command.at)
    return Window(left.total_seconds())


class Turns:
    """Lets commands through one at a time, and each event id once. A repeat returns the first result."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turn = threading.Lock()
        self._at_work: str | None = None
        self._done: OrderedDict[str, GateResult] = OrderedDict()

    def take(self, command: OpenCommand, hand_over: Callable[[OpenCommand, Window], GateResult]) -> GateResult:
        """Returns by the end of the window if `hand_over` does. Raises nothing: a fault becomes FAILED."""
        window = window_of(command, self._clock)
        known = self._done.get(command.event_id)
        if known is not None:
            return known
        if window.over:
            return GateResult(CommandOutcome.TOO_LATE, "the window was over")
        if not self._turn.acquire(timeout=window.left_s()):
            if self._at_work == command.event_id:
                return GateResult(CommandOutcome.FAILED, "the same command is in progress and has no answer yet")
            return GateResult(
                CommandOutcome.TOO_LATE, "the gate was busy with an earlier command until the window ended"
            )
        try:
            known = self._done.get(command.event_id)
            if known is not None:
                return known
            if window.over:
                return GateResult(
                    CommandOutcome.TOO_LATE, "the gate was busy with an earlier command until the window ended"
                )
            self._at_work = command.event_id
            result = _guarded(command, window, hand_over)
            self._done[command.event_id] = result
            if len(self._done) > REMEMBERED:
                self._done.popitem(last=False)
            return result
        finally:
            self._at_work = None
            self._turn.release()


def _guarded(
    command: OpenCommand, window: Window, hand_over: Callable[[OpenCommand, Window], GateResult]
) -> GateResult:
    try:
        return hand_over(command, window)
    except Exception as error:
        # A driver's fault is one failed opening on record. It must not end the thread that carries out the next one.
        # Type only: a foreign exception's text may hold the address or the key.
        _log.error("gate_driver_failed event=%s error=%s", command.event_id, type(error).__name__)
        return GateResult(CommandOutcome.FAILED, "the driver failed")


class Reporter:
    """Reports each change of the door's state, each passage, badge and PIN. The listener's faults stay out of the
    driver's threads.
    """

    def __init__(self, on_state: Callable[[GateReport], None]) -> None:
        self._on_state = on_state
        self._lock = threading.Lock()
        self._last: DoorState | None = None

    def word(self, word: object) -> DoorState | None:
        """Reports a state by its name; returns None for any other word. HELD and FORCED may repeat."""
        try:
            state = DoorState(word.strip().lower()) if isinstance(word, str) else None
        except ValueError:
            state = None
        if state is not None:
            self.state(state)
        return state

    def state(self, state: DoorState) -> None:
        with self._lock:
            if state == self._last and state not in (DoorState.HELD, DoorState.FORCED):
                return
            self._last = state
        self._report(state)

    def passed(self, count: object, report_id: object = None) -> None:
        """Reports that the sensor saw so many people go through; ignores what is no such number.

        report_id: see `Passed`; what is no short text counts as none.
        """
        if isinstance(count, int) and not isinstance(count, bool) and 1 <= count <= MOST_PASSED:
            named = isinstance(report_id, str) and 1 <= len(report_id) <= MOST_REPORT_ID and report_id.isprintable()
            self._report(Passed(count, str(report_id) if named else None))

    def badge(self, read: object) -> None:
        """Reports a badge, `{"bits": 26, "hex": "..."}`; ignores what is none."""
        if not isinstance(read, dict) or read.keys() != {"bits", "hex"}:
            return
        bits, digits = read["bits"], read["hex"]
        if type(bits) is int and isinstance(digits, str):
            with suppress(BadInput):
                self._report(Badge.of_hex(bits, digits))

    def pin(self, digits: object, took_ms: object = None) -> None:
        """Reports a PIN, and in how many ms it was typed; ignores what is none."""
        took = took_ms if type(took_ms) is int else 0
        if isinstance(digits, str):
            with suppress(BadInput, OverflowError):
                self._report(TypedPin(digits, timedelta(milliseconds=took)))

    def _report(self, report: GateReport) -> None:
        try:
            self._on_state(report)
        except Exception:
            # The listener is ours, so its exception is safe to log. The driver's thread must go on: it opens the gate.
            _log.exception("gate_report_lost report=%s", type(report).__name__)
