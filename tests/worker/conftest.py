"""What tests of the supervisor share: a site with a gate, cameras, and processes that watch them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from app.adapters.db.store import SqlStore
from app.core.cameras.camera import Camera
from app.core.gates.gate import Gate
from app.services.gates.gate_list import GateList
from tests.fakes import Clock, new_id
from tests.services.meanwhile import Meanwhile
from tests.worker.workers import Worker


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Iterator[Meanwhile]:
    with ThreadPoolExecutor() as pool:
        yield Meanwhile(monkeypatch, pool)


@pytest.fixture
def start(database_url: str, clock: Clock) -> Iterator[Callable[..., Worker]]:
    running: list[Worker] = []

    def begin(*only: str) -> Worker:
        running.append(Worker(database_url, clock, only))
        return running[-1]

    yield begin
    for worker in running:
        worker.supervisor.stop()
        worker.store.close()


@pytest.fixture
def gate(store: SqlStore, clock: Clock) -> Gate:
    return GateList(store, clock, new_id).add("lobby-1")


@pytest.fixture
def add(store: SqlStore, gate: Gate, clock: Clock) -> Callable[..., Camera]:
    """Adds a camera at lobby-1, or at a gate of its own."""

    def camera(name: str, at: str | None = None) -> Camera:
        where = gate if at is None else GateList(store, clock, new_id).add(at)
        added = Camera(new_id(), name, where.id, b"sealed", created_at=clock())
        with store.write() as tx:
            tx.cameras.add(added)
        return added

    return camera


@pytest.fixture
def change(store: SqlStore) -> Callable[..., Camera]:
    def become(camera: Camera, **fields: Any) -> Camera:
        changed = replace(camera, **fields)
        with store.write() as tx:
            tx.cameras.update(changed)
        return changed

    return become
