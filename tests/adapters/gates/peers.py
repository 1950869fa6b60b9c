"""What stands at the other end of each kind of gate: a relay over HTTP, a broker and a controller, a panel, a board.

They are real (sockets, a broker in a process of its own, libosdp, a terminal pair) and check what they are sent.
"""

import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import osdp_sys
import paho.mqtt.client as paho
from osdp import Channel, LibFlag, PDInfo

from app.core.gates import OpenCommand

HERE = Path(__file__).parent
BROKER_STARTS_S = 10.0
_ids = count(1001)


def now() -> datetime:
    return datetime.now(UTC)


def command(seconds: float = 2.0, event_id: str | None = None, age_s: float = 0.0) -> OpenCommand:
    """seconds: length of the window. age_s: how long ago it began. The event id is the card number as well."""
    name = event_id or str(next(_ids))
    at = now() - timedelta(seconds=age_s)
    return OpenCommand(name, "lobby-1", at, at + timedelta(seconds=seconds), name)


def eventually(condition: Callable[[], object], seconds: float = 5.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.002)


def never(condition: Callable[[], object], seconds: float = 0.3) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        assert not condition()
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def drivers_threads() -> list[str]:
    """Names of the threads that drivers own; the peers' MQTT client has a name of its own."""
    return [t.name for t in threading.enumerate() if t.name.startswith(("gate-", "paho-mqtt-client-facegate"))]


class Peer(Protocol):
    """opened: event ids it was told to open for. mode: 'secure' or 'release' as told last, or None."""

    kind: str
    config: dict[str, Any]
    secrets: tuple[str, ...]

    @property
    def opened(self) -> list[str]: ...
    @property
    def mode(self) -> str | None: ...
    def hang(self) -> None: ...
    def go_on(self) -> None: ...
    def close(self) -> None: ...


# MQTT


class Broker:
    """flavour: 'amqtt' (MQTT 3.1.1) or 'mosquitto' (MQTT 5)."""

    def __init__(self, flavour: str, folder: Path) -> None:
        self.port = free_port()
        self.protocol = "3.1.1" if flavour == "amqtt" else "5"
        if flavour == "amqtt":
            self._command = [sys.executable, str(HERE / "broker.py"), str(self.port)]
        else:
            config = folder / "mosquitto.conf"
            config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
            self._command = [str(mosquitto()), "-c", str(config)]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self._listens, BROKER_STARTS_S)

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

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.secrets = ("hunter2hunter2",)
        prefix = f"site/{next(_ids)}"
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
        self._subscribed = threading.Event()
        self._client.on_connect = lambda client, *_: client.subscribe(f"{prefix}/#", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = lambda _c, _d, m: self._take(m)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        assert self._subscribed.wait(5)

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
        assert self._subscribed.wait(10)

    def hang(self) -> None:
        self.broker.signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.broker.signal(signal.SIGCONT)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, message: paho.MQTTMessage) -> None:
        topic = message.topic.removeprefix(self._prefix + "/")
        if topic != "state":
            self.messages.append((topic, json.loads(message.payload), bool(message.retain)))


# OSDP


class _PtyChannel(Channel):
    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.id = descriptor
        self._descriptor = descriptor

    def read(self, max_bytes: int) -> bytes:
        with suppress(OSError):
            return os.read(self._descriptor, max_bytes)
        return b""

    def write(self, buf: bytes) -> int:
        with suppress(OSError):
            return os.write(self._descriptor, buf)
        return 0

    def flush(self) -> None:
        pass


class Panel:
    kind = "osdp"
    mode = None

    def __init__(self, key: bytes = bytes(range(16, 32)), config_key: bytes | None = None) -> None:
        self._master, self._slave = terminal_pair()
        os.set_blocking(self._master, False)
        self._key = key
        self.secrets = ((config_key or key).hex(),)
        self.cards: list[tuple[int, bytes]] = []
        self.config: dict[str, Any] = {
            "gate": "lobby-1",
            "device": os.ttyname(self._slave),
            "key": self.secrets[0],
            "card_format": "wiegand26",
            "facility": 7,
        }
        self._running = threading.Event()
        self.start()

    @property
    def opened(self) -> list[str]:
        return [str(int.from_bytes(data, "big") >> (-length % 8) + 1 & 0xFFFF) for length, data in self.cards]

    def start(self) -> None:
        """A fresh panel, as after a power cut: it knows of no earlier session."""
        termios.tcflush(self._master, termios.TCIOFLUSH)
        osdp_sys.set_loglevel(0)
        info = PDInfo(0, _PtyChannel(self._master), scbk=self._key, flags=[LibFlag.EnforceSecure])
        self._panel = osdp_sys.ControlPanel([info.get()])
        self._panel.set_event_callback(self._take)
        self.go_on()

    def hang(self) -> None:
        self._running.clear()
        self._thread.join()

    def go_on(self) -> None:
        self._running.set()
        self._thread = threading.Thread(target=self._run, name="panel")
        self._thread.start()

    def close(self) -> None:
        if self._thread.is_alive():
            self.hang()
        os.close(self._master)
        os.close(self._slave)

    def _run(self) -> None:
        while self._running.is_set():
            self._panel.refresh()
            time.sleep(0.002)

    def _take(self, _reader: int, event: dict[str, Any]) -> int:
        if event["event"] == osdp_sys.EVENT_CARDREAD:
            self.cards.append((event["length"], bytes(event["data"])))
        return 0


# Serial


def terminal_pair() -> tuple[int, int]:
    master, slave = pty.openpty()
    tty.setraw(master)
    tty.setraw(slave)
    return master, slave


class RelayBoard:
    """Reads what a USB relay board would and switches; `opened` has an entry each time it is switched on."""

    kind = "serial"
    ON, OFF = bytes.fromhex("A00101A2"), bytes.fromhex("A00100A1")

    def __init__(self) -> None:
        self._master, self._slave = terminal_pair()
        os.set_blocking(self._master, False)
        self.secrets: tuple[str, ...] = ()
        self.config: dict[str, Any] = {"gate": "lobby-1", "device": os.ttyname(self._slave), "open_s": 0.15}
        self.told: list[str] = []
        self._bytes = b""
        self._reading = threading.Event()
        self.go_on()

    @property
    def opened(self) -> list[str]:
        return [word for word in self.told if word == "release"]

    @property
    def mode(self) -> str | None:
        return self.told[-1] if self.told else None

    def hang(self) -> None:
        """Stops reading and fills the line, so that nothing more goes in."""
        self._reading.clear()
        self._thread.join()
        filler = os.open(self.config["device"], os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        quiet = 0
        while quiet < 20:
            # The kernel moves what it has from one buffer to the next: full is what stays full.
            try:
                os.write(filler, b"\0" * 64)
                quiet = 0
            except BlockingIOError:
                quiet += 1
                time.sleep(0.001)
        os.close(filler)

    def go_on(self) -> None:
        self._reading.set()
        self._thread = threading.Thread(target=self._run, name="relay board")
        self._thread.start()

    def close(self) -> None:
        self._reading.clear()
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)

    def _run(self) -> None:
        while self._reading.is_set():
            with suppress(BlockingIOError):
                self._bytes += os.read(self._master, 4096)
            self._bytes = self._bytes.lstrip(b"\0")
            while len(self._bytes) >= 4:
                word, self._bytes = self._bytes[:4], self._bytes[4:].lstrip(b"\0")
                self.told.append({self.ON: "release", self.OFF: "secure"}[word])
            time.sleep(0.001)


@contextmanager
def closing(peer: Any) -> Iterator[Any]:
    try:
        yield peer
    finally:
        peer.close()
