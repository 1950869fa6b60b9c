"""A gate behind an MQTT broker. Opening is a pulse, never retained and never queued; the mode is a level.

`dialect` knows what to publish, `listener` what comes back. Every connection starts by publishing the mode, which is
also its last will. The mode is published again if somebody else publishes on our topics or the relay reports another.

MQTT clients keep QoS 1 messages while they are disconnected and send them later: a gate would open minutes late, for
nobody. So every connection has a client of its own, which is discarded with its queue. A command that is not
acknowledged within its window closes its connection and discards what is still in the kernel.
"""

import logging
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable

from app.adapters.gates.config import MqttConfig
from app.adapters.gates.mqtt.connection import NOBODY, Connection, words_of
from app.adapters.gates.mqtt.dialect import Message, dialect_of
from app.adapters.gates.mqtt.listener import AFTER_OPENING_S, Listener
from app.adapters.gates.window import Reporter, Turns
from app.adapters.net.addresses import ForbiddenAddress
from app.adapters.net.window import Window
from app.core.gates.commands import CommandOutcome, FailMode, GateReport, GateResult, OpenCommand
from app.core.ports.store import Clock

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 1.0
MODE_WAIT_S = 2.0
AGAIN_S = 1.0  # between repeats of a mode while somebody else publishes another
LONGEST_AGAIN_S = 30.0
RELEASE_AGAIN_S = 10.0  # for a relay that loses power in a fire, if the broker does not keep the mode
CLOSED = GateResult(CommandOutcome.FAILED, "the driver is closed")
RELEASED = GateResult(CommandOutcome.SENT, "released already: nothing to open")
_log = logging.getLogger(__name__)


class MqttGate:
    """ports.GateDriver over MQTT."""

    def __init__(
        self, config: MqttConfig, *, on_state: Callable[[GateReport], None], clock: Clock, released: bool = False
    ) -> None:
        self._config = config
        self._clock = clock
        self._turns = Turns(clock)
        self._tls = ssl.create_default_context(cafile=config.ca_file) if config.tls else None
        self._changed = threading.Condition()
        self._dialect = dialect_of(config, clock)
        self._listener = Listener(config, self._dialect, Reporter(on_state), self._changed, clock)
        self._stopped = False
        self._waiting = 0
        self._connection: Connection | None = None
        self._mode = "release" if released else "secure"
        self._settled: str | None = None  # the mode published on the current connection
        self._published: Counter[str] = Counter()  # how often each mode was published, on any connection
        self._contested = False
        self._pause_s = AGAIN_S
        self._fault: str | None = "not connected yet"
        self._thread = threading.Thread(target=self._keep_connected, name=f"gate-{config.gate}-mqtt", daemon=True)
        self._thread.start()

    def open(self, command: OpenCommand) -> GateResult:
        return self._turns.take(command, self._hand_over)

    def release(self, active: bool) -> GateResult:
        """Waits 2 s at most. Every new connection publishes the mode again, so it gets through in the end."""
        if self._stopped:
            return CLOSED
        return self._want("release" if active else "secure")

    def healthy(self) -> str | None:
        if self._stopped:
            return "the driver is closed"
        connection = self._connection
        return (
            self._fault
            or ("not connected yet" if connection is None else connection.complaint)
            or self._listener.fault()
        )

    def close(self, *, set_mode: bool = True) -> None:
        """Tries for 2 s. A release in force stays in force, whatever the fail mode: there may be a fire."""
        if self._stopped:
            return
        with self._changed:
            if self._listener.ends_s is not None and not self._dialect.shuts_itself:
                self._settled = None  # nobody will be left to end this opening
        if set_mode:
            self._want(self._last_mode())
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join(2 * MODE_WAIT_S)

    def _hand_over(self, command: OpenCommand, window: Window) -> GateResult:
        while True:
            with self._changed:
                # A release counts too. Each connection publishes it again, and until then it is not settled.
                self._wait_for(lambda: self._connection is not None or self._is_released(), window.left_s())
                connection, released = self._connection, self._is_released()
            if self._stopped:
                return CLOSED
            if released:
                return RELEASED
            if connection is None or window.over:
                return GateResult(CommandOutcome.FAILED, f"not sent: {self._fault or 'no connection'}")
            if self._listener.offline:
                # Some relays let the broker keep what they missed.
                return GateResult(CommandOutcome.FAILED, "not sent: the relay is offline")
            self._begin(window.left_s())
            refused = self._publish(connection, self._dialect.opening(command), window, expires=True)
            if refused is None:
                self._begin(0.0)
                return GateResult(CommandOutcome.SENT)
            if refused != NOBODY:
                break
            # Nobody got it, by the broker's word, so it can be repeated: a gate comes back a moment after its broker.
            if window.left_s() <= FIRST_PAUSE_S:
                return GateResult(CommandOutcome.FAILED, NOBODY)
            with self._changed:
                self._changed.wait_for(lambda: self._stopped, FIRST_PAUSE_S)
        # Before reporting the failure: from here on the command cannot arrive, unless the broker already has it.
        connection.cut()
        return GateResult(CommandOutcome.FAILED, refused)

    def _begin(self, later_s: float) -> None:
        """An opening begins at the relay, later_s from now at the latest."""
        if self._dialect.open_s is not None:
            with self._changed:
                self._listener.ends_s = time.monotonic() + later_s + self._dialect.open_s
                self._changed.notify_all()

    def _publish(self, connection: Connection, post: Message, window: Window, *, expires: bool = False) -> str | None:
        if not connection.tells_if_heard(expires=expires):
            self._listener.expect(post)
        return connection.publish(post.topic, post.payload, window, retain=post.retain, expires=expires)

    def _want(self, mode: str) -> GateResult:
        with self._changed:
            if self._mode != mode:
                self._mode, self._settled = mode, None
            self._changed.notify_all()
            before = self._published[mode]
            # Published counts, even if the next connection, with another last will, has already begun.
            self._wait_for(lambda: self._settled == mode or self._published[mode] > before, MODE_WAIT_S)
            if self._settled == mode or self._published[mode] > before:
                return GateResult(CommandOutcome.SENT, mode)
        return GateResult(CommandOutcome.FAILED, f"{mode} is not delivered yet, and will be when connected")

    def _is_released(self) -> bool:
        """Whether the gate is released and knows it. The caller holds the lock."""
        return self._mode == self._settled == "release"

    def _wait_for(self, done: Callable[[], bool], seconds: float) -> None:
        """Waits, and makes the thread connect at once, without its pause. The caller holds the lock."""
        self._waiting += 1
        self._changed.notify_all()
        self._changed.wait_for(lambda: self._stopped or done(), seconds)
        self._waiting -= 1

    def _last_mode(self) -> str:
        return "release" if self._mode == "release" or self._config.fail_mode is FailMode.SAFE else "secure"

    # The thread that connects, publishes the mode, and reconnects.

    def _keep_connected(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopped:
            again_at_once = False
            will = self._last_mode()
            self._dialect.begin()
            self._listener.left_behind = False
            will_post = self._dialect.will(will)
            try:
                connection = Connection(
                    self._config,
                    self._tls,
                    self._listener.topics,
                    self._listener.receive,
                    will,
                    will_post,
                    self._changed,
                )
            except (OSError, ForbiddenAddress) as error:
                self._fault = words_of(error)
            else:
                self._fault = connection.problem()
                if self._fault is None:
                    again_at_once = self._serve(connection)
                    pause_s = FIRST_PAUSE_S if self._fault is None else pause_s
                    if not again_at_once:
                        self._listener.expect(will_post)
                connection.leave()
            if again_at_once:
                continue
            with self._changed:
                # Even in a hurry, a broker that is down is asked at most ten times a second.
                self._changed.wait_for(lambda: self._stopped, FIRST_PAUSE_S)
                self._changed.wait_for(lambda: self._stopped or self._waiting > 0, pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _serve(self, connection: Connection) -> bool:
        """Runs until the connection is lost. True if it was given up for a newer one.

        The mode is published first, so an opening always finds the gate in it.
        """
        with self._changed:
            self._settled = None
        told_s = 0.0
        try:
            while True:
                with self._changed:
                    self._wait_for_news(connection, told_s)
                    mode, again = self._mode, self._settled == self._mode
                    standing, stray = self._listener.standing, bool(self._listener.stray)
                if self._stopped:
                    return False
                if connection.lost:
                    self._fault = "the connection to the broker was lost"
                    return False
                if self._listener.left_behind:
                    return True
                contested = again and (standing not in (None, mode) or stray)
                if contested and self._dialect.outdated:
                    # Relays obey only the newest session. If another of ours is newer, start one that is newer still.
                    self._pause_s = self._next_pause(mode, time.monotonic() - told_s, standing)
                    return True
                began_s = time.monotonic()
                refused = self._publish_mode(connection, mode)
                if refused is not None:
                    self._fault = refused
                    connection.cut()
                    return False
                if contested:
                    self._pause_s = self._next_pause(mode, began_s - told_s, standing)
                elif told_s:
                    self._pause_s = AGAIN_S
                told_s = time.monotonic()
                with self._changed:
                    self._settled = mode
                    self._published[mode] += 1
                    if self._listener.ends_s is not None and self._listener.ends_s <= began_s:
                        self._listener.ends_s = None
                    self._connection = connection
                    self._changed.notify_all()
                if connection.will != self._last_mode():
                    # A broker learns a last will only when we connect, and a release must outlive us.
                    return True
        finally:
            with self._changed:
                self._connection = None

    def _publish_mode(self, connection: Connection, mode: str) -> str | None:
        """Publishes the mode, and first clears foreign messages that the broker may retain for relays."""
        with self._changed:
            self._listener.standing, self._listener.came_back = None, False
            stray, self._listener.stray = self._listener.stray, set()
        window = Window(MODE_WAIT_S)
        for topic in stray:
            if refused := connection.publish(topic, "", window, retain=True):
                return refused
        return self._publish(connection, self._dialect.mode(mode), window)

    def _wait_for_news(self, connection: Connection, told_s: float) -> None:
        """Waits until the mode has to be published. The caller holds the lock."""
        while not (connection.lost or self._stopped or self._settled != self._mode or self._has_news()):
            due_s = self._due_s(told_s)
            left_s = None if due_s is None else due_s - time.monotonic()
            if left_s is not None and left_s <= 0:
                return
            self._changed.wait(left_s)

    def _has_news(self) -> bool:
        return self._listener.came_back or self._listener.left_behind

    def _due_s(self, told_s: float) -> float | None:
        """When the mode has to be published again, or None. The caller holds the lock."""
        listener, due = self._listener, []
        if listener.stray or listener.standing not in (None, self._mode):
            due.append(told_s + self._pause_s)
        if self._mode == "release" and not self._dialect.lasting:
            due.append(told_s + RELEASE_AGAIN_S)
        if listener.ends_s is not None and not (self._mode == "secure" and self._dialect.shuts_itself):
            due.append(listener.ends_s)
        elif listener.ends_s is not None and listener.unlocked:
            due.append(listener.ends_s + AFTER_OPENING_S)
        return min(due, default=None)

    def _next_pause(self, mode: str, since_s: float, standing: str | None) -> float:
        """Seconds. Of two drivers that disagree, the one that releases gets most of the time: there may be a fire."""
        if not self._contested:
            self._contested = True
            ours, theirs = mode, standing or "no mode"
            _log.warning('gate_mode_contested gate=%s theirs="%s" ours=%s logged=once', self._config.gate, theirs, ours)
        if mode == "release" or since_s > LONGEST_AGAIN_S:
            return AGAIN_S
        return min(2 * self._pause_s, LONGEST_AGAIN_S)
