"""A topic gets each message once, acknowledged by the broker; a broker that does not answer is left in time."""

import json
import socket
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from app.adapters.receivers.mqtt import MqttCarrier
from app.core.alerts.alert import Alert, AlertKind
from app.core.alerts.deliveries import Change
from app.core.alerts.messages import Item, Message
from app.core.alerts.receivers import Target
from app.core.errors import BadField
from app.core.ports.alerts import NotDelivered
from tests.adapters.gates.peers import free_port
from tests.adapters.gates.relays.brokers import Broker, mosquitto
from tests.waiting import eventually

HERE = (IPv4Network("127.0.0.0/8"),)
AT = datetime(2026, 11, 30, 22, 4, 5, tzinfo=UTC)
MESSAGE = Message("m-1", AT, "Works", (Item(Change.RAISED, Alert("a-1", AT, AlertKind.DOOR_FORCED)),))


class Listener:
    """Somebody who reads a topic."""

    def __init__(self, port: int, topic: str, user: str | None = None, password: str | None = None) -> None:
        self.heard: list[tuple[bytes, bool]] = []
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        if user is not None:
            self._client.username_pw_set(user, password)
        ready = threading.Event()
        self._client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.on_message = lambda _c, _d, said: self.heard.append((bytes(said.payload), bool(said.retain)))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        eventually(ready)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture(scope="module", params=["amqtt", "mosquitto"])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    if request.param == "mosquitto" and mosquitto() is None:
        pytest.skip("no mosquitto here; amqtt has the same tests")
    running = Broker(request.param, tmp_path_factory.mktemp("broker"))
    yield running
    running.kill()


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    eventually(lambda: not [one for one in threading.enumerate() if one.name.startswith("paho-mqtt-client-facegate")])


def test_topic_gets_the_message(broker: Broker) -> None:
    listener = Listener(broker.port, "site/alerts")
    try:
        said = MqttCarrier(HERE).send(Target(f"mqtt://127.0.0.1:{broker.port}/site/alerts"), MESSAGE)
        (heard,) = eventually(lambda: listener.heard)
    finally:
        listener.close()
    assert heard == (MESSAGE.body(), False) and said.startswith("the broker took it in ")
    assert json.loads(heard[0])["data"]["alerts"][0]["kind"] == "door_forced"


def test_broker_is_not_reached_where_no_receiver_may_be(broker: Broker) -> None:
    with pytest.raises(NotDelivered, match="this host is the server itself"):
        MqttCarrier().send(Target(f"mqtt://127.0.0.1:{broker.port}/site/alerts"), MESSAGE)


def test_dead_broker_is_said() -> None:
    with pytest.raises(NotDelivered, match="the broker cannot be reached"):
        MqttCarrier(HERE).send(Target(f"mqtt://127.0.0.1:{free_port()}/site/alerts"), MESSAGE)


@pytest.mark.parametrize("scheme", ["mqtt", "mqtts"])
def test_broker_that_never_answers_is_left(scheme: str) -> None:
    """It takes the connection and says nothing, neither in MQTT nor in TLS."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/site/alerts"
        with pytest.raises(NotDelivered, match=r"does not answer|cannot be reached"):
            MqttCarrier(HERE, wait_s=0.3).send(Target(address), MESSAGE)


def test_wrong_password_is_said(tmp_path: Path) -> None:
    if mosquitto() is None:
        pytest.skip("no mosquitto here, and amqtt takes everybody")
    port = free_port()
    config = f"listener {port} 127.0.0.1\nallow_anonymous false\n"
    guarded = Broker("mosquitto", tmp_path, whole=config, port=port)
    try:
        with pytest.raises(NotDelivered, match="the broker refuses: not authori"):
            target = Target(f"mqtt://127.0.0.1:{guarded.port}/site/alerts", secret="wrong", user="gate")
            MqttCarrier(HERE).send(target, MESSAGE)
    finally:
        guarded.kill()


def test_missing_library_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "paho", None)
    monkeypatch.delitem(sys.modules, "app.adapters.receivers.mqtt_client", raising=False)
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    target = Target("mqtt://broker.example.com/facegate")
    with pytest.raises(BadField, match=r"pip install -e '\.\[mqtt\]'"):
        MqttCarrier(HERE).check(target)
    with pytest.raises(NotDelivered, match="library"):
        MqttCarrier(HERE).send(target, MESSAGE)
