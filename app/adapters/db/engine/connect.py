"""Opens a database so that whatever it acknowledges is on the disk: the pragmas, the BEGIN, the pool, the timeouts.

SQLite's driver begins transactions by rules of its own. `isolation_level=None` turns that off, and every transaction
here starts with a BEGIN that says whether it will write.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Column, Connection, Engine, QueuePool, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, IntegrityError

from app.core.cameras.url_login import CURE
from app.core.errors import Fault

DEFAULT_WAIT_MS = 2000
_BEGIN = "facegate_begin"
_WAIT = "facegate_wait_ms"


def parse(url: str) -> URL:
    """The URL with the driver we ship: `postgresql://` means psycopg. Raises ValueError for any other database."""
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        if "@" in f"{parsed.host}{parsed.database}":  # a password was cut in two, and its rest would be shown as a host
            raise ValueError(f"the address has one @ too many: {CURE}")
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite+pysqlite")
    raise ValueError("the database must be sqlite:///a/file or postgresql://...")


def sqlite_file(url: str) -> Path | None:
    """The file behind an SQLite URL, None for PostgreSQL."""
    parsed = parse(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def make_engine(url: str, *, foreign_keys: bool = True) -> Engine:
    """An engine with a small pool. Connects on first use. foreign_keys=False lets a migration rebuild tables.

    Raises Fault if PostgreSQL's driver is not installed.
    """
    parsed = parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, foreign_keys)
    try:
        engine = create_engine(
            parsed,
            # A traceback that reaches the log would show names and keys as parameters of the statement.
            hide_parameters=True,
            pool_size=8,
            max_overflow=8,
            pool_timeout=DEFAULT_WAIT_MS / 1000,
            pool_pre_ping=True,  # a server that restarted must cost a reconnect, not a closed gate
            connect_args={"connect_timeout": 2, "tcp_user_timeout": DEFAULT_WAIT_MS},
        )
    except ModuleNotFoundError as error:
        if error.name != "psycopg":
            raise
        cure = "in the project's folder, run pip install -e '.[postgres]'"
        raise Fault(f"database_url: PostgreSQL needs a driver that is not installed: {cure}") from None
    event.listen(engine, "handle_error", _forget_values)
    event.listen(engine, "connect", _mind_pooler)
    return engine


def _mind_pooler(connection: Any, _record: Any) -> None:
    """Turns prepared statements off behind a pooler such as PgBouncer, where each transaction may get another session.

    A pooler reports a process number of its own, which differs from that of the server's session.
    """
    server = connection.execute("SELECT pg_backend_pid()").fetchone()[0]
    connection.rollback()
    if server != connection.info.backend_pid:
        connection.prepare_threshold = None


def _forget_values(context: ExceptionContext) -> None:
    """Keeps values out of errors: PostgreSQL quotes them after the first line, and in it if a value is at fault."""
    vague = isinstance(context.sqlalchemy_exception, DataError)
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = ("a value cannot be stored" if vague else str(error.args[0]).partition("\n")[0],)


def reading(connection: Connection) -> Connection:
    """Sets a fresh connection up to read one consistent snapshot and change nothing, in either database."""
    if connection.dialect.name == "sqlite":
        return connection.execution_options(**{_BEGIN: "BEGIN", _WAIT: DEFAULT_WAIT_MS})
    return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def writing(connection: Connection, wait_ms: int) -> Connection:
    """Sets a fresh connection up to write. Waits at most wait_ms for SQLite's single write lock."""
    if connection.dialect.name == "sqlite":
        return connection.execution_options(**{_BEGIN: "BEGIN IMMEDIATE", _WAIT: wait_ms})
    return connection


def is_taken(error: IntegrityError, column: Column[Any]) -> bool:
    """Whether another row has this column's value, by the error of a unique key or index on this column alone."""
    diagnosis = getattr(error.orig, "diag", None)  # PostgreSQL names the constraint; SQLite's message holds no values
    if diagnosis is not None:
        return diagnosis.constraint_name in {f"{kind}_{column.table.name}_{column.name}" for kind in ("uq", "ix")}
    return str(error.orig) == f"UNIQUE constraint failed: {column.table.name}.{column.name}"


def upsert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT with ON CONFLICT, in the dialect of this connection's database."""
    return upsert_in(connection.dialect.name, table)


def upsert_in(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def _sqlite(url: URL, foreign_keys: bool) -> Engine:
    engine = create_engine(
        url,
        # A traceback that reaches the log would show names and keys as parameters of the statement.
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=40,  # the web framework's threads; an SQLite connection costs a file handle
        pool_timeout=DEFAULT_WAIT_MS / 1000,
        connect_args={"check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "do_connect")
    def make_private(*_: Any) -> None:
        # Its -wal and -shm get the file's own mode. Only a file that this call creates: opening and closing one in use
        # would drop this process's locks on it. If it cannot be created, SQLite's own error is better.
        with suppress(OSError):
            os.close(os.open(url.database or "", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        # busy_timeout first: the other pragmas may meet another process's lock.
        connection.execute(f"PRAGMA busy_timeout={DEFAULT_WAIT_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        statement = options.get(_BEGIN, "BEGIN IMMEDIATE")
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute(f"PRAGMA busy_timeout={options.get(_WAIT, DEFAULT_WAIT_MS)}")
        raw.execute(f"PRAGMA query_only={'ON' if statement == 'BEGIN' else 'OFF'}")
        connection.exec_driver_sql(statement)

    return engine
