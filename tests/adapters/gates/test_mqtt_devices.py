"""Relays of other makers behind a broker: nothing but `open` and `release` unlocks, and every opening ends."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from app.adapters.gates.build import check_config
from app.core.errors import BadInput
from app.core.gates.commands import FOREIGN, CommandOutcome, DoorState, DriverKind
from tests.adapters.gates.conftest import Build
from tests.adapters.gates.peers import command
from tests.adapters.gates.relays.brokers import Broker, mosquitto
from tests.adapters.gates.relays.devices import PULSE_S
from tests.adapters.gates.relays.mqtt_devices import DEVICES, MqttDevice
from tests.waiting import eventually, never

CASES = [(name, False) for name in DEVICES] + [(name, True) for name in DEVICES if name != "EspHomePulse"]
Make = Callable[..., MqttDevice]


@pytest.fixture
def broker(brokers: dict[str, Broker]) -> Broker:
    return brokers["mosquitto" if mosquitto() else "amqtt"]


@pytest.fixture
def make(broker: Broker) -> Iterator[Make]:
    """make(name, inverted=False): a device, closed at the end."""
    with ExitStack() as stack:

        def one(name: str, inverted: bool = False) -> MqttDevice:
            device = DEVICES[name](broker, inverted)
            stack.callback(device.close)
            return device

        yield one


@pytest.mark.parametrize(("name", "inverted"), CASES)
def test_each_command_acts_as_documented_and_nothing_else_unlocks(
    make: Make, build: Build, states: list[DoorState], name: str, inverted: bool
) -> None:
    device = make(name, inverted)
    driver = build(device)
    never(lambda: device.unlocks)
    assert driver.open(command()).outcome is CommandOutcome.SENT
    eventually(lambda: device.unlocks == 1)
    eventually(lambda: not device.unlocked)
    eventually(lambda: states[-2:] == [DoorState.OPEN, DoorState.CLOSED])
    never(lambda: device.unlocked)
    assert driver.release(True).outcome is CommandOutcome.SENT
    eventually(lambda: device.unlocked)
    never(lambda: not device.unlocked, PULSE_S + 0.2)
    assert driver.release(False).outcome is CommandOutcome.SENT
    eventually(lambda: not device.unlocked)
    never(lambda: device.unlocked)
    before = device.unlocks
    driver.open(command())
    eventually(lambda: device.unlocks > before)
    driver.close()
    eventually(lambda: not device.unlocked)
    again = build(device, ready=False)
    eventually(lambda: again.healthy() is None)
    never(lambda: device.unlocked)
    assert again.healthy() is None


@pytest.mark.parametrize("name", DEVICES)
def test_release_outlasts_the_opening_it_followed(make: Make, build: Build, name: str) -> None:
    device = make(name)
    driver = build(device)
    driver.open(command())
    driver.release(True)
    # Once more when the opening is over. A new connection, for another last will, begins with it as well.
    eventually(lambda: len(device.taken) >= 4)
    eventually(lambda: device.unlocked)
    never(lambda: not device.unlocked, PULSE_S + 0.2)


def test_reports_on_their_way_do_not_bring_the_mode_before_back(make: Make, build: Build) -> None:
    """Unread, they reset the connection that is left for another last will, and the broker executed its own."""
    device, over = make("EspHome"), threading.Event()
    driver = build(device)

    def reports() -> None:
        while not over.wait(0.0005):
            device.report()

    talking = threading.Thread(target=reports)
    talking.start()
    try:
        for _ in range(4):
            driver.release(True)
            eventually(lambda: device.unlocked)
            never(lambda: not device.unlocked)
            driver.release(False)
            eventually(lambda: not device.unlocked)
            never(lambda: device.unlocked)
    finally:
        over.set()
        talking.join()


@pytest.mark.parametrize("name", ["ShellyGen1", "ShellyGen2"])
def test_foreign_on_command_raises_an_alert_and_is_undone(make: Make, build: Build, name: str) -> None:
    device = make(name)
    driver = build(device)
    topic, payload = device.topics[0], "on"
    if name == "ShellyGen2":
        payload = '{"id": 7, "src": "x", "method": "Switch.Set", "params": {"id": 0, "on": true}}'
    device._client.publish(topic, payload, qos=1, retain=True)
    eventually(lambda: device.unlocked)
    eventually(lambda: not device.unlocked)
    assert driver.healthy() == FOREIGN
    # It is not kept for the relay's next start either.
    device.lose()
    eventually(lambda: driver.healthy() == "the relay is offline")
    before = len(device.taken)
    device.connect()
    eventually(lambda: len(device.taken) > before)
    never(lambda: device.unlocked)


def test_foreign_off_command_does_not_shut_a_released_gate(make: Make, build: Build) -> None:
    device = make("EspHome")
    driver = build(device, released=True)
    device._client.publish(device.topics[0], "OFF", qos=1)
    eventually(lambda: not device.unlocked)
    eventually(lambda: device.unlocked)
    assert driver.healthy() == FOREIGN


def test_offline_relay_receives_no_opening_and_gets_the_mode_when_it_is_back(make: Make, build: Build) -> None:
    device = make("Tasmota")
    driver = build(device)
    device.lose()
    eventually(lambda: driver.healthy() == "the relay is offline")
    assert driver.open(command()).detail == "not sent: the relay is offline"
    device.coil.put(True)  # it starts with its relay on
    device.connect()
    eventually(lambda: not device.unlocked and driver.healthy() is None)
    assert driver.open(command()).outcome is CommandOutcome.SENT


def test_manually_switched_relay_receives_its_mode_again(make: Make, build: Build) -> None:
    device = make("HomeAssistant")
    build(device)
    device.coil.put(True)
    device.report()
    eventually(lambda: not device.unlocked)


ON, OFF = {"topic": "a/set", "payload": "ON"}, {"topic": "a/set", "payload": "OFF"}


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"commands": {"open": ON, "release": ON, "secure": ON}}, "same request"),
        ({"commands": {"open": ON, "release": ON, "secure": {"topic": "b/set", "payload": "on"}}}, "both switch on"),
        ({"commands": {"open": ON, "release": ON, "secure": {"topic": "a/set", "payload": "toggle"}}}, "toggles"),
        ({"commands": {"open": ON, "release": ON, "secure": {"topic": "a/set", "payload": "off,5"}}}, "timer"),
        ({"commands": {"open": ON, "release": {"topic": "a/set", "payload": "on,5"}, "secure": OFF}}, "timer"),
        ({"commands": {"open": ON, "release": ON, "secure": OFF, "state": {"topic": "a/set"}}}, "their own"),
        ({"commands": {"open": ON, "release": ON, "secure": OFF}, "topic": "x"}, "replace"),
        ({"commands": {"open": ON, "release": ON, "secure": {"topic": "a/#", "payload": "off"}}}, "pattern"),
        ({"relay": {"model": "tasmota", "topic": "a"}, "secret": "a secret of sixteen"}, "replace"),
        ({"relay": {"model": "tasmota", "topic": "a"}, "shuts_itself": True}, "belongs to commands"),
    ],
)
def test_contradictory_config_is_refused(more: dict[str, Any], wrong: str) -> None:
    with pytest.raises(BadInput) as caught:
        check_config(DriverKind.MQTT, {"gate": "g", "host": "10.0.0.9", **more})
    assert wrong in caught.value.detail.replace("of their own", "their own")
