"""Every kind of gate with its peer, and a driver that is closed, with all its threads, whatever the test does."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.adapters.gates import serial_relay
from app.adapters.gates.build import build_driver
from app.adapters.gates.http import webhook
from app.adapters.gates.mqtt import mqtt
from app.core.ports.gates import GateDriver
from tests.adapters.gates.peers import Peer, drivers_threads, now
from tests.adapters.gates.relays.brokers import Broker, MqttPeer, mosquitto
from tests.adapters.gates.relays.lines import Panel, RelayBoard
from tests.adapters.gates.relays.relay import HttpRelay
from tests.waiting import eventually

Build = Callable[..., GateDriver]
FLAVOURS = ("amqtt", "mosquitto")


class NoPeer:
    """The dry run's: there is nothing at the other end, so its records are looked at."""

    kind = "dry_run"
    config: dict[str, Any] = {}  # noqa: RUF012
    secrets: tuple[str, ...] = ()
    driver: Any = None

    @property
    def opened(self) -> list[str]:
        return [command.event_id for command in self.driver.commands]

    @property
    def mode(self) -> str | None:
        return str(self.driver.mode)

    def hang(self) -> None:
        pass

    go_on = close = hang


@pytest.fixture(scope="session")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Broker]]:
    """Brokers of the session by flavour, started when first asked for."""
    started = _Brokers(tmp_path_factory.mktemp("brokers"))
    yield started
    for broker in started.values():
        broker.kill()


class _Brokers(dict[str, Broker]):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def __missing__(self, flavour: str) -> Broker:
        if flavour == "mosquitto" and mosquitto() is None:
            pytest.skip("no mosquitto here; amqtt has the same tests")
        broker = self[flavour] = Broker(flavour, self._folder)
        return broker


@pytest.fixture(params=["dry_run", "webhook", "mqtt-amqtt", "mqtt-mosquitto", "osdp", "serial"])
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    kind, _, flavour = request.param.partition("-")
    made: Any
    if kind == "mqtt":
        made = MqttPeer(request.getfixturevalue("brokers")[flavour])
    else:
        made = {"dry_run": NoPeer, "webhook": HttpRelay, "osdp": Panel, "serial": RelayBoard}[kind]()
    yield made
    made.go_on() if kind == "mqtt" else None
    made.close()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second instead of two for what is told to a peer that is not there, and a fifth of the pause between
    tellings of a mode that somebody else contradicts."""
    for module in (webhook, mqtt, serial_relay):
        monkeypatch.setattr(module, "MODE_WAIT_S", 0.5)
    monkeypatch.setattr(mqtt, "AGAIN_S", 0.2)


@pytest.fixture
def states() -> list[Any]:
    return []


@pytest.fixture
def build(states: list[Any]) -> Iterator[Build]:
    """build(peer, ready=True, **config): a driver to that peer, connected if ready."""
    built: list[GateDriver] = []

    def make(peer: Any, *, ready: bool = True, released: bool = False, **config: Any) -> GateDriver:
        driver = build_driver(peer.kind, peer.config | config, on_state=states.append, clock=now, released=released)
        built.append(driver)
        peer.driver = driver
        if ready:
            eventually(lambda: driver.healthy() is None)
            eventually(lambda: peer.kind == "osdp" or peer.mode == ("release" if released else "secure"))
        return driver

    yield make
    for driver in built:
        driver.close()
    assert drivers_threads() == []
