"""Empties SQLite's write-ahead log after an erasure: until then it keeps old pages of the erased person."""

import logging
import sqlite3
import threading

from sqlalchemy import Engine
from sqlalchemy import exc as sql

_log = logging.getLogger(__name__)
WAIT_MS = 50  # an attempt blocks every write, in every process, while it waits for readers
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
LAST_TRIES_S = 2.0


class LogEmptier:
    """Empties the log of one SQLite database as soon as no reader needs it. Does nothing on PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def empty(self) -> None:
        """Called after the commit. Tries once; if a reader is in the way, a thread retries later. Raises nothing."""
        if self._engine.dialect.name != "sqlite":
            return
        with self._lock:
            if self._emptied() or self._thread is not None:
                return
            _log.info('wal_not_emptied_yet after=erasure why="a reader needs it" next=retry')
            self._thread = threading.Thread(target=self._insist, name="empty-log", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Makes a few last tries if one is due. The last process to close the database removes the log anyway."""
        thread = self._thread
        if thread is None:
            return
        self._closing.set()
        thread.join()
        pause = threading.Event()
        for _ in range(int(LAST_TRIES_S * 1000 / (2 * WAIT_MS))):
            if self._emptied():
                return
            pause.wait(WAIT_MS / 1000)
        _log.warning(
            'wal_not_emptied after=erasure why="a reader needs it" '
            'do="nothing: the next erasure empties it, or the end of the last program that uses the database"'
        )

    def _insist(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._closing.wait(pause_s):
            with self._lock:
                if self._emptied():
                    self._thread = None
                    return
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _emptied(self) -> bool:
        """Moves the log into the file and truncates it. False if somebody still reads from it, or on an error."""
        try:
            with self._engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None
                # Every transaction sets its own timeout before it begins.
                raw.execute(f"PRAGMA busy_timeout={WAIT_MS}")
                return not raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except (sqlite3.Error, sql.SQLAlchemyError) as error:
            # The erasure is committed. This fault must not look as if it had failed.
            _log.warning("wal_not_emptied after=erasure error=%s", type(error).__name__)
            return False
