"""What an MQTT gate says of badges, as its listener takes it from the broker."""

import json
import threading

import pytest

from app.adapters.gates.config import MqttConfig
from app.adapters.gates.mqtt.dialect import dialect_of
from app.adapters.gates.mqtt.listener import Listener
from app.adapters.gates.relay_verifier import badge_text, signature_of
from app.adapters.gates.window import Reporter
from app.core.credentials.badge import Badge
from app.core.gates.commands import DoorState, GateReport
from tests.fakes import Clock

STATE = "gates/lobby-1/state"
SETTINGS = {"gate": "lobby-1", "fail_mode": "secure", "host": "10.0.5.2", "topic": "gates/lobby-1"}
SECRET = "a secret of the relay"
BADGE = Badge.of_hex(26, "860933C0")


@pytest.fixture
def heard() -> list[GateReport]:
    return []


@pytest.fixture
def listener(heard: list[GateReport]) -> Listener:
    config = MqttConfig.model_validate(SETTINGS)
    return Listener(config, dialect_of(config, Clock()), Reporter(heard.append), threading.Condition(), Clock())


def test_each_badge_is_reported(listener: Listener, heard: list[GateReport]) -> None:
    read = {"bits": 26, "hex": BADGE.hex}
    listener.receive(STATE, json.dumps({"badge": read}).encode(), retained=False)
    listener.receive(STATE, json.dumps({"state": "closed", "badge": read}).encode(), retained=False)
    assert heard == [BADGE, DoorState.CLOSED, BADGE]


def test_retained_message_reads_no_badge(listener: Listener, heard: list[GateReport]) -> None:
    listener.receive(STATE, json.dumps({"badge": {"bits": 26, "hex": BADGE.hex}}).encode(), retained=True)
    assert heard == []


@pytest.mark.parametrize(
    "badge",
    [
        *(None, 26, "26:860933C0", [], {}, {"bits": 26}, {"bits": 26, "hex": "8C"}, {"bits": "26", "hex": BADGE.hex}),
        *({"bits": True, "hex": "80"}, {"bits": 26.0, "hex": BADGE.hex}, {"bits": 10**30, "hex": "00"}),
        *({"bits": 26, "hex": 5}, {"bits": 26, "hex": BADGE.hex, "more": 1}, {"bits": -1, "hex": ""}),
        {"bits": 513, "hex": "0" * 130},
    ],
)
def test_what_is_no_badge_is_ignored(listener: Listener, heard: list[GateReport], badge: object) -> None:
    listener.receive(STATE, json.dumps({"badge": badge}).encode(), retained=False)
    assert heard == []


def signed(at: object = "2026-11-23T08:00:00+00:00", bits: int = 26, secret: str = SECRET, **more: object) -> bytes:
    message: dict[str, object] = {"badge": {"bits": bits, "hex": BADGE.hex}, "at": at}
    message["signature"] = signature_of(secret, badge_text("lobby-1", message))
    return json.dumps({**message, **more}).encode()


@pytest.fixture
def guarded(heard: list[GateReport]) -> Listener:
    """Of a gate that shares a secret with its relay."""
    config = MqttConfig.model_validate({**SETTINGS, "secret": SECRET})
    clock = Clock()
    return Listener(config, dialect_of(config, clock), Reporter(heard.append), threading.Condition(), clock)


def test_signed_badge_counts_once(guarded: Listener, heard: list[GateReport]) -> None:
    for _ in range(3):
        guarded.receive(STATE, signed(), retained=False)
    guarded.receive(STATE, signed("2026-11-23T08:00:01+00:00"), retained=False)
    guarded.receive(STATE, signed("2026-11-23T08:00:00.5+00:00"), retained=False)
    assert heard == [BADGE, BADGE]


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps({"badge": {"bits": 26, "hex": BADGE.hex}}).encode(),
        *(signed(secret="another secret of 16"), signed(signature="sha256=ü"), signed(signature=5), signed(at=5)),
        *(signed(badge={"bits": 26, "hex": "00000040"}), signed("2026-11-23T07:59:54+00:00")),
        *(signed("2026-11-23T08:00:06+00:00"), signed("2026-11-23T08:00:00"), signed("now"), signed("\ud800")),
    ],
)
def test_badge_that_is_not_signed_fresh_and_new_is_ignored(
    guarded: Listener, heard: list[GateReport], payload: bytes
) -> None:
    guarded.receive(STATE, payload, retained=False)
    assert heard == []
