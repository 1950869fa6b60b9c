"""An SQLite file that is moved, deleted or replaced under the service: nothing is recorded where nobody looks."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.adapters.db.store import SqlStore
from app.core.errors import Cause, NotRecorded
from app.core.gates.gate import Gate
from tests.fakes import NOW
from tests.stores import open_store


@pytest.fixture
def file(sqlite_template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(sqlite_template, tmp_path / "facegate.db"))


@pytest.fixture
def store(file: Path) -> Iterator[SqlStore]:
    """With a connection in its pool, and one gate."""
    store = open_store(f"sqlite:///{file}")
    add(store, "1")
    yield store
    store.close()


def add(store: SqlStore, gate: str) -> None:
    with store.write() as tx:
        tx.gates.add(Gate(gate, f"gate-{gate}", created_at=NOW))


def moved(file: Path) -> None:
    file.rename(file.with_name("elsewhere.db"))


def deleted(file: Path) -> None:
    file.unlink()


def replaced(file: Path) -> None:
    copy = shutil.copy(file, file.with_name("copy.db"))
    Path(copy).replace(file)


@pytest.mark.parametrize("happens", [moved, deleted, replaced])
def test_moved_file_records_nothing_and_names_the_cure(
    store: SqlStore, file: Path, happens: Callable[[Path], None]
) -> None:
    happens(file)
    for _ in range(2):
        with pytest.raises(NotRecorded, match="put it back, or restart the service") as refused:
            add(store, "2")
        assert refused.value.cause is Cause.MOVED
    assert store.failures == 2
    with pytest.raises(NotRecorded, match="put it back"), store.read():
        pass
    assert file.exists() is (happens is replaced), "no empty database is made in its place"


def test_restored_file_is_used_again(store: SqlStore, file: Path) -> None:
    moved(file)
    with pytest.raises(NotRecorded):
        add(store, "2")
    file.with_name("elsewhere.db").rename(file)
    add(store, "2")
    with store.read() as tx:
        assert [gate.id for gate in tx.gates.all()] == ["1", "2"]


def test_a_folder_that_is_moved_is_noticed(sqlite_template: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "facegate.db")
    store = open_store(f"sqlite:///{folder / 'facegate.db'}")
    add(store, "1")
    folder.rename(tmp_path / "old")
    with pytest.raises(NotRecorded, match="was moved"):
        add(store, "2")
    store.close()
