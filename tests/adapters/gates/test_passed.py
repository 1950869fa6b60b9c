"""What an MQTT gate says of people who went through, as its listener takes it from the broker."""

import json
import threading

import pytest

from app.adapters.gates.config import MqttConfig
from app.adapters.gates.mqtt.dialect import dialect_of
from app.adapters.gates.mqtt.listener import Listener
from app.adapters.gates.window import Reporter
from app.core.gates.commands import DoorState, GateReport, Passed
from tests.fakes import Clock

STATE = "gates/lobby-1/state"
SETTINGS = {"gate": "lobby-1", "fail_mode": "secure", "host": "10.0.5.2", "topic": "gates/lobby-1", "secret": "s" * 32}


@pytest.fixture
def heard() -> list[GateReport]:
    return []


@pytest.fixture
def listener(heard: list[GateReport]) -> Listener:
    config = MqttConfig.model_validate(SETTINGS)
    return Listener(config, dialect_of(config, Clock()), Reporter(heard.append), threading.Condition(), Clock())


def test_each_passage_is_reported(listener: Listener, heard: list[GateReport]) -> None:
    for count in (1, 1, 2):
        listener.receive(STATE, json.dumps({"state": "closed", "passed": count}).encode(), retained=False)
    assert heard == [DoorState.CLOSED, Passed(1), Passed(1), Passed(2)]


@pytest.mark.parametrize(("sent", "kept"), [("r-7", "r-7"), ("", None), ("x" * 65, None), ("\ud800", None), (7, None)])
def test_report_keeps_the_name_that_the_gate_gave_it(
    listener: Listener, heard: list[GateReport], sent: object, kept: str | None
) -> None:
    listener.receive(STATE, json.dumps({"passed": 1, "report_id": sent}).encode(), retained=False)
    assert heard == [Passed(1, kept)]


def test_retained_message_repeats_no_passage(listener: Listener, heard: list[GateReport]) -> None:
    listener.receive(STATE, b'{"state": "open", "passed": 1}', retained=True)
    assert heard == [DoorState.OPEN]


@pytest.mark.parametrize("count", [0, -1, 101, True, "1", 1.0, None, [1], 10**30])
def test_what_is_no_count_is_ignored(listener: Listener, heard: list[GateReport], count: object) -> None:
    listener.receive(STATE, json.dumps({"passed": count}).encode(), retained=False)
    assert heard == []


def test_plain_word_is_a_state_alone(listener: Listener, heard: list[GateReport]) -> None:
    listener.receive(STATE, b"closed", retained=False)
    assert heard == [DoorState.CLOSED]
