"""MQTT with brokers that are killed, stopped and started: nothing arrives late, and the last will says what it must."""

import json
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from app.adapters.gates.mqtt.connection import Connection
from app.adapters.gates.mqtt.mqtt import RELEASED
from app.core.gates.commands import FOREIGN, CommandOutcome, DoorState
from tests.adapters.gates.conftest import FLAVOURS, Build
from tests.adapters.gates.peers import answered, closing, command
from tests.adapters.gates.relays.brokers import Broker, MqttPeer, mosquitto
from tests.adapters.gates.relays.driver_program import DRIVER, ROOT
from tests.waiting import eventually, never


@pytest.fixture(params=FLAVOURS)
def broker(request: pytest.FixtureRequest, brokers: dict[str, Broker]) -> Broker:
    return brokers[request.param]


@pytest.fixture
def peer(broker: Broker) -> Iterator[MqttPeer]:
    with closing(MqttPeer(broker)) as peer:
        yield peer


@pytest.fixture(params=FLAVOURS)
def mortal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MqttPeer]:
    """A peer with a broker of its own, to be killed."""
    if request.param == "mosquitto" and mosquitto() is None:
        pytest.skip("no mosquitto here; amqtt has the same tests")
    broker = Broker(request.param, tmp_path)
    with closing(MqttPeer(broker)) as peer:
        yield peer
    broker.kill()


@pytest.mark.parametrize("payload", ["held", '"held"', '{"state": "held", "since": 1}', " HELD\n"])
def test_door_state_is_reported(peer: MqttPeer, build: Build, states: list[DoorState], payload: str) -> None:
    build(peer)
    peer.say(payload)
    eventually(lambda: states == [DoorState.HELD])


@pytest.mark.parametrize("payload", ["ajar", "", "{", "[1]", "9", "[" * 900, "x" * 5000])
def test_invalid_state_is_ignored(peer: MqttPeer, build: Build, states: list[DoorState], payload: str) -> None:
    driver = build(peer)
    peer.say(payload)
    peer.say("open")
    eventually(lambda: states == [DoorState.OPEN])
    assert driver.healthy() is None


def test_nothing_opens_a_released_gate_while_its_connection_changes(
    peer: MqttPeer, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release is told on one connection and once more on another, whose last will it is: it holds in between, too."""
    telling, go_on, publish = threading.Event(), threading.Event(), Connection.publish

    def held(line: Connection, topic: str, *given: Any, **named: Any) -> str | None:
        if line.will == "release":
            telling.set()
            with driver._changed:
                driver._changed.notify_all()
            eventually(go_on)
        return publish(line, topic, *given, **named)

    def late(done: Callable[[], bool], seconds: float) -> None:
        """As if the other connection had begun before whoever waits got a look."""
        wait(telling.is_set, 10)
        wait(done, seconds)

    driver: Any = build(peer)
    wait = driver._wait_for
    monkeypatch.setattr(Connection, "publish", held)
    monkeypatch.setattr(driver, "_wait_for", late)
    try:
        assert driver.release(True).outcome is CommandOutcome.SENT
        eventually(telling)
        with ThreadPoolExecutor(1) as other:
            opening = other.submit(driver.open, command(10))
            eventually(lambda: driver._waiting)
            go_on.set()
            assert opening.result() == RELEASED
    finally:
        go_on.set()
    assert peer.opened == []


def test_mode_is_retained_and_an_opening_is_not(peer: MqttPeer, build: Build) -> None:
    driver = build(peer)
    driver.open(command())
    driver.release(True)
    with closing(MqttPeer(peer.broker, peer._prefix)) as later:
        eventually(lambda: later.mode == "release")
        assert {topic for topic, _, retained in later.messages if retained} == {"mode"}
        assert later.opened == []


@pytest.mark.parametrize(
    ("fail_mode", "fire", "left"),
    [("secure", False, "secure"), ("safe", False, "release"), ("secure", True, "release")],
)
def test_the_last_will(peer: MqttPeer, fail_mode: str, fire: bool, left: str) -> None:
    """The driver's process is killed; the broker says for it what it cannot say any more."""
    config = json.dumps(peer.config | {"fail_mode": fail_mode})
    process = subprocess.Popen([*DRIVER, config, *["fire"] * fire], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == "ready\n"
        eventually(lambda: peer.mode == ("release" if fire else "secure"))
        told = len(peer.messages)
        process.send_signal(signal.SIGKILL)
    eventually(lambda: len(peer.messages) > told)
    assert peer.mode == left


def test_successor_overrides_a_dead_process_last_will(peer: MqttPeer, build: Build) -> None:
    """It loses its power: no goodbye and no reset, so the broker finds out when somebody else has long been driving."""
    config = json.dumps(peer.config | {"fail_mode": "safe", "keepalive_s": 1})
    process = subprocess.Popen([*DRIVER, config], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == "ready\n"
        eventually(lambda: peer.mode == "secure")
        process.send_signal(signal.SIGSTOP)
        try:
            first = len(modes(peer))
            build(peer, fail_mode="safe")
            eventually(lambda: modes(peer)[first:] == ["secure"])
            before = len(modes(peer))
            if peer.broker.protocol == "3.1.1":
                process.kill()  # amqtt 0.12.1 waits for a reset and misses no keepalive
            eventually(lambda: modes(peer)[before:][:1] == ["release"])
            eventually(lambda: peer.mode == "secure")
            never(lambda: peer.mode != "secure", 1.5)
            with closing(MqttPeer(peer.broker, peer._prefix)) as later:
                eventually(lambda: later.mode == "secure")
        finally:
            process.kill()


def modes(peer: MqttPeer) -> list[str]:
    return [message["mode"] for topic, message, _ in peer.messages if topic == "mode"]


@pytest.mark.parametrize("told", ['{"mode": "release"}', '{"mode": "ajar"}', '{"mode": ["release"]}'])
def test_stale_mode_is_replaced(peer: MqttPeer, build: Build, told: str) -> None:
    build(peer)
    before = len(modes(peer))
    peer._client.publish(f"{peer._prefix}/mode", told, qos=1, retain=True).wait_for_publish(5)
    eventually(lambda: modes(peer)[before + 1 :] == ["secure"])
    never(lambda: len(modes(peer)) > before + 2, 0.5)  # after 0.2 s it would be told again


@pytest.mark.parametrize(("readable", "missing"), [("+/+/state", "mode"), ("+/+/mode", "state")])
def test_account_that_may_not_read_is_named(tmp_path: Path, build: Build, readable: str, missing: str) -> None:
    """Both are also without `command`, where others' openings are seen."""
    broker = Broker("amqtt", tmp_path, readable)
    try:
        with closing(MqttPeer(broker)) as peer:
            driver = build(peer, ready=False)
            words = f"the broker does not let this account read {peer._prefix}/command and {peer._prefix}/{missing}"
            eventually(lambda: driver.healthy() == words)
            assert driver.open(command()).outcome is CommandOutcome.SENT
    finally:
        broker.kill()


def test_release_wins_between_two_disagreeing_services(
    peer: MqttPeer, build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    released, secure = build(peer), build(peer)
    released.release(True)
    before = len(modes(peer))
    never(lambda: len(modes(peer)) - before > 8, 1)  # secure after 0.2 s, then 0.4 and 0.8; each time answered
    eventually(lambda: modes(peer)[before:].count("secure") > 1)
    eventually(lambda: answered(modes(peer)[before:]))
    words = [record.getMessage() for record in caplog.records if record.name == "app.adapters.gates.mqtt.mqtt"]
    assert len(words) == 2 and len(set(words)) == 2
    released.release(False)
    eventually(lambda: peer.mode == "secure")
    eventually(lambda: secure.healthy() == released.healthy() == FOREIGN)


def test_broker_is_down_and_comes_back_too_late(mortal: MqttPeer, build: Build) -> None:
    mortal.broker.kill()
    driver = build(mortal, ready=False)
    result = driver.open(command(0.4))
    assert result.outcome is CommandOutcome.FAILED
    assert driver.healthy() == "the broker cannot be reached"
    mortal.lose()
    mortal.broker.start()
    mortal.back()
    eventually(lambda: driver.healthy() is None)
    never(lambda: mortal.opened)


def test_broker_comes_back_within_the_window(mortal: MqttPeer, build: Build) -> None:
    from concurrent.futures import ThreadPoolExecutor

    driver = build(mortal)
    mortal.broker.kill()
    mortal.lose()
    eventually(lambda: driver.healthy() is not None)
    order = command(10)
    with ThreadPoolExecutor(1) as other:
        opening = other.submit(driver.open, order)
        mortal.broker.start()
        assert opening.result().outcome is CommandOutcome.SENT


def test_broker_hangs_during_the_command_and_is_restarted(mortal: MqttPeer, build: Build) -> None:
    """paho would keep the QoS 1 message and send it to the new broker."""
    driver = build(mortal)
    mortal.hang()
    result = driver.open(command(0.4))
    assert result.outcome is CommandOutcome.FAILED
    assert "may have arrived" in result.detail
    mortal.broker.kill()
    mortal.lose()
    mortal.broker.start()
    mortal.back()
    eventually(lambda: driver.healthy() is None)
    never(lambda: mortal.opened)


def test_broker_restarts_after_the_command_and_nothing_is_sent_twice(mortal: MqttPeer, build: Build) -> None:
    driver, order = build(mortal), command()
    assert driver.open(order).outcome is CommandOutcome.SENT
    eventually(lambda: mortal.opened == [order.event_id])
    mortal.broker.kill()
    mortal.lose()
    mortal.broker.start()
    mortal.back()
    eventually(lambda: driver.healthy() is None)
    never(lambda: len(mortal.opened) > 1)


def test_lost_release_is_sent_when_the_broker_is_back(mortal: MqttPeer, build: Build) -> None:
    driver = build(mortal)
    mortal.broker.kill()
    mortal.lose()
    assert driver.release(True).outcome is CommandOutcome.FAILED
    mortal.broker.start()
    mortal.back()
    eventually(lambda: mortal.mode == "release")


def test_mqtt_5_reports_a_missing_subscriber(brokers: dict[str, Broker], build: Build) -> None:
    peer = MqttPeer(brokers["mosquitto"])
    driver = build(peer)
    peer.close()
    eventually(lambda: driver.open(command(0.3)).detail == "no gate listens")


def test_forbidden_broker_address_is_refused(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    class Metadata:
        kind = "mqtt"
        config = {"gate": "lobby-1", "host": "broker.example"}  # noqa: RUF012

    answer = [(2, 1, 6, "", ("169.254.169.254", 1883))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: answer)
    driver = build(Metadata(), ready=False)
    eventually(lambda: "metadata" in str(driver.healthy()))
