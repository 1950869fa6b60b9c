"""The messages of a command, and the meaning of one that comes back: our own JSON, signed if the gate has a secret, or
a device's own topics and payloads.

Ours go to `{topic}/command` and `{topic}/mode`; ../README.md has every field and the relay's checks. `session` grows
with each connection and `number` counts within it, so a relay recognises an old message without a clock. A last will is
made when we connect and published after everything else, so it has the highest number.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from app.adapters.gates.config import MqttConfig
from app.adapters.gates.forms.mqtt_forms import MqttCommand, MqttForm
from app.adapters.gates.relay_verifier import LAST_WILL, mqtt_text, signature_of
from app.core.gates.commands import OpenCommand
from app.core.ports.store import Clock

_log = logging.getLogger(__name__)

LONGEST_OWN = 4096
LONGEST_SESSION = 2**53  # the largest integer that every JSON parser keeps exactly


@dataclass(frozen=True)
class Message:
    topic: str
    payload: str
    retain: bool = False


@dataclass(frozen=True)
class Interpreted:
    """A message on one of our topics.

    Attributes:
        mode: 'secure', 'release', '' for an invalid mode, None for anything but a mode.
        expected: It is the last will of whoever drove the gate before.
    """

    mode: str | None
    expected: bool = False


class Dialect(Protocol):
    """The topics and messages of a relay behind a broker.

    Attributes:
        own_topics: Only we may publish there. We read them to notice anybody else.
        lasting: The broker keeps the mode.
        open_s, shuts_itself: As in `http.dialect.Dialect`.
    """

    own_topics: tuple[str, ...]
    lasting: bool
    open_s: float | None
    shuts_itself: bool

    @property
    def outdated(self) -> bool:
        """Whether another session of ours is newer than this one."""
        ...

    def begin(self) -> None:
        """Called before each new connection."""
        ...

    def opening(self, command: OpenCommand) -> Message: ...
    def mode(self, mode: str) -> Message: ...
    def will(self, mode: str) -> Message: ...
    def interpret(self, topic: str, payload: bytes) -> Interpreted: ...


class SignedDialect:
    lasting = True
    open_s: float | None = None
    shuts_itself = True

    def __init__(self, config: MqttConfig, clock: Clock) -> None:
        self._gate, self._secret, self._clock = config.gate, config.secret, clock
        self._command, self._mode = f"{config.prefix}/command", f"{config.prefix}/mode"
        self.own_topics: tuple[str, ...] = (self._command, self._mode)
        self._session = self._number = self._newest = 0
        if config.secret is None:
            _log.warning('gate_commands_unsigned gate=%s do="give the config a secret, and the relay too"', config.gate)

    @property
    def outdated(self) -> bool:
        return self._newest > self._session

    def begin(self) -> None:
        now = int(self._clock().timestamp() * 1000)
        self._session = self._newest = max(now, self._session + 1, self._newest + 1)
        self._number = 0

    def opening(self, command: OpenCommand) -> Message:
        said = {"event_id": command.event_id, "gate": self._gate, "command": "open"}
        said |= {"at": command.at.isoformat(), "until": command.until.isoformat()}
        return Message(self._command, self._signed("command", said, self._next()))

    def mode(self, mode: str) -> Message:
        return self._mode_message(mode, self._next())

    def will(self, mode: str) -> Message:
        return self._mode_message(mode, LAST_WILL)

    def interpret(self, topic: str, payload: bytes) -> Interpreted:
        try:
            said: Any = json.loads(payload) if len(payload) <= LONGEST_OWN else None
        except (ValueError, RecursionError):
            said = None
        message = said if isinstance(said, dict) else {}
        session = message.get("session") if self._is_ours(topic, message) else None
        if self._secret is not None and session is not None:
            self._newest = max(self._newest, session)
        if topic != self._mode:
            return Interpreted(None)
        mode = message.get("mode") if self._secret is None or session is not None else None
        before = session is not None and session < self._session and message.get("number") == LAST_WILL
        return Interpreted(mode if mode in ("secure", "release") else "", before)

    def _is_ours(self, topic: str, said: Mapping[str, Any]) -> bool:
        session = said.get("session")
        if type(session) is not int or not 0 < session < LONGEST_SESSION:
            return False
        if self._secret is None:
            return True
        expected = signature_of(self._secret, mqtt_text(topic.rpartition("/")[2], dict(said)))
        return expected == said.get("signature")

    def _mode_message(self, mode: str, number: int) -> Message:
        said = {"gate": self._gate, "mode": mode, "at": self._clock().isoformat()}
        return Message(self._mode, self._signed("mode", said, number), retain=True)

    def _signed(self, kind: str, said: dict[str, Any], number: int) -> str:
        said |= {"session": self._session, "number": number}
        if self._secret is not None:
            said["signature"] = signature_of(self._secret, mqtt_text(kind, said))
        return json.dumps(said)

    def _next(self) -> int:
        self._number += 1
        return self._number


class DeviceDialect:
    """Nothing is retained: a relay that reconnects must not open for somebody who passed yesterday."""

    lasting = False

    def __init__(self, config: MqttConfig, form: MqttForm) -> None:
        commands = form.commands
        self.open_s: float | None = config.open_s
        self.shuts_itself = form.shuts_itself
        self._open = _post(commands.open)
        self._modes = {"release": _post(commands.release), "secure": _post(commands.secure)}
        self.own_topics = tuple(dict.fromkeys(post.topic for post in (self._open, *self._modes.values())))

    @property
    def outdated(self) -> bool:
        return False

    def begin(self) -> None:
        pass

    def opening(self, command: OpenCommand) -> Message:
        return self._open

    def mode(self, mode: str) -> Message:
        return self._modes[mode]

    def will(self, mode: str) -> Message:
        return self._modes[mode]

    def interpret(self, topic: str, payload: bytes) -> Interpreted:
        """An opening may be the same message as a release, so only `secure` is unambiguous."""
        text = payload.decode(errors="replace")
        for mode, post in self._modes.items():
            if post == Message(topic, text) and post != self._open:
                return Interpreted(mode)
        return Interpreted(None if self._open == Message(topic, text) else "")


def dialect_of(config: MqttConfig, clock: Clock) -> Dialect:
    form = config.form
    return SignedDialect(config, clock) if form is None else DeviceDialect(config, form)


def _post(command: MqttCommand) -> Message:
    return Message(command.topic, command.payload)
