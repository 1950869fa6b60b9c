"""A gate behind an MQTT broker. Opening is a pulse, never retained and never queued; the mode is a level, retained.

`{topic}/command`  {event_id, gate, command: "open", at, until}: QoS 1. The gate must look at `until`: no broker can be
                   trusted with a pulse.
`{topic}/mode`     {gate, mode: "secure" | "release", at}: QoS 1, retained, also the last will, so a gate that starts
                   or that loses us knows where it stands. We read it as well: the last will of whoever drove the gate
                   before comes after our first word, and is answered by the mode that holds.
`{topic}/state`    the door's state from the gate, as a word or as {"state": word}.

MQTT clients keep QoS 1 messages while they are disconnected and send them afterwards: a gate would open minutes late
for nobody. So every connection here has a client of its own that dies with it, queue and all, and a command that is not
acknowledged within its window takes its connection, with what waits in the kernel, down with it.
"""

import json
import logging
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from app.adapters.gates.address import ForbiddenAddress
from app.adapters.gates.config import MqttConfig
from app.adapters.gates.mqtt_line import NOBODY, Line
from app.adapters.gates.window import Reporter, Turns, Window
from app.core.gates import DoorState, FailMode, GateResult, OpenCommand, Outcome
from app.core.ports import Clock

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 1.0
MODE_WAIT_S = 2.0
AGAIN_S = 1.0  # between two tellings of one mode where something else tells the gate another
LONGEST_AGAIN_S = 30.0
LONGEST_STATE = 1024
LONGEST_MODE = 4096
CLOSED = GateResult(Outcome.FAILED, "the driver is closed")
RELEASED = GateResult(Outcome.SENT, "released already: nothing to open")
_log = logging.getLogger(__name__)


class MqttGate:
    """ports.GateDriver over MQTT."""

    def __init__(
        self, config: MqttConfig, *, on_state: Callable[[DoorState], None], clock: Clock, released: bool = False
    ) -> None:
        self._config = config
        self._clock = clock
        self._turns = Turns(clock)
        self._reporter = Reporter(on_state)
        self._tls = ssl.create_default_context(cafile=config.ca_file) if config.tls else None
        self._changed = threading.Condition()
        self._stopped = False
        self._waiting = 0
        self._line: Line | None = None
        self._mode = "release" if released else "secure"
        self._settled: str | None = None  # on the connection of now
        self._told: Counter[str] = Counter()  # how often each mode was, on any connection
        self._standing: str | None = None  # the mode as the broker has it, if it has said so since we told it
        self._contested = False
        self._trouble: str | None = "not connected yet"
        self._thread = threading.Thread(target=self._keep_connected, name=f"gate-{config.gate}-mqtt", daemon=True)
        self._thread.start()

    def open(self, command: OpenCommand) -> GateResult:
        return self._turns.take(command, self._hand_over)

    def release(self, active: bool) -> GateResult:
        """Waits 2 s at most; the mode is published anew with every connection, so it gets through in the end."""
        if self._stopped:
            return CLOSED
        return self._want("release" if active else "secure")

    def healthy(self) -> str | None:
        if self._stopped:
            return "the driver is closed"
        line = self._line
        return self._trouble or ("not connected yet" if line is None else line.complaint)

    def close(self, *, tell: bool = True) -> None:
        """Tries for 2 s. A release in force stays in force, whatever the fail mode: there may be a fire."""
        if self._stopped:
            return
        if tell:
            self._want(self._last_mode())
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join(2 * MODE_WAIT_S)

    def _hand_over(self, command: OpenCommand, window: Window) -> GateResult:
        message = {"event_id": command.event_id, "gate": self._config.gate, "command": "open"}
        message |= {"at": command.at.isoformat(), "until": command.until.isoformat()}
        while True:
            with self._changed:
                # Waited for as well: a release is told anew with each connection, and not settled meanwhile.
                self._wait_for(lambda: self._line is not None or self._is_released(), window.left_s())
                line, released = self._line, self._is_released()
            if self._stopped:
                return CLOSED
            if released:
                return RELEASED
            if line is None or window.over:
                return GateResult(Outcome.FAILED, f"not sent: {self._trouble or 'no connection'}")
            refused = line.publish(f"{self._config.prefix}/command", json.dumps(message), window, expires=True)
            if refused is None:
                return GateResult(Outcome.SENT)
            if refused != NOBODY:
                break
            # The broker says that nobody got it, so it can be said again: gates come back a moment after their broker.
            if window.left_s() <= FIRST_PAUSE_S:
                return GateResult(Outcome.FAILED, NOBODY)
            with self._changed:
                self._changed.wait_for(lambda: self._stopped, FIRST_PAUSE_S)
        # Before anybody learns that it failed: from here on it cannot arrive any more, unless the broker has it.
        line.cut()
        return GateResult(Outcome.FAILED, refused)

    def _want(self, mode: str) -> GateResult:
        with self._changed:
            if self._mode != mode:
                self._mode, self._settled = mode, None
            self._changed.notify_all()
            before = self._told[mode]
            # Told is told, even if the next connection, for another last will, has begun before we look.
            self._wait_for(lambda: self._settled == mode or self._told[mode] > before, MODE_WAIT_S)
            if self._settled == mode or self._told[mode] > before:
                return GateResult(Outcome.SENT, mode)
        return GateResult(Outcome.FAILED, f"{mode} is not delivered yet, and will be when connected")

    def _is_released(self) -> bool:
        """The gate stands open and was told so. The lock is held."""
        return self._mode == self._settled == "release"

    def _wait_for(self, done: Callable[[], bool], seconds: float) -> None:
        """Waits, and has the connection tried at once instead of when its pause is over. The lock is held."""
        self._waiting += 1
        self._changed.notify_all()
        self._changed.wait_for(lambda: self._stopped or done(), seconds)
        self._waiting -= 1

    def _last_mode(self) -> str:
        return "release" if self._mode == "release" or self._config.fail_mode is FailMode.SAFE else "secure"

    def _mode_message(self, mode: str) -> str:
        return json.dumps({"gate": self._config.gate, "mode": mode, "at": self._clock().isoformat()})

    # The thread that connects, keeps the mode told, and connects again.

    def _keep_connected(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopped:
            again_at_once = False
            will = self._last_mode()
            try:
                heard = self._on_state, self._on_mode
                line = Line(self._config, self._tls, *heard, will, self._mode_message(will), self._changed)
            except (OSError, ForbiddenAddress) as error:
                self._trouble = _words(error)
            else:
                self._trouble = line.problem()
                if self._trouble is None:
                    again_at_once = self._serve(line)
                    pause_s = FIRST_PAUSE_S if self._trouble is None else pause_s
                line.leave()
            if again_at_once:
                continue
            with self._changed:
                # In a hurry, too, a broker that is down is asked ten times a second and not more.
                self._changed.wait_for(lambda: self._stopped, FIRST_PAUSE_S)
                self._changed.wait_for(lambda: self._stopped or self._waiting > 0, pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _serve(self, line: Line) -> bool:
        """Until the connection is lost; True if it was left for another last will.

        The mode is told first: whoever waits to open finds the gate in it.
        """
        with self._changed:
            self._settled = None
        told_s, pause_s = 0.0, AGAIN_S
        try:
            while True:
                with self._changed:
                    self._wait_for_news(line, told_s + pause_s)
                    mode, again, standing = self._mode, self._settled == self._mode, self._standing
                if self._stopped:
                    return False
                if line.lost:
                    self._trouble = "the connection to the broker was lost"
                    return False
                pause_s = self._next_pause(mode, pause_s, time.monotonic() - told_s, standing) if again else AGAIN_S
                with self._changed:
                    self._standing = None
                refused = line.publish(
                    f"{self._config.prefix}/mode", self._mode_message(mode), Window(MODE_WAIT_S), retain=True
                )
                if refused is not None:
                    self._trouble = refused
                    line.cut()
                    return False
                told_s = time.monotonic()
                with self._changed:
                    self._settled = mode
                    self._told[mode] += 1
                    self._line = line
                    self._changed.notify_all()
                if line.will != self._last_mode():
                    # A broker learns a will with a connection only, and a release must outlive us.
                    return True
        finally:
            with self._changed:
                self._line = None

    def _wait_for_news(self, line: Line, again_s: float) -> None:
        """Until the end, another mode, or, no earlier than again_s, something else at the broker than this one. The
        lock is held."""
        while not (line.lost or self._stopped or self._settled != self._mode):
            left_s = None
            if self._standing not in (None, self._mode):
                left_s = again_s - time.monotonic()
                if left_s <= 0:
                    return
            self._changed.wait(left_s)

    def _next_pause(self, mode: str, pause_s: float, since_s: float, standing: str | None) -> float:
        """Of two live drivers that disagree neither gives up, but who wants the gate released has nearly all the time:
        there may be a fire that the other was not told of."""
        if not self._contested:
            self._contested = True
            words = "gate %s was told %s by something else, and is told %s again; this is said once"
            _log.warning(words, self._config.gate, standing or "nothing that is a mode", mode)
        return AGAIN_S if mode == "release" or since_s > LONGEST_AGAIN_S else min(2 * pause_s, LONGEST_AGAIN_S)

    def _on_mode(self, payload: bytes) -> None:
        """Ours come back as well, in the order in which the broker has them: the last one is what is retained."""
        try:
            told: Any = json.loads(payload) if len(payload) <= LONGEST_MODE else None
        except (ValueError, RecursionError):
            told = None
        mode = told.get("mode") if isinstance(told, dict) else None
        with self._changed:
            self._standing = mode if mode in ("secure", "release") else ""
            self._changed.notify_all()

    def _on_state(self, payload: bytes) -> None:
        if len(payload) > LONGEST_STATE:
            return
        try:
            text = payload.decode()
            word: Any = json.loads(text) if text.lstrip()[:1] in ("{", '"') else text
        except (ValueError, RecursionError):
            return
        self._reporter.word(word.get("state") if isinstance(word, dict) else word)


def _words(error: Exception) -> str:
    if isinstance(error, ForbiddenAddress):
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the broker's certificate is not trusted"
    return "the broker cannot be reached"
