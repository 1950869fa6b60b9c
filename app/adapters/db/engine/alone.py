"""Work that only one process at a time may do on a database, on any machine. A killed process releases it."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError


@contextmanager
def alone(engine: Engine, what: str) -> Iterator[bool]:
    """Yields whether this block may do the work: False if another process is doing it."""
    if engine.dialect.name == "sqlite":
        # A file beside the database: opening and closing the database itself would drop this process's locks on it.
        path = Path(f"{engine.url.database}-{what}.lock")
        handle = _locked(path)
        try:
            yield handle is not None
        finally:
            if handle is not None:
                path.unlink()  # before it is unlocked, or it could belong to another process by then
                os.close(handle)
        return
    key = int.from_bytes(hashlib.sha256(f"facegate {what}".encode()).digest()[:8], "big", signed=True)
    connection = engine.connect()
    try:
        # The lock lasts as long as this transaction, which a pooler such as PgBouncer leaves on one session: a lock of
        # the session would stay behind there. Idle as it is, it keeps nothing from being vacuumed.
        connection.detach()
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        yield bool(connection.execute(select(func.pg_try_advisory_xact_lock(key))).scalar_one())
    finally:
        with suppress(DBAPIError):  # a lost connection has already lost the lock
            connection.close()


def _locked(path: Path) -> int | None:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_ino == path.stat().st_ino:
                return handle
        except BlockingIOError:
            os.close(handle)
            return None
        except FileNotFoundError:
            pass
        os.close(handle)  # its former owner removed it meanwhile
