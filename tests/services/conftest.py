"""What tests of the services share: processes on one database, with one clock."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import active_count
from typing import Any

import pytest

from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from app.adapters.db.store import SqlStore
from app.core.events.decision import RecordedDecision
from app.services.gates.dispatcher import GateDispatcher
from app.services.gates.gate_settings import GateSettings
from tests.fakes import Clock, new_id, person, photo
from tests.services.gate_hardware import TURNSTILE, Turnstile, Yard
from tests.services.meanwhile import Meanwhile
from tests.services.process import Process
from tests.waiting import eventually

Start = Callable[..., Process]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(
    database_url: str, vault: Vault, signer: Ed25519Signer, clock: Clock, tmp_path: Path
) -> Iterator[Callable[..., Process]]:
    """Starts a process on the test's database; settings of `Access` can be given."""
    opened: list[SqlStore] = []

    def begin(**access: Any) -> Process:
        process = Process(database_url, vault, signer, clock, tmp_path, **access)
        if "store" not in access:
            opened.append(process.store)
        return process

    yield begin
    for store in opened:
        store.close()


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Iterator[Meanwhile]:
    with ThreadPoolExecutor() as pool:
        yield Meanwhile(monkeypatch, pool)


@pytest.fixture
def site(start: Callable[..., Process]) -> Process:
    """A process, and a gate named lobby-1."""
    process = start()
    process.gates.add("lobby-1")
    return process


@pytest.fixture
def yard(clock: Clock) -> Yard:
    return Yard(clock)


@pytest.fixture
def gate_settings(site: Process, yard: Yard, clock: Clock) -> GateSettings:
    return GateSettings(site.store, site.vault, clock, new_id, yard.check)


@pytest.fixture
def control(site: Process, yard: Yard, clock: Clock) -> Iterator[GateDispatcher]:
    """Not started yet. When it is closed, no thread is left."""
    before = active_count()

    def every() -> list[str]:
        with site.store.read() as tx:
            return [gate.id for gate in tx.gates.all()]

    control = GateDispatcher(site.store, site.vault, site.signer, clock, new_id, every, yard.build, tick_s=0.02)
    yield control
    control.close()
    eventually(lambda: active_count() <= before)


@pytest.fixture
def turnstile(gate_settings: GateSettings, control: GateDispatcher, yard: Yard) -> Turnstile:
    """Stands at lobby-1, connected."""
    gate_settings.change("lobby-1", TURNSTILE)
    control.start()
    (built,) = yard.built
    return built


@pytest.fixture
def answer(site: Process) -> RecordedDecision:
    """Somebody was let in at lobby-1; the event is committed."""
    site.enrol("E-1", photo(person(0)))
    found = site.decide(photo(person(0)))
    assert found.verdict == "open"
    return found
