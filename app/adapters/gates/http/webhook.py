"""An HTTP relay as a gate. An opening is retried only while the person still waits, a mode until the relay accepts it.

Openings and modes have a thread each, so an emergency release never waits behind a relay that hangs on an opening.
`dialect` knows the requests. When an opening is over, the mode's thread sends `secure` to a relay without a timer. It
also repeats a release that began meanwhile, in case the opening's timer ended it.
"""

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial

from app.adapters.gates.config import WebhookConfig
from app.adapters.gates.http.dialect import dialect_of
from app.adapters.gates.window import Reporter, Turns
from app.adapters.net.http_exchange import Answer, HttpExchange, NoAnswer
from app.adapters.net.window import Window
from app.core.gates.commands import CommandOutcome, DoorState, FailMode, GateReport, GateResult, OpenCommand
from app.core.ports.store import Clock

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 0.5
LONGEST_MODE_PAUSE_S = 1.0
MODE_WAIT_S = 2.0
RELEASE_AGAIN_S = 10.0
LAST_ATTEMPT_S = 0.02
PROBE_S = 0.5
RELEASED = GateResult(CommandOutcome.SENT, "released already: nothing to open")
CLOSED = GateResult(CommandOutcome.FAILED, "the driver is closed")


class WebhookGate:
    """ports.GateDriver over HTTP(S)."""

    def __init__(
        self, config: WebhookConfig, *, on_state: Callable[[GateReport], None], clock: Clock, released: bool = False
    ) -> None:
        self._config = config
        self._clock = clock
        self._dialect = dialect_of(config)
        self._turns = Turns(clock)
        self._reporter = Reporter(on_state)
        self._opener = ThreadPoolExecutor(1, f"gate-{config.gate}-open")
        self._opening: tuple[_Call, Future[GateResult]] | None = None
        self._stopped = threading.Event()
        self._changed = threading.Condition()
        self._wanted = "release" if released else "secure"
        self._settled: str | None = None
        self._told_s = 0.0
        self._ends_s: float | None = None  # when the last opening ends at the relay; None once the mode was sent again
        self._fault: str | None = "not asked yet"
        self._mode_call = _Call()
        self._thread = threading.Thread(target=self._keep_mode, name=f"gate-{config.gate}-mode", daemon=True)
        self._thread.start()

    def open(self, command: OpenCommand) -> GateResult:
        return self._turns.take(command, self._hand_over)

    def release(self, active: bool) -> GateResult:
        """Waits 2 s at most. After that it keeps trying in the background until it is delivered."""
        if self._stopped.is_set():
            return CLOSED
        return self._want("release" if active else "secure")

    def healthy(self) -> str | None:
        return "the driver is closed" if self._stopped.is_set() else self._fault

    def close(self, *, set_mode: bool = True) -> None:
        """Tries for 2 s. A release in force stays in force, whatever the fail mode: there may be a fire."""
        if self._stopped.is_set():
            return
        keep_open = self._wanted == "release" or self._config.fail_mode is FailMode.SAFE
        with self._changed:
            if self._ends_s is not None and not self._dialect.shuts_itself:
                self._settled = None  # nobody will be left to end this opening
        if set_mode:
            self._want("release" if keep_open else "secure")
        with self._changed:
            self._stopped.set()
            self._changed.notify_all()
            self._mode_call.cut()
        opening = self._opening
        if opening is not None:
            opening[0].cut()
            wait([opening[1]], MODE_WAIT_S)
        # A thread that hangs in name resolution is left behind. It finds its call cut and sends nothing.
        self._opener.shutdown(wait=opening is None or opening[1].done(), cancel_futures=True)
        self._thread.join(MODE_WAIT_S)

    # Openings have a thread of their own: name resolution has no time limit, but the caller returns with the window.

    def _hand_over(self, command: OpenCommand, window: Window) -> GateResult:
        if self._stopped.is_set():
            return CLOSED
        if self._wanted == self._settled == "release":
            return RELEASED
        call = _Call()
        try:
            future = self._opener.submit(self._try, command, window, call)
        except RuntimeError:
            return CLOSED
        self._opening = call, future
        done, _ = wait([future], window.left_s())
        if done:
            return future.result()
        call.cut()
        sent = "; it may have arrived" if call.sent else ""
        return GateResult(CommandOutcome.FAILED, f"{call.words}{sent}")

    def _try(self, command: OpenCommand, window: Window, call: "_Call") -> GateResult:
        pause_s = FIRST_PAUSE_S
        message = {"event_id": command.event_id, "command": "open"}
        message |= {"at": command.at.isoformat(), "until": command.until.isoformat()}
        while not call.over.is_set() and not window.over:
            try:
                self._begin(self._config.timeout_s)
                began_s = time.monotonic()
                answer = self._post(call, message, Window(min(self._config.timeout_s, window.left_s())))
            except NoAnswer as error:
                call.words = self._fault = str(error)
            else:
                self._begin(0.0)
                complaint = self._fault = self._dialect.complaint(answer)
                if complaint is None:
                    opened = isinstance(answer.state, str) and answer.state.strip().lower() == DoorState.OPEN
                    outcome = CommandOutcome.OPENED if opened else CommandOutcome.SENT
                    took_ms = round(1000 * (time.monotonic() - began_s))
                    return GateResult(outcome, f"the relay answered {answer.status} in {took_ms} ms")
                if answer.status < 500 and answer.status != 429:
                    return GateResult(CommandOutcome.FAILED, complaint)
                call.words = complaint
            pause_s = min(pause_s, window.left_s() - LAST_ATTEMPT_S)
            if pause_s <= 0:
                break
            call.over.wait(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        return GateResult(CommandOutcome.FAILED, call.words)

    def _begin(self, later_s: float) -> None:
        """An opening begins at the relay, later_s from now at the latest."""
        if self._dialect.open_s is None:
            return
        with self._changed:
            if self._wanted == self._settled == "secure":
                self._mode_call.cut()  # the previous opening's `secure` must not arrive after this opening
            self._ends_s = time.monotonic() + later_s + self._dialect.open_s
            self._changed.notify_all()

    # The mode is resent until the relay has it, so a release gets through when the network comes back.

    def _want(self, mode: str) -> GateResult:
        with self._changed:
            if (self._wanted, self._settled) != (mode, mode):
                self._wanted, self._settled = mode, None
                self._changed.notify_all()
            done = self._changed.wait_for(lambda: self._settled == mode, MODE_WAIT_S)
        if done:
            return GateResult(CommandOutcome.SENT, mode)
        return GateResult(CommandOutcome.FAILED, f"{mode} is not delivered yet, still trying: {self._fault}")

    def _keep_mode(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopped.is_set():
            with self._changed:
                wanted, ends_s = self._wanted, self._ends_s
                due = self._settled != wanted or self._is_stale() or self._is_over()
                if not self._stopped.is_set():
                    self._mode_call = _Call()
            if not due:
                self._probe()
                idle_s = self._config.probe_s or None
                if wanted == "release":
                    idle_s = min(idle_s or RELEASE_AGAIN_S, RELEASE_AGAIN_S)
            elif self._deliver(wanted):
                pause_s = idle_s = FIRST_PAUSE_S
            else:
                idle_s, pause_s = pause_s, min(2 * pause_s, LONGEST_MODE_PAUSE_S)
            with self._changed:
                if not due and self._ends_s is not None:
                    left_s = max(0.0, self._ends_s - time.monotonic())
                    idle_s = left_s if idle_s is None else min(idle_s, left_s)
                self._changed.wait_for(partial(self._news, wanted, ends_s), idle_s)

    def _news(self, wanted: str, ends_s: float | None) -> bool:
        return self._stopped.is_set() or (self._wanted, self._ends_s) != (wanted, ends_s)

    def _is_stale(self) -> bool:
        """Whether a release is due again: a relay that lost power in a fire has to reopen.

        The end of a release is never repeated. It could shut the gate on somebody who was just let in.
        """
        return self._settled == "release" and time.monotonic() - self._told_s >= RELEASE_AGAIN_S

    def _is_over(self) -> bool:
        """Whether an opening is over, so that the mode has to be sent again. The caller holds the lock."""
        if self._ends_s is None or time.monotonic() < self._ends_s:
            return False
        if self._wanted == "secure" and self._dialect.shuts_itself:
            self._ends_s = None
        return self._ends_s is not None

    def _deliver(self, mode: str) -> bool:
        message: dict[str, str | None] = {"event_id": f"{mode}-{uuid.uuid4().hex}", "command": mode}
        message |= {"at": self._clock().isoformat(), "until": None}
        call, began_s = self._mode_call, time.monotonic()
        try:
            answer = self._post(call, message, Window(self._config.timeout_s))
        except NoAnswer as error:
            if not call.over.is_set():
                self._fault = str(error)
            return False
        self._fault = self._dialect.complaint(answer)
        if self._fault is not None:
            return False
        self._told_s = time.monotonic()
        with self._changed:
            self._settled = mode
            if self._ends_s is not None and self._ends_s <= began_s:
                self._ends_s = None
            self._changed.notify_all()
        return True

    def _probe(self) -> None:
        if self._config.probe_s == 0:
            return
        call = self._mode_call
        try:
            self._dialect.probe(call.next(), Window(min(PROBE_S, self._config.timeout_s)))
            self._fault = None
        except NoAnswer as error:
            if not call.over.is_set():
                self._fault = str(error)

    def _post(self, call: "_Call", message: Mapping[str, str | None], window: Window) -> Answer:
        """One attempt. Reports the door's state if the answer has one. Raises NoAnswer."""
        answer = self._dialect.send(call.next, message, self._clock(), window)
        self._reporter.word(answer.state)
        return answer


class _Call:
    """The successive exchanges of one command, until another thread calls `cut`. words: why none has worked yet."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.words = "no answer within the window"
        self._exchange = HttpExchange()
        self._sent_before = False

    @property
    def sent(self) -> bool:
        """Whether the relay may have received the request."""
        return self._sent_before or self._exchange.sent

    def next(self) -> HttpExchange:
        self._sent_before = self.sent
        exchange = self._exchange = HttpExchange()
        if self.over.is_set():
            exchange.cut()
        return exchange

    def cut(self) -> None:
        self.over.set()
        self._exchange.cut()
