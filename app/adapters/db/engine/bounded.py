"""Ends a read that takes too long, in either database, so that no request can hold a thread and a disk for minutes."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import Connection, text
from sqlalchemy import exc as sql

from app.core.errors import Busy, NotRecorded

_STEPS = 20_000  # of SQLite's virtual machine between two looks at the clock: well under a millisecond
_BOUND = text("SELECT set_config('statement_timeout', :limit, true)")
_CANCELED = "57014"  # https://www.postgresql.org/docs/current/errcodes-appendix.html


@contextmanager
def bounded(connection: Connection, within: timedelta | None) -> Iterator[None]:
    """Bounds the block's queries: all of them together in SQLite, each in PostgreSQL. None bounds nothing.

    Raises Busy('took_too_long').
    """
    if within is None:
        yield
        return
    raw = connection.connection.driver_connection if connection.dialect.name == "sqlite" else None
    if raw is None:
        connection.execute(_BOUND, {"limit": f"{within // timedelta(milliseconds=1)}ms"})
    else:
        ends_s = time.monotonic() + within.total_seconds()
        raw.set_progress_handler(lambda: time.monotonic() > ends_s, _STEPS)
    try:
        yield
    except sql.OperationalError as error:
        if not _ran_out(error):
            raise
        raise Busy(
            "took_too_long",
            f"The answer took over {within.total_seconds():g} s and was given up. Ask for less: one gate, one person, "
            "or a shorter time.",
            10,
        ) from None
    finally:
        if raw is not None:
            raw.set_progress_handler(None, 0)


def _ran_out(error: sql.OperationalError) -> bool:
    if isinstance(error.orig, sqlite3.Error):
        return error.orig.sqlite_errorname == "SQLITE_INTERRUPT"
    return getattr(error.orig, "sqlstate", None) == _CANCELED


def left_ms_of(end: float) -> int:
    """Returns how much is left until an instant of the monotonic clock. Raises NotRecorded if nothing is."""
    left_ms = int((end - time.monotonic()) * 1000)
    if left_ms <= 0:
        raise NotRecorded("the write did not finish within its deadline")
    return left_ms
