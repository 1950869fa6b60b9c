"""Work that one process at a time may do on a database, whichever machine it runs on; a kill gives it free."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError


@contextmanager
def alone(engine: Engine, what: str) -> Iterator[bool]:
    """Whether the work is this block's: False where somebody else does it."""
    if engine.dialect.name == "sqlite":
        # A file beside the database: to open and close that itself would drop this process's locks on it.
        handle = os.open(f"{engine.url.database}-{what}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(handle)
        return
    key = int.from_bytes(hashlib.sha256(f"facegate {what}".encode()).digest()[:8], "big", signed=True)
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        connection.detach()  # the lock lasts as long as the session, which must not go back to the pool
        yield bool(connection.execute(select(func.pg_try_advisory_lock(key))).scalar_one())
    finally:
        with suppress(DBAPIError):
            connection.close()
