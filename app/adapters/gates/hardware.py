"""The hardware that an admin can choose, each with the questions of its driver. A new driver or form is added here."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.adapters.gates.config import MqttConfig, OsdpConfig, ReaderConfig, SerialConfig, WebhookConfig
from app.adapters.gates.forms.asked import fields_of
from app.adapters.gates.forms.http_commands import HttpCommand, HttpLogin
from app.adapters.gates.forms.http_forms import HttpRelay
from app.adapters.gates.forms.mqtt_forms import MqttAvailability, MqttCommand, MqttRelay, MqttState
from app.core.gates.commands import DriverKind
from app.core.gates.hardware import EACH, HardwareField, HardwareForm

OVER_HTTP, OVER_MQTT, BY_CABLE, OTHER = "Over HTTP", "Over MQTT", "By cable", "Other"
NAMES = {
    "shelly-gen1": "Shelly, 1st generation",
    "shelly-gen2": "Shelly Plus, Pro, Gen3, Gen4",
    "tasmota": "Tasmota",
    "esphome": "ESPHome",
    "home-assistant": "Home Assistant",
}
UNSIGNED = "Whoever reaches the relay opens the gate: give it a network of its own and a login."
WORDS = {"open": "To open", "release": "To stand open (fire)", "secure": "To lock"}


def forms() -> tuple[HardwareForm, ...]:
    """Returns every choice, grouped, the most common of each group first. Driven hardware may have a badge reader."""
    reader = _optional(fields_of(ReaderConfig, "reader."))
    own = (DriverKind.DRY_RUN, DriverKind.PLAIN, DriverKind.OSDP)
    return tuple(one if one.driver in own else replace(one, fields=(*one.fields, *reader)) for one in _forms())


def _forms() -> Iterator[HardwareForm]:
    yield HardwareForm(
        "test", DriverKind.DRY_RUN, "None yet: a test gate", OTHER, "Decides and records, and opens nothing."
    )
    yield HardwareForm(
        "plain",
        DriverKind.PLAIN,
        "A controller that asks us",
        OTHER,
        "It sends pictures or asks for decisions, and opens by itself. It needs an API key.",
    )
    shared = _only(WebhookConfig, "open_s", "timeout_s", "probe_s", "ca_file")
    for model, device in _models(HttpRelay):
        fields = (*fields_of(device, "relay."), *shared)
        fixed = {"relay.model": model}
        yield HardwareForm(f"http-{model}", DriverKind.WEBHOOK, NAMES[model], OVER_HTTP, UNSIGNED, fields, fixed)
    hint = "Three requests, sent exactly as they are here."
    fields = (*_commands(HttpCommand), *_optional(fields_of(HttpLogin, "commands.*.login.")))
    fields += (*_only(WebhookConfig, "shuts_itself"), *shared)
    yield HardwareForm("http-commands", DriverKind.WEBHOOK, "Any relay with addresses", OVER_HTTP, hint, fields)
    hint = "One signed message to one address; the controller checks the signature."
    fields = (*_needed(_only(WebhookConfig, "url", "secret")), *_only(WebhookConfig, "timeout_s", "probe_s", "ca_file"))
    yield HardwareForm("http-signed", DriverKind.WEBHOOK, "Your own controller, signed", OVER_HTTP, hint, fields)

    broker = _only(MqttConfig, "host", "username", "password", "tls", "port", "ca_file", "protocol", "keepalive_s")
    for model, device in _models(MqttRelay):
        fields = (*broker, *fields_of(device, "relay."), *_only(MqttConfig, "open_s"))
        fixed = {"relay.model": model}
        yield HardwareForm(f"mqtt-{model}", DriverKind.MQTT, NAMES[model], OVER_MQTT, UNSIGNED, fields, fixed)
    hint = "Three messages, sent exactly as they are here."
    fields = (*broker, *_commands(MqttCommand), *_only(MqttConfig, "shuts_itself", "open_s"))
    fields += (*_optional(fields_of(MqttState, "commands.state.")),)
    fields += (*_optional(fields_of(MqttAvailability, "commands.availability.")),)
    yield HardwareForm("mqtt-commands", DriverKind.MQTT, "Any relay with topics", OVER_MQTT, hint, fields)
    hint = "Our own messages, signed; the controller checks the signature."
    fields = (*broker, *_only(MqttConfig, "topic", "secret"))
    yield HardwareForm("mqtt-signed", DriverKind.MQTT, "Your own controller, signed", OVER_MQTT, hint, fields)

    hint = "A USB relay board, or a relay on RTS or DTR. We end each opening."
    yield HardwareForm("serial", DriverKind.SERIAL, "Relay board", BY_CABLE, hint, tuple(fields_of(SerialConfig)))
    hint = "We are a reader: the panel decides by the person's card number and holds the lock. Wire fire to the panel."
    yield HardwareForm(
        "osdp", DriverKind.OSDP, "Access control panel (OSDP)", BY_CABLE, hint, tuple(fields_of(OsdpConfig))
    )


def _models(union: object) -> Iterator[tuple[str, type[BaseModel]]]:
    """The ready forms of a tagged union, by their model."""
    for tagged in get_args(get_args(union)[0]):
        device = get_args(tagged)[0]
        model: FieldInfo = device.model_fields["model"]
        yield get_args(model.annotation)[0], device


def _commands(command: type[BaseModel]) -> Iterator[HardwareField]:
    """The questions of each command in turn, labelled with what it is for."""
    for name in EACH:
        for one in fields_of(command, f"commands.{name}."):
            yield replace(one, label=f"{WORDS[name]}: {one.label[0].lower()}{one.label[1:]}")


def _only(model: type[BaseModel], *names: str) -> tuple[HardwareField, ...]:
    found = {one.name: one for one in fields_of(model)}
    return tuple(found[name] for name in names)


def _optional(fields: Iterable[HardwareField]) -> tuple[HardwareField, ...]:
    """Of a part that may be left out as a whole."""
    return tuple(replace(one, required=False) for one in fields)


def _needed(fields: Iterable[HardwareField]) -> tuple[HardwareField, ...]:
    return tuple(replace(one, required=True) for one in fields)
