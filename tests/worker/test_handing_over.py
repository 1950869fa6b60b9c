"""A gate goes from one process to another: who had it lets go of its hardware, and only then the other takes it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from threading import Event, Thread

import pytest

from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from app.adapters.db.repositories.cameras import CameraRows
from app.adapters.db.store import SqlStore
from app.core.cameras.camera import Camera
from app.core.gates.gate import Gate
from app.services.gates.dispatcher import GateDispatcher
from app.services.gates.gate_settings import GateSettings
from app.services.site.gate_leases import LEASE, GateLeases
from app.worker.supervisor import Supervisor
from tests.fakes import Clock, new_id
from tests.services.gate_hardware import TURNSTILE, Turnstile, Yard
from tests.services.meanwhile import Meanwhile
from tests.stores import open_store
from tests.waiting import eventually
from tests.worker.workers import Worker


class GateUpdate:
    """A process that drives gates; `sync` is its supervisor's look."""

    def __init__(self, url: str, vault: Vault, signer: Ed25519Signer, clock: Clock) -> None:
        self.store, self.yard = open_store(url), Yard(clock)
        self.gate_leases = GateLeases(self.store, clock)
        self.control = GateDispatcher(
            self.store,
            vault,
            signer,
            clock,
            new_id,
            self.gate_leases.gates,
            self.yard.build,
            tick_s=0.02,
            others=self.gate_leases.others,
        )
        self.supervisor = Supervisor(self.gate_leases, self.store, clock, new_id, lambda _: pytest.fail(), self.control)
        self.sync = self.supervisor.sync
        self.control.start()

    def has(self) -> bool:
        """A driver that nobody has begun to close."""
        return bool(self.yard.built) and not self.yard.built[-1].closed


@pytest.fixture
def begin(database_url: str, vault: Vault, signer: Ed25519Signer, clock: Clock) -> Iterator[Callable[[], GateUpdate]]:
    running: list[GateUpdate] = []

    def process() -> GateUpdate:
        running.append(GateUpdate(database_url, vault, signer, clock))
        return running[-1]

    yield process
    for one in running:
        one.supervisor.stop()
        one.store.close()


@pytest.fixture
def gates(store: SqlStore, vault: Vault, clock: Clock) -> Callable[[str], Gate]:
    settings = GateSettings(store, vault, clock, new_id, Yard(clock).check)
    return lambda name: settings.add(name, TURNSTILE)


class Slow:
    """Holds a turnstile's closing up until it may go on: there its fail mode is told."""

    def __init__(self, turnstile: Turnstile) -> None:
        self.begun, self.go_on, self.over = Event(), Event(), Event()
        self._close = turnstile.close
        turnstile.close = self  # type: ignore[method-assign, assignment]

    def __call__(self, *, set_mode: bool) -> None:
        self._close(set_mode=set_mode)
        self.begun.set()
        eventually(self.go_on)
        self.over.set()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.worker.supervisor.SYNC_S", 0.02)


def test_process_that_stops_gives_up_a_gate_before_the_next_one_takes_it(
    begin: Callable[[], GateUpdate], gates: Callable[[str], Gate], clock: Clock
) -> None:
    gates("lobby-1")
    a, b = begin(), begin()
    a.sync()
    eventually(a.has)
    leaving = Slow(a.yard.built[0])
    stopping = Thread(target=a.supervisor.stop)
    stopping.start()
    eventually(leaving.begun)
    for _ in range(8):  # far longer than a lease lasts
        clock.advance(seconds=LEASE.total_seconds() / 2)
        eventually(lambda: until(a) == clock() + LEASE)
        b.sync()
        assert b.gate_leases.gates() == frozenset() and b.yard.built == []
    leaving.go_on.set()
    stopping.join(30)
    assert leaving.over.is_set() and a.yard.built[0].set_mode_at_close
    b.sync()
    eventually(b.has)


def until(one: GateUpdate) -> datetime | None:
    """When its leases end."""
    with one.store.read() as tx:
        return max(
            (until for who, until in tx.leases.holders().values() if who == one.gate_leases.holder), default=None
        )


def test_process_gives_up_a_gate_before_the_next_one_takes_it(
    begin: Callable[[], GateUpdate], gates: Callable[[str], Gate], clock: Clock
) -> None:
    gates("east"), gates("west")
    a, b = begin(), begin()
    a.sync()
    eventually(lambda: len(a.yard.built) == 2)
    leaving = [Slow(turnstile) for turnstile in a.yard.built]
    b.sync()
    a.sync()
    eventually(lambda: any(slow.begun.is_set() for slow in leaving))
    for _ in range(8):
        clock.advance(seconds=2)
        a.sync()
        b.sync()
        assert len(a.gate_leases.gates()) == 1 and b.gate_leases.gates() == frozenset()
    for slow in leaving:
        slow.go_on.set()
    eventually(lambda: len(a.control.held()) == 1)
    a.sync()
    b.sync()
    eventually(b.has)
    assert len(b.gate_leases.gates()) == 1


def test_gate_that_comes_back_is_taken_once_it_is_released(
    begin: Callable[[], GateUpdate], gates: Callable[[str], Gate], clock: Clock
) -> None:
    gates("east"), gates("west")
    a, b = begin(), begin()
    a.sync()
    eventually(lambda: len(a.yard.built) == 2)
    leaving = [Slow(turnstile) for turnstile in a.yard.built]
    b.sync()
    a.sync()
    eventually(lambda: any(slow.begun.is_set() for slow in leaving))
    b.supervisor.stop()
    a.sync()
    assert len(a.gate_leases.gates()) == 2 and len(a.yard.built) == 2
    for slow in leaving:
        slow.go_on.set()
    eventually(lambda: len(a.yard.built) == 3)
    assert len(a.control.held()) == 2


def test_hanging_hardware_does_not_keep_its_gate(
    begin: Callable[[], GateUpdate], gates: Callable[[str], Gate], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.gates.driver_pool.CLOSE_S", 0.1)
    gates("lobby-1")
    a, b = begin(), begin()
    a.sync()
    eventually(a.has)
    leaving = Slow(a.yard.built[0])
    a.supervisor.stop()
    assert leaving.begun.is_set() and not leaving.over.is_set()
    b.sync()
    eventually(b.has)
    leaving.go_on.set()


@pytest.mark.parametrize("stops", [False, True])
def test_process_that_lost_its_lease_sends_nothing_to_the_gate(
    begin: Callable[[], GateUpdate], gates: Callable[[str], Gate], clock: Clock, stops: bool
) -> None:
    """It slept, or its way to the database was cut: its fail mode would undo what the other one has told the gate."""
    gates("lobby-1")
    a, b = begin(), begin()
    a.sync()
    eventually(a.has)
    clock.advance(seconds=2 * LEASE.total_seconds())
    b.sync()
    eventually(b.has)
    a.supervisor.stop() if stops else a.sync()
    eventually(lambda: a.yard.built[0].closed == 1)
    assert not a.yard.built[0].set_mode_at_close
    b.supervisor.stop()
    assert b.yard.built[0].set_mode_at_close


def test_gate_added_during_assignment_is_assigned_next(
    start: Callable[..., Worker], add: Callable[..., Camera], meanwhile: Meanwhile
) -> None:
    """Each statement of READ COMMITTED sees what is committed by then: a camera whose gate was not yet there."""
    add("east")
    worker = start()
    meanwhile.before(CameraRows, "all", lambda: add("west", "west-gate"))
    worker.supervisor.sync()
    meanwhile.results()
    worker.supervisor.sync()
    assert worker.watches() == ["east", "west"]
