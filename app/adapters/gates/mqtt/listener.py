"""Reads what comes back from the broker: the state of the door or relay, whether the relay is online, and who else
publishes on our topics.

Our own messages come back too, each as often as we published it. Anything else there is foreign: it raises an alert,
and the mode in force is published again.
"""

import json
import logging
import threading
import time
from collections import deque
from typing import Any

from app.adapters.gates.config import MqttConfig
from app.adapters.gates.mqtt.badge_messages import BadgeMessages
from app.adapters.gates.mqtt.dialect import Dialect, Message
from app.adapters.gates.window import Reporter
from app.core.gates.commands import FOREIGN, DoorState
from app.core.ports.store import Clock

LONGEST_STATE = 1024
ECHO_S = 60.0  # how long one of our messages may take to come back
FOREIGN_S = 300.0  # how long the alert lasts after the last foreign message
AFTER_OPENING_S = 1.0  # for a relay's own timer and its report
_log = logging.getLogger(__name__)


class Listener:
    """Every attribute is read and written with `changed` held.

    Attributes:
        standing: The last mode that came back since we published ours; '' if it was no mode, None for nothing yet.
        ends_s: When the last opening is over at the relay, in monotonic seconds.
        stray: Our topics with a foreign command, which the broker may retain.
        came_back: The relay is online again.
        left_behind: The broker keeps a mode from a newer session of ours (our clock was set back), so relays would
            not obey this session.
    """

    def __init__(
        self, config: MqttConfig, dialect: Dialect, reporter: Reporter, changed: threading.Condition, clock: Clock
    ) -> None:
        self._badges = BadgeMessages(config.gate, config.secret, clock)
        self._gate, self._dialect, self._reporter, self._changed = config.gate, dialect, reporter, changed
        form = config.form
        self._state = None if form is None else form.commands.state
        self._availability = None if form is None else form.commands.availability
        self.topics = set(dialect.own_topics)
        if form is None:
            self._door_topic = f"{config.prefix}/state"
            self.topics.add(self._door_topic)
        else:
            self._door_topic = ""
            self.topics |= {heard.topic for heard in (self._state, self._availability) if heard is not None}
        self._echoes: deque[tuple[float, str, bytes]] = deque(maxlen=1000)
        self._foreign_until_s = 0.0
        self._foreign_said_s = float("-inf")
        self._offline = False
        self._unlocked: bool | None = None
        self.standing: str | None = None
        self.ends_s: float | None = None
        self.came_back = False
        self.left_behind = False
        self.stray: set[str] = set()

    @property
    def offline(self) -> bool:
        return self._offline

    @property
    def unlocked(self) -> bool:
        """Whether the relay reports that it is unlocked."""
        return self._unlocked is True

    def fault(self) -> str | None:
        if self._offline:
            return "the relay is offline"
        return FOREIGN if time.monotonic() < self._foreign_until_s else None

    def expect(self, post: Message) -> None:
        """Expects a message to come back that is about to be published, by us or as our last will."""
        with self._changed:
            self._echoes.append((time.monotonic() + ECHO_S, post.topic, post.payload.encode()))

    def receive(self, topic: str, payload: bytes, retained: bool) -> None:
        """Takes a message. Called in the MQTT client's thread."""
        if topic == self._door_topic:
            self._receive_door(payload, retained)
        elif self._state is not None and topic == self._state.topic:
            self._receive_relay_state(self._state.read(payload))
        elif self._availability is not None and topic == self._availability.topic:
            self._receive_availability(payload.decode(errors="replace").strip())
        elif payload:
            self._receive_own(topic, payload, retained)

    def _receive_own(self, topic: str, payload: bytes, retained: bool) -> None:
        heard = self._dialect.interpret(topic, payload)
        with self._changed:
            ours = not retained and self._take_echo(topic, payload)
            if retained and self._dialect.outdated:
                self.left_behind = True
            lasting_mode = heard.mode is not None and self._dialect.lasting
            if heard.mode is not None:
                self.standing = heard.mode
            elif not ours:
                self.standing = ""  # it may have opened the gate: the mode is published again
            if not ours and not lasting_mode:
                self.stray.add(topic)
            # Our mode overwrites one retained before we came. We never retain commands.
            alert = not ours and not heard.expected and not (retained and lasting_mode)
            if alert:
                self._foreign_until_s = time.monotonic() + FOREIGN_S
            say = alert and time.monotonic() - self._foreign_said_s > ECHO_S
            if say:
                self._foreign_said_s = time.monotonic()
            self._changed.notify_all()
        if say:
            _log.warning("gate_foreign_command gate=%s topic=%s said=at_most_once_a_minute", self._gate, topic)

    def _take_echo(self, topic: str, payload: bytes) -> bool:
        while self._echoes and self._echoes[0][0] < time.monotonic():
            self._echoes.popleft()
        for echo in self._echoes:
            if echo[1:] == (topic, payload):
                self._echoes.remove(echo)
                return True
        return False

    def _receive_relay_state(self, unlocked: bool | None) -> None:
        if unlocked is None:
            return
        with self._changed:
            self._unlocked = unlocked
            opening = self.ends_s is not None and time.monotonic() < self.ends_s + AFTER_OPENING_S
            if not opening:
                self.standing = "release" if unlocked else "secure"
            self._changed.notify_all()
        self._reporter.state(DoorState.OPEN if unlocked else DoorState.CLOSED)

    def _receive_availability(self, word: str) -> None:
        there = self._availability
        if there is None or word not in (there.online, there.offline):
            return
        with self._changed:
            self.came_back = self.came_back or (self._offline and word == there.online)
            self._offline = word == there.offline
            self._changed.notify_all()
        if word == there.offline:
            self._reporter.state(DoorState.FAULT)

    def _receive_door(self, payload: bytes, retained: bool) -> None:
        if len(payload) > LONGEST_STATE:
            return
        try:
            text = payload.decode()
            word: Any = json.loads(text) if text.lstrip()[:1] in ("{", '"') else text
        except (ValueError, RecursionError):
            return
        if not isinstance(word, dict):
            self._reporter.word(word)
            return
        self._reporter.word(word.get("state"))
        if not retained:  # the broker repeats it at each connection
            self._reporter.passed(word.get("passed"), word.get("report_id"))
            if (word.get("badge") is not None or word.get("pin") is not None) and self._badges.believes(word):
                if word.get("badge") is not None:
                    self._reporter.badge(word["badge"])
                else:
                    self._reporter.pin(word["pin"], word.get("pin_ms"))
