"""The message for each command to a relay behind a broker, and how its state comes back: configured one by one, or by
the ready form of a common device.

The forms follow the makers' documents of 2026: Shelly 1st generation (`shellies/ID/relay/N/command`), Shelly 2nd
generation and later (RPC over MQTT), Tasmota (`cmnd/TOPIC/Backlog`), ESPHome (`PREFIX/switch/ID/command`), and anything
that Home Assistant knows as an MQTT switch.
"""

import json
from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, Tag, model_validator

from app.adapters.gates.forms.asked import Asked
from app.adapters.gates.forms.http_commands import Part
from app.adapters.gates.forms.http_forms import BY_MODEL, CHANNEL, INVERTED, PULSE, SWITCH, tasmota_orders
from app.adapters.gates.forms.self_acting import Said, contradiction

Topic = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^#+\x00$][^#+\x00]*$")]
# Part of a topic: no level separator.
Level = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^#+/\x00$][^#+/\x00]*$")]
Word = Annotated[str, Field(max_length=1024)]
PREFIX = Asked("Topic prefix", "The prefix in the device's own MQTT settings.")


class MqttCommand(Part):
    topic: Annotated[Topic, Asked("Topic")]
    payload: Annotated[Word, Asked("Payload")] = Field(repr=False)


class MqttState(Part):
    """What the relay reports on its topic: the payload or a field of a JSON object, as text, in any case."""

    topic: Annotated[Topic, Asked("State topic", rare=True)]
    unlocked: Annotated[Word, Asked("State when unlocked", rare=True)] = "ON"
    locked: Annotated[Word, Asked("State when locked", rare=True)] = "OFF"
    field: Annotated[str | None, Asked("Field of a JSON state", rare=True)] = Field(default=None, max_length=100)

    def read(self, payload: bytes) -> bool | None:
        """Whether the relay is unlocked, or None if the payload does not say."""
        word: Any
        try:
            word = payload.decode()
            if self.field is not None:
                whole = json.loads(word)
                word = whole.get(self.field) if isinstance(whole, dict) else None
        except (ValueError, RecursionError):
            return None
        text = str(word).strip().lower()
        return {self.unlocked.lower(): True, self.locked.lower(): False}.get(text)


class MqttAvailability(Part):
    topic: Annotated[Topic, Asked("Availability topic", rare=True)]
    online: Annotated[Word, Asked("Word for online", rare=True)] = "online"
    offline: Annotated[Word, Asked("Word for offline", rare=True)] = "offline"


class MqttCommands(Part):
    """A topic and payload for each command; none is retained. Nothing but open and release may unlock."""

    open: MqttCommand
    release: MqttCommand
    secure: MqttCommand
    state: MqttState | None = None
    availability: MqttAvailability | None = None

    @model_validator(mode="after")
    def _no_contradiction(self) -> "MqttCommands":
        said = {name: getattr(self, name) for name in ("open", "release", "secure")}
        wrong = contradiction({name: Said(one.topic, one.payload) for name, one in said.items()})
        if wrong is not None:
            raise ValueError(wrong)
        ours = {one.topic for one in said.values()}
        if ours & {heard.topic for heard in (self.state, self.availability) if heard is not None}:
            raise ValueError("state and availability have topics of their own, not those of commands")
        return self


@dataclass(frozen=True)
class MqttForm:
    """shuts_itself: the relay ends an opening by its own timer, else we send `secure` after open_s."""

    commands: MqttCommands
    shuts_itself: bool


class MqttDevice(Part):
    """inverted: on locks, off unlocks."""

    inverted: Annotated[bool, INVERTED] = False

    @abstractmethod
    def form(self, open_s: float) -> MqttForm:
        """The device's own requests for each command. open_s: how long it stays unlocked."""

    def _commands(
        self,
        opening: tuple[str, str],
        release: tuple[str, str],
        secure: tuple[str, str],
        state: MqttState,
        availability: MqttAvailability | None,
    ) -> MqttCommands:
        """Skips the check for contradictions: a topic may be called `toggle`, and the forms have tests."""
        made = [MqttCommand(topic=topic, payload=payload) for topic, payload in (opening, release, secure)]
        if self.inverted:
            state = state.model_copy(update={"unlocked": state.locked, "locked": state.unlocked})
        return MqttCommands.model_construct(
            open=made[0], release=made[1], secure=made[2], state=state, availability=availability
        )

    def _pair(self, on: str, off: str) -> tuple[str, str]:
        """(unlocks, locks)."""
        return (off, on) if self.inverted else (on, off)


class ShellyGen1Topics(MqttDevice):
    """id: as in its topics, `shelly1-B929CC`. Its MQTT knows no timer, so we send the off."""

    model: Literal["shelly-gen1"]
    id: Annotated[Level, Asked("Device id", "As in its topics, such as shelly1-B929CC.")]
    channel: Annotated[int, CHANNEL] = Field(default=0, ge=0, le=9)

    def form(self, open_s: float) -> MqttForm:
        unlock, lock = self._pair("on", "off")
        base = f"shellies/{self.id}/relay/{self.channel}"
        state = MqttState(topic=base, unlocked="on", locked="off")
        there = MqttAvailability(topic=f"shellies/{self.id}/online", online="true", offline="false")
        topic = f"{base}/command"
        return MqttForm(self._commands((topic, unlock), (topic, unlock), (topic, lock), state, there), False)


class ShellyGen2Topics(MqttDevice):
    """prefix: the device's MQTT prefix. RPC and status updates over MQTT must be on."""

    model: Literal["shelly-gen2"]
    prefix: Annotated[Topic, PREFIX]
    channel: Annotated[int, CHANNEL] = Field(default=0, ge=0, le=99)

    def form(self, open_s: float) -> MqttForm:
        def put(on: bool, **more: float) -> tuple[str, str]:
            wanted = {"id": self.channel, "on": on is not self.inverted, **more}
            call = {"id": 1, "src": "facegate", "method": "Switch.Set", "params": wanted}
            return f"{self.prefix}/rpc", json.dumps(call)

        status = f"{self.prefix}/status/switch:{self.channel}"
        state = MqttState(topic=status, field="output", unlocked="true", locked="false")
        there = MqttAvailability(topic=f"{self.prefix}/online", online="true", offline="false")
        return MqttForm(self._commands(put(True, toggle_after=open_s), put(True), put(False), state, there), True)


class TasmotaTopics(MqttDevice):
    """topic: %topic% of the device, with the FullTopic that it is delivered with (%prefix%/%topic%/). The state of a
    device with one relay comes under POWER, with several under POWER1, POWER2."""

    model: Literal["tasmota"]
    topic: Annotated[Topic, Asked("Topic", "%topic% in the device's MQTT settings.")]
    channel: Annotated[int, CHANNEL] = Field(default=1, ge=1, le=32)
    several: Annotated[bool, Asked("It has several relays", rare=True)] = False

    def form(self, open_s: float) -> MqttForm:
        orders = tasmota_orders(self.channel, open_s, self.inverted)
        topic = f"cmnd/{self.topic}/Backlog"
        state = MqttState(topic=f"stat/{self.topic}/POWER{self.channel if self.several else ''}")
        there = MqttAvailability(topic=f"tele/{self.topic}/LWT", online="Online", offline="Offline")
        said = [(topic, orders[name]) for name in ("open", "release", "secure")]
        return MqttForm(self._commands(said[0], said[1], said[2], state, there), not self.inverted)


class EspHomeTopics(MqttDevice):
    """prefix: the device's topic_prefix. switch: its object id. pulse: the object id of a button that unlocks and locks
    again by itself; without one we send the off."""

    model: Literal["esphome"]
    prefix: Annotated[Topic, PREFIX]
    switch: Annotated[Level, SWITCH]
    pulse: Annotated[Level | None, PULSE] = None

    def form(self, open_s: float) -> MqttForm:
        unlock, lock = self._pair("ON", "OFF")
        base = f"{self.prefix}/switch/{self.switch}"
        topic, there = f"{base}/command", MqttAvailability(topic=f"{self.prefix}/status")
        opening = (f"{self.prefix}/button/{self.pulse}/command", "PRESS") if self.pulse else (topic, unlock)
        commands = self._commands(opening, (topic, unlock), (topic, lock), MqttState(topic=f"{base}/state"), there)
        return MqttForm(commands, self.pulse is not None)


class HomeAssistantTopics(MqttDevice):
    """A switch as Home Assistant's `mqtt: switch:` describes it, or an automation that its command_topic
    triggers. It has no timer, so we send the off."""

    model: Literal["home-assistant"]
    command_topic: Annotated[Topic, Asked("Command topic")]
    state_topic: Annotated[Topic, Asked("State topic")]
    availability_topic: Annotated[Topic | None, Asked("Availability topic", rare=True)] = None

    def form(self, open_s: float) -> MqttForm:
        unlock, lock = self._pair("ON", "OFF")
        there = MqttAvailability(topic=self.availability_topic) if self.availability_topic else None
        said = [(self.command_topic, word) for word in (unlock, unlock, lock)]
        return MqttForm(self._commands(said[0], said[1], said[2], MqttState(topic=self.state_topic), there), False)

    @model_validator(mode="after")
    def _topics_differ(self) -> "HomeAssistantTopics":
        if self.command_topic in (self.state_topic, self.availability_topic):
            raise ValueError("state and availability have topics of their own, not those of commands")
        return self


MqttRelay = Annotated[
    Annotated[ShellyGen1Topics, Tag("shelly-gen1")]
    | Annotated[ShellyGen2Topics, Tag("shelly-gen2")]
    | Annotated[TasmotaTopics, Tag("tasmota")]
    | Annotated[EspHomeTopics, Tag("esphome")]
    | Annotated[HomeAssistantTopics, Tag("home-assistant")],
    BY_MODEL,
]
