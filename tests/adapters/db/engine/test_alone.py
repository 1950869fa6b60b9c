"""Work that is done alone: of all processes on a database one has it, until it ends or is killed."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import pytest

from app.adapters.db.store import SqlStore
from tests.stores import open_store
from tests.waiting import eventually

HOLDS = """
import sys
from tests.stores import open_store
with open_store(sys.argv[1]).alone("import-1") as mine:
    print(mine, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(database_url: str) -> Iterator[SqlStore]:
    """Another process's."""
    store = open_store(database_url)
    yield store
    store.close()


def free(store: SqlStore) -> bool:
    with store.alone("import-1") as mine:
        return mine


def test_lock_is_held_until_the_block_ends(store: SqlStore, other: SqlStore, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="it failed"), store.alone("import-1") as mine:
        assert mine and not free(other) and not free(store)
        with other.alone("import-2") as another:
            assert another
        raise ValueError("it failed")
    assert free(other) and not list(tmp_path.glob("*.lock"))


def test_killed_process_loses_the_lock(store: SqlStore, database_url: str) -> None:
    words = [sys.executable, "-c", HOLDS, database_url]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        try:
            assert holder.stdout.readline() == "True\n" and not free(store)
        finally:
            holder.kill()
            holder.wait()
        eventually(lambda: free(store))


def test_two_processes_never_hold_the_lock(store: SqlStore, other: SqlStore) -> None:
    inside = Lock()

    def once(of: SqlStore) -> bool:
        with of.alone("import-1") as mine:
            if mine:
                assert inside.acquire(blocking=False), "two have it"
                inside.release()
            return mine

    def often(of: SqlStore) -> bool:
        for _ in range(100):
            once(of)
        return eventually(lambda: once(of), "its turn")

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(often, (store, other))) == [True, True]
