"""MQTT brokers in processes of their own, and the gate's controller as their other client."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho

from tests.adapters.gates.peers import free_port, unique
from tests.waiting import eventually

HERE = Path(__file__).parent
BROKER_STARTS_S = 10.0


class Broker:
    """flavour: 'amqtt' (MQTT 3.1.1) or 'mosquitto' (MQTT 5). readable: with amqtt, all that a driver may read. whole:
    mosquitto's whole configuration, for that port."""

    def __init__(
        self, flavour: str, folder: Path, readable: str = "#", whole: str | None = None, port: int | None = None
    ) -> None:
        self.port = port or free_port()
        self.protocol = "3.1.1" if flavour == "amqtt" else "5"
        if flavour == "amqtt":
            self._command = [sys.executable, str(HERE / "broker.py"), str(self.port), readable]
        else:
            config = folder / "mosquitto.conf"
            config.write_text(whole or f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
            self._command = [str(mosquitto()), "-c", str(config)]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self._listens, seconds=BROKER_STARTS_S)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def signal(self, what: signal.Signals) -> None:
        self._process.send_signal(what)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def mosquitto() -> str | None:
    return shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


class MqttPeer:
    kind = "mqtt"

    def __init__(self, broker: Broker, prefix: str | None = None, username: str | None = None) -> None:
        """username: the peer's own account; its password is that and ' password'."""
        self.broker = broker
        self.secrets: tuple[str, ...] = ("hunter2hunter2",)
        prefix = prefix or f"site/{unique()}"
        self.config: dict[str, Any] = {
            "gate": "lobby-1",
            "host": "127.0.0.1",
            "port": broker.port,
            "topic": prefix,
            "protocol": broker.protocol,
            "username": "facegate",
            "password": self.secrets[0],
        }
        self.messages: list[tuple[str, dict[str, Any], bool]] = []
        self._prefix = prefix
        self._client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5 if broker.protocol == "5" else paho.MQTTv311
        )
        self._client.reconnect_delay_set(1, 1)
        if username is not None:
            self._client.username_pw_set(username, f"{username} password")
        self._subscribed = threading.Event()
        self._client.on_connect = lambda client, *_: client.subscribe(f"{prefix}/#", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = lambda _c, _d, m: self._take(m)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        eventually(self._subscribed)

    @property
    def opened(self) -> list[str]:
        return [m["event_id"] for topic, m, _ in self.messages if topic == "command" and m["command"] == "open"]

    @property
    def mode(self) -> str | None:
        modes = [m["mode"] for topic, m, _ in self.messages if topic == "mode"]
        return modes[-1] if modes else None

    def say(self, payload: str) -> None:
        self._client.publish(f"{self._prefix}/state", payload, qos=1).wait_for_publish(5)

    def lose(self) -> None:
        self._subscribed.clear()

    def back(self) -> None:
        eventually(self._subscribed)

    def hang(self) -> None:
        self.broker.signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.broker.signal(signal.SIGCONT)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, message: paho.MQTTMessage) -> None:
        topic = message.topic.removeprefix(self._prefix + "/")
        # amqtt hands retained messages of other topics to a new subscriber, too (0.12.1).
        if topic in ("command", "mode") and message.payload:
            self.messages.append((topic, json.loads(message.payload), bool(message.retain)))
