"""Why a database refused, by its driver's error, so the reader of the log knows what to do."""

import os
import sqlite3
from pathlib import Path

from sqlalchemy import exc as sql

from app.core.errors import Cause

# https://www.sqlite.org/rescode.html, the primary code of each
_SQLITE = {
    "SQLITE_FULL": Cause.DISK_FULL,
    "SQLITE_READONLY": Cause.READ_ONLY,
    "SQLITE_BUSY": Cause.LOCKED,
    "SQLITE_LOCKED": Cause.LOCKED,
    "SQLITE_CANTOPEN": Cause.GONE,
    "SQLITE_CORRUPT": Cause.DAMAGED,
    "SQLITE_NOTADB": Cause.DAMAGED,
    "SQLITE_IOERR": Cause.DISK_FAILED,
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL = {
    "53100": Cause.DISK_FULL,
    "25006": Cause.READ_ONLY,
    "55P03": Cause.LOCKED,
    "57014": Cause.LOCKED,  # statement_timeout: it waited, or took too long
    "XX001": Cause.DAMAGED,
    "XX002": Cause.DAMAGED,
}


def cause_of(error: Exception, folder: Path | None) -> Cause | None:
    """The cause. folder: of an SQLite file; its disk is checked if SQLite only reports that it failed."""
    original = error.orig if isinstance(error, sql.DBAPIError) else None
    if isinstance(original, sqlite3.Error):
        name = getattr(original, "sqlite_errorname", None) or ""
        cause = next((cause for code, cause in _SQLITE.items() if name == code or name.startswith(code + "_")), None)
        vague = cause in (Cause.DISK_FAILED, Cause.GONE)
        return (_disk(folder) or cause) if vague and folder is not None else cause
    if isinstance(error, sql.DBAPIError):
        state = getattr(original, "sqlstate", None)
        if state is not None:
            return _POSTGRESQL.get(state) or (Cause.GONE if state[:2] in ("08", "57") else None)
        return Cause.GONE if isinstance(error, sql.OperationalError) or error.connection_invalidated else None
    return None


def _disk(folder: Path) -> Cause | None:
    try:
        disk = os.statvfs(folder)
    except OSError:
        return Cause.GONE
    if disk.f_flag & os.ST_RDONLY:
        return Cause.READ_ONLY
    return Cause.DISK_FULL if disk.f_bavail == 0 else None
