"""What opening a database does to the disk, and says where it cannot be opened."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app.adapters.db.engine.connect import make_engine
from app.adapters.db.transaction import SqlTransaction
from app.core.errors import Fault
from tests.stores import upgrade


@pytest.fixture
def careless() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("careless")
def test_new_database_is_private_in_a_shared_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    url = f"sqlite:///{tmp_path / 'facegate.db'}"
    upgrade(url)
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE x (y)"))
        modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.glob("facegate.db*")}
    engine.dispose()
    del modes["facegate.db.lock"]  # always empty
    assert modes == dict.fromkeys(("facegate.db", "facegate.db-wal", "facegate.db-shm"), 0o600)


@pytest.mark.usefixtures("careless")
def test_existing_database_keeps_its_file_mode(tmp_path: Path) -> None:
    """An operator may let a backup's group read it."""
    file = tmp_path / "facegate.db"
    file.touch()
    file.chmod(0o640)
    upgrade(f"sqlite:///{file}")
    assert file.stat().st_mode & 0o777 == 0o640


def test_missing_driver_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "psycopg"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(Fault, match=r"pip install -e '\.\[postgres\]'") as caught:
        make_engine("postgresql://u:hunter2@127.0.0.1:1/d")
    assert "hunter2" not in str(caught.value)


def test_a_connection_without_a_key_reads_and_writes_nothing(database_url: str) -> None:
    """There is no key to fall back to: rows sealed under a known one would look like ours."""
    engine = make_engine(database_url)
    with engine.connect() as connection, pytest.raises(KeyError, match="facegate_seals"):
        SqlTransaction(connection, writing=True, server_clock=False)
    engine.dispose()
