"""Relays of other makers behind a real broker, as their documents describe their topics and payloads."""

import json
import threading
from typing import Any

import paho.mqtt.client as paho

from tests.adapters.gates.peers import unique
from tests.adapters.gates.relays import devices
from tests.adapters.gates.relays.brokers import Broker
from tests.adapters.gates.relays.devices import PULSE_S, Coil
from tests.waiting import eventually


class MqttDevice:
    """taken: the payloads that it obeyed. relay: what the gate's config says of it. A subclass says which topics."""

    kind = "mqtt"
    available: tuple[str, str, str] | None = None  # topic, online, offline

    def __init__(self, broker: Broker, inverted: bool = False) -> None:
        self.broker, self.inverted = broker, inverted
        self.id = f"device-{unique()}"
        self.coil = Coil()
        self.taken: list[str] = []
        self._timer: threading.Timer | None = None
        self.describe()
        self.coil.put(inverted)  # locked
        self.config: dict[str, Any] = {
            "gate": "lobby-1",
            "host": "127.0.0.1",
            "port": broker.port,
            "protocol": broker.protocol,
            "relay": {**self.relay, "inverted": inverted},
            "open_s": PULSE_S,
        }
        self.connect()

    relay: dict[str, Any]
    topics: list[str]
    state_topic: str

    def describe(self) -> None:
        raise NotImplementedError

    def obey(self, topic: str, payload: str) -> bool:
        raise NotImplementedError

    def state(self) -> str:
        return "ON" if self.coil.on else "OFF"

    @property
    def unlocked(self) -> bool:
        return self.coil.on is not self.inverted

    @property
    def unlocks(self) -> int:
        """How often it was told to unlock, however soon it locked itself again."""
        return self.coil.switched.count(not self.inverted)

    @property
    def mode(self) -> str | None:
        return ("release" if self.unlocked else "secure") if self.taken else None

    def connect(self) -> None:
        client = self._client = paho.Client(
            paho.CallbackAPIVersion.VERSION2,
            protocol=paho.MQTTv5 if self.broker.protocol == "5" else paho.MQTTv311,
        )
        subscribed = threading.Event()
        if self.available is not None:
            topic, online, offline = self.available
            client.will_set(topic, offline, qos=1, retain=True)
        client.on_connect = lambda c, *_: c.subscribe([(topic, 1) for topic in self.topics])
        client.on_subscribe = lambda *_: subscribed.set()
        client.on_message = lambda _c, _d, m: self._take(m.topic, m.payload.decode())
        client.connect("127.0.0.1", self.broker.port)
        client.loop_start()
        eventually(subscribed)
        if self.available is not None:
            client.publish(topic, online, qos=1, retain=True).wait_for_publish(5)

    def lose(self) -> None:
        """Its power: no goodbye."""
        connected = self._client.socket()
        assert connected is not None
        connected.shutdown(2)  # type: ignore[union-attr, attr-defined]  # a real socket, without TLS
        self._client.loop_stop()

    def report(self) -> None:
        self._client.publish(self.state_topic, self.state(), qos=0)

    def close(self) -> None:
        # First the client's thread, which makes and starts the timers.
        self._client.disconnect()
        self._client.loop_stop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()

    def _take(self, topic: str, payload: str) -> None:
        if not self.obey(topic, payload):
            return
        self.taken.append(payload)
        self.report()
        if self._timer is not None:
            self._timer.cancel()
        if self.coil._flips_s is not None:
            left_s = max(0.0, self.coil._flips_s - self.coil.clock()) + 0.01
            self._timer = threading.Timer(left_s, self.report)
            self._timer.start()


class ShellyGen1(MqttDevice):
    def describe(self) -> None:
        self.relay = {"model": "shelly-gen1", "id": self.id}
        self.topics = [f"shellies/{self.id}/relay/0/command"]
        self.state_topic = f"shellies/{self.id}/relay/0"
        self.available = (f"shellies/{self.id}/online", "true", "false")

    def state(self) -> str:
        return "on" if self.coil.on else "off"

    def obey(self, topic: str, payload: str) -> bool:
        if payload in ("on", "off", "toggle"):
            self.coil.put(not self.coil.on if payload == "toggle" else payload == "on")
        return payload in ("on", "off", "toggle")


class ShellyGen2(MqttDevice):
    def describe(self) -> None:
        self.relay = {"model": "shelly-gen2", "prefix": f"site/{self.id}"}
        self.topics = [f"site/{self.id}/rpc"]
        self.state_topic = f"site/{self.id}/status/switch:0"
        self.available = (f"site/{self.id}/online", "true", "false")

    def state(self) -> str:
        return json.dumps({"id": 0, "source": "MQTT", "output": self.coil.on})

    def obey(self, topic: str, payload: str) -> bool:
        try:
            call = json.loads(payload)
        except ValueError:
            return False
        assert (call["method"], call["params"]["id"], bool(call["src"])) == ("Switch.Set", 0, True)
        self.coil.put(call["params"]["on"], call["params"].get("toggle_after"))
        return True


class Tasmota(MqttDevice):
    def describe(self) -> None:
        self.relay = {"model": "tasmota", "topic": self.id}
        self.topics = [f"cmnd/{self.id}/+"]
        self.state_topic = f"stat/{self.id}/POWER"
        self.available = (f"tele/{self.id}/LWT", "Online", "Offline")
        self._firmware = devices.Tasmota()
        self._firmware.coil = self.coil

    def obey(self, topic: str, payload: str) -> bool:
        if payload:
            self._firmware.order(f"{topic.rpartition('/')[2]} {payload}")
        return bool(payload)


class EspHome(MqttDevice):
    def describe(self) -> None:
        self.relay = {"model": "esphome", "prefix": self.id, "switch": "gate_relay"}
        base = f"{self.id}/switch/gate_relay"
        self.topics = [f"{base}/command", f"{self.id}/button/pulse/command"]
        self.state_topic = f"{base}/state"
        self.available = (f"{self.id}/status", "online", "offline")

    def obey(self, topic: str, payload: str) -> bool:
        if topic.endswith("/pulse/command") and payload == "PRESS":
            self.coil.put(True, PULSE_S)
        elif payload in ("ON", "OFF"):
            self.coil.put(payload == "ON")
        return payload in ("ON", "OFF", "PRESS")


class EspHomePulse(EspHome):
    def describe(self) -> None:
        super().describe()
        self.relay["pulse"] = "pulse"


class HomeAssistant(MqttDevice):
    def describe(self) -> None:
        self.relay = {"model": "home-assistant"}
        for name in ("command", "state", "availability"):
            self.relay[f"{name}_topic"] = f"home/{self.id}/{name}"
        self.topics = [self.relay["command_topic"]]
        self.state_topic = self.relay["state_topic"]
        self.available = (self.relay["availability_topic"], "online", "offline")

    def obey(self, topic: str, payload: str) -> bool:
        if payload in ("ON", "OFF"):
            self.coil.put(payload == "ON")
        return payload in ("ON", "OFF")


DEVICES = {c.__name__: c for c in (ShellyGen1, ShellyGen2, Tasmota, EspHome, EspHomePulse, HomeAssistant)}


def settle(device: MqttDevice, count: int) -> None:
    eventually(lambda: len(device.taken) >= count)
