"""SQLite keeps old pages of the erased in its write-ahead log: they leave it in the end, and nobody waits for that."""

import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from app.adapters.db.store import SqlStore
from app.core.gates.gate import Gate
from app.core.types import Employee
from tests.stores import open_store
from tests.waiting import eventually, never, pass_time

ADA = Employee("01A", "E-1001", "Ada", legal_basis="Ada Lovelace")  # of her row, this is not sealed
MARK = b"Ada Lovelace"


@pytest.fixture
def store(tmp_path: Path, sqlite_template: Path) -> Iterator[SqlStore]:
    """Knows Ada, and nothing of it was read yet."""
    store = again(Path(shutil.copy(sqlite_template, tmp_path / "facegate.db")))
    with store.write() as tx:
        tx.employees.add(ADA)
    yield store
    store.close()


@pytest.fixture
def other(store: SqlStore, tmp_path: Path) -> Iterator[SqlStore]:
    """Another process."""
    other = again(tmp_path / "facegate.db")
    yield other
    other.close()


def again(file: Path) -> SqlStore:
    return open_store(f"sqlite:///{file}")


def erase(store: SqlStore) -> None:
    with store.write() as tx:
        tx.employees.delete(ADA.id)


def left(folder: Path) -> list[str]:
    """The files in which something of her is."""
    return [file.name for file in folder.iterdir() if file.is_file() and MARK in file.read_bytes()]


def test_erasure_during_a_long_read_delays_no_gate(store: SqlStore, other: SqlStore) -> None:
    slowest_s = 0.0
    with store.read() as reader, ThreadPoolExecutor() as pool:
        assert reader.employees.count() == 1
        began = time.monotonic()
        erasure = pool.submit(erase, store)
        for number in range(20):
            for process in (store, other):
                started = time.monotonic()
                with process.write(timedelta(seconds=1)) as tx:
                    tx.gates.add(Gate(f"{id(process)}-{number}", f"{id(process)}-{number}"))
                slowest_s = max(slowest_s, time.monotonic() - started)
            pass_time(0.05)
        erasure.result()
        assert reader.employees.count() == 1
    assert slowest_s < 1 and time.monotonic() - began > 1


@pytest.mark.parametrize("reads", ["store", "other"])
def test_log_is_emptied_after_the_reader_ends(
    store: SqlStore, tmp_path: Path, reads: str, request: pytest.FixtureRequest
) -> None:
    reader: SqlStore = request.getfixturevalue(reads)
    before = threading.active_count()
    with reader.read() as tx:
        assert tx.employees.count() == 1
        erase(store)
        assert left(tmp_path), "the reader still sees her"
    eventually(lambda: not left(tmp_path))
    eventually(lambda: threading.active_count() == before)


def test_exit_waits_briefly_for_the_reader(store: SqlStore, other: SqlStore, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        with other.read() as tx:
            assert tx.employees.count() == 1
            erase(store)
            closing = pool.submit(store.close)
            never(lambda: not left(tmp_path) or closing.done(), 0.5)
        closing.result()
    assert not left(tmp_path), "though another process still has the database open"


def test_erasure_holds_when_the_log_cannot_be_emptied(
    tmp_path: Path, store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    failing = again(tmp_path / "facegate.db")
    refused = True

    @event.listens_for(failing._engine, "connect")
    def refuse(connection: sqlite3.Connection, _: object) -> None:
        def allowed(action: int, what: str | None, *_: Any) -> int:
            return sqlite3.SQLITE_DENY if refused and what == "wal_checkpoint" else sqlite3.SQLITE_OK

        connection.set_authorizer(allowed)

    erase(failing)
    assert "wal_not_emptied after=erasure" in caplog.text
    with failing.read() as tx:
        assert tx.employees.count() == 0
    refused = False
    eventually(lambda: not left(tmp_path), "another try")
    failing.close()
