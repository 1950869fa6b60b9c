"""What a transaction promises: all or nothing, in time or not at all, one unmoving state to read."""

import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text

from app.adapters.db.engine.connect import make_engine, parse
from app.adapters.db.store import SqlStore
from app.core.errors import BadInput, Conflict, NotRecorded, Unconfirmed
from app.core.gates.gate import Gate
from app.core.types import Employee, Template
from tests.stores import open_store
from tests.waiting import pass_time

ADA = Employee("01A", "E-1001", "Ada Lovelace", email="ada@example.org")
LOBBY = Gate("01G", "lobby-1")
SHORT = timedelta(milliseconds=200)


def test_raising_block_is_rolled_back(store: SqlStore) -> None:
    with pytest.raises(RuntimeError), store.write() as tx:
        tx.employees.add(ADA)
        raise RuntimeError
    with store.read() as tx:
        assert tx.employees.count() == 0


def test_reader_sees_one_snapshot(store: SqlStore) -> None:
    with store.read() as before:
        assert before.employees.count() == 0
        with store.write() as tx:
            tx.employees.add(ADA)
        assert before.employees.count() == 0
    with store.read() as after:
        assert after.employees.count() == 1


def test_read_cannot_write(store: SqlStore) -> None:
    with pytest.raises(NotRecorded), store.read() as tx:
        tx.employees.add(ADA)
    with store.write() as tx:
        assert tx.employees.count() == 0


def test_locked_head_is_not_recorded_within_the_deadline(database_url: str, store: SqlStore) -> None:
    other = open_store(database_url)  # as another process would
    with store.write() as tx:
        tx.gates.add(LOBBY)
    with other.write() as tx:
        tx.events.lock_head(LOBBY.id)
        for writer in (store, other):
            started = time.monotonic()
            with pytest.raises(NotRecorded), writer.write(SHORT) as late:
                late.events.lock_head(LOBBY.id)
            assert 0.1 < time.monotonic() - started < 1.5
    with store.write(SHORT) as tx:
        assert tx.events.lock_head(LOBBY.id).sequence == 0
    other.close()


def test_write_past_its_deadline_is_not_recorded(store: SqlStore) -> None:
    with pytest.raises(NotRecorded), store.write(SHORT) as tx:
        tx.gates.add(LOBBY)
        pass_time(SHORT.total_seconds() * 1.1)
    with store.read() as tx:
        assert tx.gates.all() == []


def test_missing_database_raises_not_recorded(database: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/nowhere/f.db" if database == "sqlite" else f"postgresql://u@/x?host={tmp_path}"
    gone = open_store(url)
    with pytest.raises(NotRecorded) as fault, gone.write():
        pass
    assert fault.value.__cause__ is not None
    with pytest.raises(NotRecorded), gone.read():
        pass
    gone.close()


def test_full_disk_raises_not_recorded(tmp_path: Path, database: str, store: SqlStore) -> None:
    if database != "sqlite":
        pytest.skip("SQLite's page limit stands in for a full disk")
    with store._engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        pages = raw.execute("PRAGMA page_count").fetchone()[0]
        raw.execute(f"PRAGMA max_page_count={pages + 4}")
    with pytest.raises(NotRecorded), store.write() as tx:
        tx.employees.add(ADA)
        tx.templates.put(Template(ADA.id, bytes(200_000), 1, "digest", "float32"))
    with store.read() as tx:
        assert tx.employees.count() == 0


def test_concurrent_writes_lose_nothing(store: SqlStore) -> None:
    def enrol(number: int) -> None:
        with store.write(timedelta(seconds=30)) as tx:
            tx.employees.add(Employee(f"id-{number}", f"E-{number}", "Somebody"))
            tx.templates.put(Template(f"id-{number}", b"vector", 1, "digest", "float32"))

    threads = [threading.Thread(target=enrol, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as tx:
        assert tx.employees.count() == tx.templates.revision() == len(tx.templates.changed_since(0)) == 20


def test_other_contradictions_are_conflicts(store: SqlStore) -> None:
    with pytest.raises(Conflict) as refusal, store.write() as tx:
        tx.templates.put(Template("nobody", b"vector", 1, "digest", "float32"))
    assert refusal.value.code == "conflicts_with_stored"


def test_text_postgresql_cannot_store_is_bad_input(database: str, store: SqlStore) -> None:
    if database != "postgresql":
        pytest.skip("SQLite takes it")
    with pytest.raises(BadInput), store.write() as tx:
        tx.gates.add(Gate("01G", "nul \x00"))


def test_sqlite_is_durable(database: str, database_url: str) -> None:
    if database != "sqlite":
        pytest.skip("SQLite's settings")
    engine = make_engine(database_url)
    expected = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}
    with engine.connect() as connection:
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in expected}
    engine.dispose()
    assert found == expected


def test_no_database_file_holds_an_erased_employee(database: str, store: SqlStore, tmp_path: Path) -> None:
    if database != "sqlite":
        pytest.skip("PostgreSQL frees pages at its next VACUUM")
    marks = (b"Ada Lovelace", b"ada lovelace", b"ada@example.org", b"E-1001", b"TEMPLATE-BYTES", b"90210471108")
    with store.write() as tx:
        tx.employees.add(replace(ADA, card_number="90210471108"))
        tx.templates.put(Template(ADA.id, b"TEMPLATE-BYTES", 1, "digest", "float32"))
        tx.data_keys.add(ADA.id, b"key")
    there = {mark for mark in marks if any(mark in file.read_bytes() for file in tmp_path.iterdir())}
    assert there == {b"TEMPLATE-BYTES"}, "what names her is never in the clear"
    with store.write() as tx:
        tx.employees.delete(ADA.id)
        tx.data_keys.destroy(ADA.id)
        tx.events.unlink(ADA.id)
    files = [file for file in tmp_path.iterdir() if file.is_file()]
    assert files
    assert not [(file.name, mark) for file in files for mark in marks if mark in file.read_bytes()]


def test_urls() -> None:
    assert parse("postgresql://u@h/d").drivername == "postgresql+psycopg"
    for url in ("mysql://h/d", "sqlite://", "sqlite:///:memory:"):
        with pytest.raises(ValueError):
            parse(url)


def test_late_commit_is_unconfirmed(store: SqlStore) -> None:
    with pytest.raises(Unconfirmed), store.write(SHORT) as tx:
        tx.employees.add(ADA)
        event.listen(store._engine, "commit", lambda _: pass_time(0.3), once=True)
    with store.read() as tx:
        assert tx.employees.count() == 1


def test_connection_lost_during_commit_is_unconfirmed(store: SqlStore, database: str) -> None:
    if database != "postgresql":
        pytest.skip("SQLite is a file, not a server")

    def end(connection: Connection) -> None:
        raw = connection.connection.driver_connection
        assert raw is not None
        with store._engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": raw.info.backend_pid})

    with pytest.raises(Unconfirmed), store.write() as tx:
        tx.employees.add(ADA)
        event.listen(store._engine, "commit", end, once=True)
    with store.read() as tx:
        assert tx.employees.count() == 0
