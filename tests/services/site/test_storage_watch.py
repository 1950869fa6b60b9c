"""Whether events can be recorded is tried, and what keeps them from it has a name."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app.adapters.db.engine.connect import make_engine, sqlite_file
from app.adapters.db.store import SqlStore
from app.core.alerts.alert import AlertKind
from app.core.errors import Cause, NotRecorded
from app.services.alerts.alert_list import AlertList
from app.services.site import storage_watch
from app.services.site.own_alerts import OwnAlerts
from app.services.site.storage_watch import BALLAST_BYTES, StorageWatch
from tests.fakes import NOW, Clock, new_id
from tests.stores import open_store, upgrade
from tests.waiting import HANG_S

SHORT = timedelta(milliseconds=300)  # for a write that a lock keeps out; one that must succeed has all the time


def watch_of(store: SqlStore) -> tuple[StorageWatch, AlertList]:
    own = OwnAlerts(store, Clock(), new_id)
    watch = StorageWatch(store, own, lambda: NOW, timedelta(seconds=HANG_S))
    return watch, AlertList(store, lambda: NOW, own.unstored)


def kinds(alerts: AlertList) -> list[tuple[AlertKind, str]]:
    """What is wrong now, acknowledged or not."""
    return [(one.alert.kind, one.alert.detail) for one in alerts.find() if one.alert.cleared_at is None]


def why(watch: StorageWatch) -> Cause | None:
    with pytest.raises(NotRecorded) as refused:
        watch.try_it()
    return refused.value.cause


def test_test_write_is_as_large_as_an_event_once_a_second(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    watch, alerts = watch_of(store)
    written: list[int] = []
    write = store.write
    monkeypatch.setattr(store, "write", lambda *at: written.append(1) or write(*at))
    monkeypatch.setattr(storage_watch, "FRESH_S", HANG_S)
    for _ in range(50):
        watch.try_it()
    assert len(written) == 2 and kinds(alerts) == [], "the trial, and an alert of an earlier process is ended"
    with store._engine.connect() as connection:
        size = connection.execute(text("SELECT length(ballast) FROM heartbeat")).scalar()
    assert size == BALLAST_BYTES
    monkeypatch.setattr(storage_watch, "FRESH_S", -1.0)
    watch.try_it()
    assert len(written) == 3
    with store.read() as tx:
        assert tx.heartbeats.last() == NOW


def test_failing_write_replaces_an_older_result(
    store: SqlStore, database_url: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, alerts = watch_of(store)
    watch.try_it()
    other = make_engine(database_url)
    with other.connect() as connection:
        connection.execute(text("SELECT 1" if database == "sqlite" else "LOCK TABLE heartbeat, gates"))
        with pytest.raises(NotRecorded), store.write(SHORT) as tx:
            tx.heartbeats.beat(NOW, b"")
        with monkeypatch.context() as hurry:
            hurry.setattr(watch, "_deadline", SHORT)
            assert why(watch) is Cause.LOCKED
            assert why(watch) is Cause.LOCKED
        if database == "sqlite":
            assert kinds(alerts) == [(AlertKind.DATABASE_UNWRITABLE, str(Cause.LOCKED))], "of memory"
    other.dispose()
    monkeypatch.setattr(storage_watch, "FRESH_S", -1.0)
    watch.try_it()
    assert kinds(alerts) == []


def test_server_that_takes_no_writes_is_read_only(store: SqlStore, database: str, database_url: str) -> None:
    if database != "postgresql":
        pytest.skip("of a server")
    engine = make_engine(database_url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = connection.execute(text("SELECT current_database()")).scalar()
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
        store._engine.dispose()
        watch, alerts = watch_of(store)
        assert why(watch) is Cause.READ_ONLY
        assert kinds(alerts) == [(AlertKind.DATABASE_UNWRITABLE, str(Cause.READ_ONLY))]
        connection.execute(text("SET default_transaction_read_only = off"))
        connection.execute(text(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'))
    engine.dispose()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def on(disk: Path) -> SqlStore:
    url = f"sqlite:///{disk / 'facegate.db'}"
    upgrade(url)
    return open_store(url)


def test_read_only_disk_is_named(disk: Path) -> None:
    store = on(disk)
    watch, _ = watch_of(store)
    store._engine.dispose()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert why(watch) is Cause.READ_ONLY
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    store.close()


def test_full_disk_is_named(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = on(disk)
    watch, alerts = watch_of(store)
    filler = disk / "filler"
    with pytest.raises(OSError, match="No space"), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    assert why(watch) is Cause.DISK_FULL
    assert kinds(alerts) == [(AlertKind.DATABASE_UNWRITABLE, str(Cause.DISK_FULL))]
    filler.unlink()
    monkeypatch.setattr(storage_watch, "FRESH_S", -1.0)
    watch.try_it()
    assert kinds(alerts) == []
    store.close()


def test_invalid_database_file_is_named(store: SqlStore, database: str, database_url: str) -> None:
    file = sqlite_file(database_url)
    if database != "sqlite" or file is None:
        pytest.skip("of a file")
    store._engine.dispose()
    with closing(sqlite3.connect(file)) as database_:
        database_.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file.write_bytes(b"no database at all" * 1000)
    watch, _ = watch_of(store)
    assert why(watch) is Cause.DAMAGED
