"""What comes back from the broker: the door's or the relay's state, whether the relay is there, and who else writes on
the topics that are ours to write.

Our own messages come back too, each as often as it was published. Whatever else comes there was published by somebody
else: an alarm, and the mode that holds is told again.
"""

import json
import logging
import threading
import time
from collections import deque
from typing import Any

from app.adapters.gates.config import MqttConfig
from app.adapters.gates.mqtt.mqtt_speech import Post, Speech
from app.adapters.gates.window import Reporter
from app.core.gates.commands import FOREIGN, DoorState

LONGEST_STATE = 1024
ECHO_S = 60.0  # after which a message that did not come back is not waited for
FOREIGN_S = 300.0  # how long the alarm stands after the last foreign message
AFTER_OPENING_S = 1.0  # for a relay's own timer and its report of it
_log = logging.getLogger(__name__)


class Ears:
    """standing: the mode that came back last since we published ours, '' for what is no mode, None for nothing yet.
    ends_s: when the last opening is over at the relay. stray: own topics with a foreign command, which may be retained.
    came_back: the relay is online again. left_behind: the broker keeps a mode of a newer session of ours than this one
    (our clock was set back), so relays would not obey this one. Each is read and written with `changed` held.
    """

    def __init__(self, config: MqttConfig, speech: Speech, reporter: Reporter, changed: threading.Condition) -> None:
        self._gate, self._speech, self._reporter, self._changed = config.gate, speech, reporter, changed
        form = config.form
        self._state = None if form is None else form.commands.state
        self._availability = None if form is None else form.commands.availability
        self.topics = set(speech.own_topics)
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
        """Whether the relay says so."""
        return self._unlocked is True

    def fault(self) -> str | None:
        if self._offline:
            return "the relay is offline"
        return FOREIGN if time.monotonic() < self._foreign_until_s else None

    def expect(self, post: Post) -> None:
        """It is about to be published, by us or as our last will."""
        with self._changed:
            self._echoes.append((time.monotonic() + ECHO_S, post.topic, post.payload.encode()))

    def hear(self, topic: str, payload: bytes, retained: bool) -> None:
        """From the broker's thread."""
        if topic == self._door_topic:
            self._hear_door(payload)
        elif self._state is not None and topic == self._state.topic:
            self._hear_relay(self._state.read(payload))
        elif self._availability is not None and topic == self._availability.topic:
            self._hear_availability(payload.decode(errors="replace").strip())
        elif payload:
            self._hear_own(topic, payload, retained)

    def _hear_own(self, topic: str, payload: bytes, retained: bool) -> None:
        heard = self._speech.judge(topic, payload)
        with self._changed:
            ours = not retained and self._take_echo(topic, payload)
            if retained and self._speech.outdated:
                self.left_behind = True
            lasting_mode = heard.mode is not None and self._speech.lasting
            if heard.mode is not None:
                self.standing = heard.mode
            elif not ours:
                self.standing = ""  # it may have opened: the mode that holds is told again
            if not ours and not lasting_mode:
                self.stray.add(topic)
            # A mode that was retained before we came is overwritten by ours; commands are never retained by us.
            alarm = not ours and not heard.expected and not (retained and lasting_mode)
            if alarm:
                self._foreign_until_s = time.monotonic() + FOREIGN_S
            say = alarm and time.monotonic() - self._foreign_said_s > ECHO_S
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

    def _hear_relay(self, unlocked: bool | None) -> None:
        if unlocked is None:
            return
        with self._changed:
            self._unlocked = unlocked
            opening = self.ends_s is not None and time.monotonic() < self.ends_s + AFTER_OPENING_S
            if not opening:
                self.standing = "release" if unlocked else "secure"
            self._changed.notify_all()
        self._reporter.state(DoorState.OPEN if unlocked else DoorState.CLOSED)

    def _hear_availability(self, word: str) -> None:
        there = self._availability
        if there is None or word not in (there.online, there.offline):
            return
        with self._changed:
            self.came_back = self.came_back or (self._offline and word == there.online)
            self._offline = word == there.offline
            self._changed.notify_all()
        if word == there.offline:
            self._reporter.state(DoorState.FAULT)

    def _hear_door(self, payload: bytes) -> None:
        if len(payload) > LONGEST_STATE:
            return
        try:
            text = payload.decode()
            word: Any = json.loads(text) if text.lstrip()[:1] in ("{", '"') else text
        except (ValueError, RecursionError):
            return
        self._reporter.word(word.get("state") if isinstance(word, dict) else word)
