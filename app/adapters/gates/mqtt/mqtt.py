"""A gate behind an MQTT broker. Opening is a pulse, never retained and never queued; the mode is a level.

`mqtt_speech` knows what is published, `mqtt_ears` what comes back. Every connection begins with the mode and has it as
last will. It is published again when something else was published on our topics, or the relay reports another mode.

MQTT clients keep QoS 1 messages while they are disconnected and send them afterwards: a gate would open minutes late
for nobody. So every connection here has a client of its own that dies with it, queue and all, and a command that is not
acknowledged within its window takes its connection, with what waits in the kernel, down with it.
"""

import logging
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable

from app.adapters.gates.config import MqttConfig
from app.adapters.gates.mqtt.mqtt_ears import AFTER_OPENING_S, Ears
from app.adapters.gates.mqtt.mqtt_line import NOBODY, Line
from app.adapters.gates.mqtt.mqtt_speech import Post, speech_of
from app.adapters.gates.window import Reporter, Turns, Window
from app.adapters.net.addresses import ForbiddenAddress
from app.core.gates.commands import CommandOutcome, DoorState, FailMode, GateResult, OpenCommand
from app.core.ports.store import Clock

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 1.0
MODE_WAIT_S = 2.0
AGAIN_S = 1.0  # between two tellings of one mode where something else tells the gate another
LONGEST_AGAIN_S = 30.0
RELEASE_AGAIN_S = 10.0  # for a relay that lost its power in a fire, where the broker does not keep the mode
CLOSED = GateResult(CommandOutcome.FAILED, "the driver is closed")
RELEASED = GateResult(CommandOutcome.SENT, "released already: nothing to open")
_log = logging.getLogger(__name__)


class MqttGate:
    """ports.GateDriver over MQTT."""

    def __init__(
        self, config: MqttConfig, *, on_state: Callable[[DoorState], None], clock: Clock, released: bool = False
    ) -> None:
        self._config = config
        self._clock = clock
        self._turns = Turns(clock)
        self._tls = ssl.create_default_context(cafile=config.ca_file) if config.tls else None
        self._changed = threading.Condition()
        self._speech = speech_of(config, clock)
        self._ears = Ears(config, self._speech, Reporter(on_state), self._changed)
        self._stopped = False
        self._waiting = 0
        self._line: Line | None = None
        self._mode = "release" if released else "secure"
        self._settled: str | None = None  # on the connection of now
        self._told: Counter[str] = Counter()  # how often each mode was, on any connection
        self._contested = False
        self._pause_s = AGAIN_S
        self._fault: str | None = "not connected yet"
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
        return self._fault or ("not connected yet" if line is None else line.complaint) or self._ears.fault()

    def close(self, *, tell: bool = True) -> None:
        """Tries for 2 s. A release in force stays in force, whatever the fail mode: there may be a fire."""
        if self._stopped:
            return
        with self._changed:
            if self._ears.ends_s is not None and not self._speech.shuts_itself:
                self._settled = None  # nobody will be here to end this opening
        if tell:
            self._want(self._last_mode())
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join(2 * MODE_WAIT_S)

    def _hand_over(self, command: OpenCommand, window: Window) -> GateResult:
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
                return GateResult(CommandOutcome.FAILED, f"not sent: {self._fault or 'no connection'}")
            if self._ears.offline:
                # Some relays have the broker keep for them what they missed.
                return GateResult(CommandOutcome.FAILED, "not sent: the relay is offline")
            self._begin(window.left_s())
            refused = self._publish(line, self._speech.opening(command), window, expires=True)
            if refused is None:
                self._begin(0.0)
                return GateResult(CommandOutcome.SENT)
            if refused != NOBODY:
                break
            # The broker says that nobody got it, so it can be said again: gates come back a moment after their broker.
            if window.left_s() <= FIRST_PAUSE_S:
                return GateResult(CommandOutcome.FAILED, NOBODY)
            with self._changed:
                self._changed.wait_for(lambda: self._stopped, FIRST_PAUSE_S)
        # Before anybody learns that it failed: from here on it cannot arrive any more, unless the broker has it.
        line.cut()
        return GateResult(CommandOutcome.FAILED, refused)

    def _begin(self, later_s: float) -> None:
        """An opening begins at the relay, later_s from now at the latest."""
        if self._speech.open_s is not None:
            with self._changed:
                self._ears.ends_s = time.monotonic() + later_s + self._speech.open_s
                self._changed.notify_all()

    def _publish(self, line: Line, post: Post, window: Window, *, expires: bool = False) -> str | None:
        if not line.tells_if_heard(expires=expires):
            self._ears.expect(post)
        return line.publish(post.topic, post.payload, window, retain=post.retain, expires=expires)

    def _want(self, mode: str) -> GateResult:
        with self._changed:
            if self._mode != mode:
                self._mode, self._settled = mode, None
            self._changed.notify_all()
            before = self._told[mode]
            # Told is told, even if the next connection, for another last will, has begun before we look.
            self._wait_for(lambda: self._settled == mode or self._told[mode] > before, MODE_WAIT_S)
            if self._settled == mode or self._told[mode] > before:
                return GateResult(CommandOutcome.SENT, mode)
        return GateResult(CommandOutcome.FAILED, f"{mode} is not delivered yet, and will be when connected")

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

    # The thread that connects, keeps the mode told, and connects again.

    def _keep_connected(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopped:
            again_at_once = False
            will = self._last_mode()
            self._speech.begin()
            self._ears.left_behind = False
            will_post = self._speech.will(will)
            try:
                line = Line(self._config, self._tls, self._ears.topics, self._ears.hear, will, will_post, self._changed)
            except (OSError, ForbiddenAddress) as error:
                self._fault = _words(error)
            else:
                self._fault = line.problem()
                if self._fault is None:
                    again_at_once = self._serve(line)
                    pause_s = FIRST_PAUSE_S if self._fault is None else pause_s
                    if not again_at_once:
                        self._ears.expect(will_post)
                line.leave()
            if again_at_once:
                continue
            with self._changed:
                # In a hurry, too, a broker that is down is asked ten times a second and not more.
                self._changed.wait_for(lambda: self._stopped, FIRST_PAUSE_S)
                self._changed.wait_for(lambda: self._stopped or self._waiting > 0, pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _serve(self, line: Line) -> bool:
        """Until the connection is lost; True if it was left for a newer one.

        The mode is told first: whoever waits to open finds the gate in it.
        """
        with self._changed:
            self._settled = None
        told_s = 0.0
        try:
            while True:
                with self._changed:
                    self._wait_for_news(line, told_s)
                    mode, again = self._mode, self._settled == self._mode
                    standing, stray = self._ears.standing, bool(self._ears.stray)
                if self._stopped:
                    return False
                if line.lost:
                    self._fault = "the connection to the broker was lost"
                    return False
                if self._ears.left_behind:
                    return True
                contested = again and (standing not in (None, mode) or stray)
                if contested and self._speech.outdated:
                    # Relays obey the newest session only, so another of ours is answered by a newer one still.
                    self._pause_s = self._next_pause(mode, time.monotonic() - told_s, standing)
                    return True
                began_s = time.monotonic()
                refused = self._tell(line, mode)
                if refused is not None:
                    self._fault = refused
                    line.cut()
                    return False
                if contested:
                    self._pause_s = self._next_pause(mode, began_s - told_s, standing)
                elif told_s:
                    self._pause_s = AGAIN_S
                told_s = time.monotonic()
                with self._changed:
                    self._settled = mode
                    self._told[mode] += 1
                    if self._ears.ends_s is not None and self._ears.ends_s <= began_s:
                        self._ears.ends_s = None
                    self._line = line
                    self._changed.notify_all()
                if line.will != self._last_mode():
                    # A broker learns a will with a connection only, and a release must outlive us.
                    return True
        finally:
            with self._changed:
                self._line = None

    def _tell(self, line: Line, mode: str) -> str | None:
        """Also takes back what another may have had the broker keep for relays that connect later."""
        with self._changed:
            self._ears.standing, self._ears.came_back = None, False
            stray, self._ears.stray = self._ears.stray, set()
        window = Window(MODE_WAIT_S)
        for topic in stray:
            if refused := line.publish(topic, "", window, retain=True):
                return refused
        return self._publish(line, self._speech.mode(mode), window)

    def _wait_for_news(self, line: Line, told_s: float) -> None:
        """Until the mode has to be told, for the first time or again. The lock is held."""
        while not (line.lost or self._stopped or self._settled != self._mode or self._has_news()):
            due_s = self._due_s(told_s)
            left_s = None if due_s is None else due_s - time.monotonic()
            if left_s is not None and left_s <= 0:
                return
            self._changed.wait(left_s)

    def _has_news(self) -> bool:
        return self._ears.came_back or self._ears.left_behind

    def _due_s(self, told_s: float) -> float | None:
        """When the mode that was told has to be told again, or None. The lock is held."""
        ears, due = self._ears, []
        if ears.stray or ears.standing not in (None, self._mode):
            due.append(told_s + self._pause_s)
        if self._mode == "release" and not self._speech.lasting:
            due.append(told_s + RELEASE_AGAIN_S)
        if ears.ends_s is not None and not (self._mode == "secure" and self._speech.shuts_itself):
            due.append(ears.ends_s)
        elif ears.ends_s is not None and ears.unlocked:
            due.append(ears.ends_s + AFTER_OPENING_S)
        return min(due, default=None)

    def _next_pause(self, mode: str, since_s: float, standing: str | None) -> float:
        """Of two live drivers that disagree neither gives up, but who wants the gate released has nearly all the time:
        there may be a fire that the other was not told of."""
        if not self._contested:
            self._contested = True
            _log.warning(
                'gate_mode_contested gate=%s theirs="%s" ours=%s logged=once',
                self._config.gate,
                standing or "no mode",
                mode,
            )
        if mode == "release" or since_s > LONGEST_AGAIN_S:
            return AGAIN_S
        return min(2 * self._pause_s, LONGEST_AGAIN_S)


def _words(error: Exception) -> str:
    if isinstance(error, ForbiddenAddress):
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the broker's certificate is not trusted"
    return "the broker cannot be reached"
