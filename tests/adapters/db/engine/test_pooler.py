"""Behind a real PgBouncer in transaction mode, where every transaction may run in another session of the server."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from app.adapters.db.store import SqlStore
from app.core.gates.gate import Gate
from tests.stores import open_store, upgrade
from tests.waiting import eventually

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
CONF = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 100
"""


@pytest.fixture
def pooled_url(database: str, empty_database_url: str, tmp_path: Path) -> Iterator[str]:
    """An empty PostgreSQL database as it is reached through the pooler."""
    if database != "postgresql":
        pytest.skip("SQLite has no pooler")
    if PGBOUNCER is None:
        pytest.skip("PgBouncer is missing; install Debian's package pgbouncer (make peers does, as root)")
    url = make_url(empty_database_url)
    host = str(url.query.get("host") or url.host)
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        listen = probe.getsockname()[1]
    conf = tmp_path / "pgbouncer.ini"
    conf.write_text(CONF.format(host=host, port=url.port or 5432, user=url.username, listen=listen))
    command = [str(PGBOUNCER), "-q", str(conf)]
    if os.geteuid() == 0:  # which it refuses to be
        owner = Path(host).stat().st_uid if host.startswith("/") else 65534
        for folder in (tmp_path, *tmp_path.parents[:3]):
            folder.chmod(0o755)
        command = ["setpriv", f"--reuid={owner}", "--clear-groups", *command]
    with subprocess.Popen(command) as process:
        try:
            eventually(lambda: not _refused(listen), "PgBouncer does not answer")
            yield url.set(host="127.0.0.1", port=listen, query={}).render_as_string(False)
        finally:
            process.kill()


def _refused(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def pooled(pooled_url: str) -> Iterator[SqlStore]:
    upgrade(pooled_url)
    store = open_store(pooled_url)
    yield store
    store.close()


def test_statements_work_in_any_session(pooled: SqlStore, pooled_url: str) -> None:
    """A driver prepares what it sees the sixth time, in a session that the next transaction does not have."""
    other = open_store(pooled_url)
    try:
        for n in range(20):
            # Both at once, in either order: so they change sessions. One reads, since writers of gates wait in turn.
            first, second = (pooled, other) if n % 2 else (other, pooled)
            with first.write() as one, second.read() as two:
                assert len(two.gates.all()) == n
                one.gates.add(Gate(f"{n:02d}", f"gate-{n}"))
        with pooled.read() as tx:
            assert len(tx.gates.all()) == 20
    finally:
        other.close()


def test_exclusive_lock_is_released_through_a_pooler(pooled: SqlStore, pooled_url: str) -> None:
    """Also where the pooler gives the session to somebody else afterwards."""
    other = open_store(pooled_url)
    try:
        for _ in range(6):
            with pooled.alone("import-1") as mine, other.alone("import-1") as second:
                assert mine and not second
            with other.alone("import-1") as mine:
                assert mine
    finally:
        other.close()


def test_without_a_pooler_statements_are_prepared(database: str, store: SqlStore) -> None:
    if database != "postgresql":
        pytest.skip("SQLite has no pooler")
    with store._engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        raw = connection.connection.driver_connection
        assert raw is not None and raw.prepare_threshold == 5
