"""PINs as gates' hardware reports them: over signed MQTT, and key by key from a keypad on OSDP."""

import json
import threading
from datetime import timedelta

import pytest

from app.adapters.gates.config import MqttConfig
from app.adapters.gates.keypad import Keypad
from app.adapters.gates.mqtt.dialect import dialect_of
from app.adapters.gates.mqtt.listener import Listener
from app.adapters.gates.relay_verifier import badge_text, pin_text, signature_of
from app.adapters.gates.window import Reporter
from app.core.credentials.pin import TypedPin
from app.core.gates.commands import GateReport
from tests.fakes import NOW, Clock

STATE = "gates/lobby-1/state"
SETTINGS = {"gate": "lobby-1", "fail_mode": "secure", "host": "10.0.5.2", "topic": "gates/lobby-1"}
SECRET = "a secret of the relay"
PIN = "402913"


def listener(heard: list[GateReport], **more: object) -> Listener:
    config = MqttConfig.model_validate(SETTINGS | more)
    return Listener(config, dialect_of(config, Clock()), Reporter(heard.append), threading.Condition(), Clock())


def test_pin_is_reported_with_how_long_it_took() -> None:
    heard: list[GateReport] = []
    for message in ({"pin": PIN, "pin_ms": 2100}, {"pin": PIN}, {"pin": PIN, "pin_ms": "2100"}):
        listener(heard).receive(STATE, json.dumps(message).encode(), retained=False)
    assert heard == [TypedPin(PIN, timedelta(milliseconds=2100)), TypedPin(PIN), TypedPin(PIN)]


@pytest.mark.parametrize("pin", [None, 402913, "", "123", "1" * 13, "40291a", "٤٠٢٩١٣", " 402913", ["402913"], {}])
@pytest.mark.parametrize("pin_ms", [0, -1, 15_001, 10**400])
def test_what_is_no_pin_is_ignored(pin: object, pin_ms: int) -> None:
    heard: list[GateReport] = []
    listener(heard).receive(STATE, json.dumps({"pin": pin, "pin_ms": pin_ms}).encode(), retained=False)
    listener(heard).receive(STATE, json.dumps({"pin": PIN}).encode(), retained=True)
    assert heard == []


def test_with_a_secret_only_signed_fresh_and_new_ones_count() -> None:
    heard: list[GateReport] = []
    message = {"pin": PIN, "pin_ms": 2100, "at": NOW.isoformat()}
    signature = signature_of(SECRET, pin_text("lobby-1", message))
    wanted = {**message, "signature": signature}
    read = {"bits": 26, "hex": "860933C0"}
    of_a_badge = signature_of(SECRET, badge_text("lobby-1", {"badge": read, "at": message["at"]}))
    at = listener(heard, secret=SECRET)
    for forged in (
        message,
        {**wanted, "pin": "402914"},
        {**wanted, "pin_ms": 0},
        {**wanted, "at": (NOW + timedelta(seconds=1)).isoformat()},
        {**wanted, "signature": of_a_badge},
        {**wanted, "badge": read},
    ):
        at.receive(STATE, json.dumps(forged).encode(), retained=False)
    assert heard == []
    at.receive(STATE, json.dumps(wanted).encode(), retained=False)
    at.receive(STATE, json.dumps(wanted).encode(), retained=False)
    assert heard == [TypedPin(PIN, timedelta(milliseconds=2100))]


def keys(pressed: str, every_s: float = 0.5) -> list[tuple[str, int]]:
    keypad, found = Keypad(), []
    for number, key in enumerate(pressed):
        if (pin := keypad.press(key.encode(), number * every_s)) is not None:
            found.append(pin)
    return found


@pytest.mark.parametrize(
    ("pressed", "pins"),
    [
        ("402913#", [("402913", 3000)]),
        ("402913\r", [("402913", 3000)]),
        ("99*402913#", [("402913", 3000)]),
        ("99\x7f402913#", [("402913", 3000)]),
        ("402913#815#4711#", [("402913", 3000), ("4711", 2000)]),
        ("1234567890123#", []),
        ("123#", []),
        ("402913", []),
        ("40a29b13#", [("402913", 4000)]),
    ],
)
def test_keys_become_a_pin(pressed: str, pins: list[tuple[str, int]]) -> None:
    assert keys(pressed) == pins


def test_keys_that_somebody_left_are_not_the_next_ones() -> None:
    keypad = Keypad()
    keypad.press(b"40", 0)
    assert keypad.press(b"2913#", 5.5) == ("2913", 0)
    assert keypad.press(b"402913#", 6) == ("402913", 0)


def test_pin_never_shows_in_a_text() -> None:
    assert PIN not in repr(TypedPin(PIN)) and PIN not in str([TypedPin(PIN)])
