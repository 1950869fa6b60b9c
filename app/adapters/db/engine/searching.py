"""Looks for what an erasure should have removed in the database: byte by byte in SQLite's files, free pages and the
write-ahead log too; row by row in PostgreSQL, whose files belong to its server."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, Engine, text
from sqlalchemy import exc as sql

from app.adapters.db.engine import dump
from app.adapters.db.engine.connect import reading, sqlite_file
from app.adapters.db.engine.wal import LogEmptier
from app.adapters.db.tables import metadata
from app.core.errors import NotRecorded
from app.core.people.certificates import Place, Remains, Searched
from app.core.people.traces import Needles, Term

logger = logging.getLogger(__name__)
MOST_REINDEXED = 300_000  # events; 0.1 s of processor time for each 100,000
LINKS = "ix_events_employee_id_at_id"
CHUNK_BYTES = 1 << 18  # searched in less than a millisecond
NOWHERE = "outside_rows"  # in the file, and in no row: in a free page, or an index
LOG = "write_ahead_log"  # until nobody reads from it any more
# Tables whose rows go, or lose something, with a person. Their dead rows stay in PostgreSQL's files until a VACUUM.
TOUCHED = ("employees", "photos", "templates", "events", "subject_keys", "credentials", "import_rows")


class DatabaseSearch:
    """Implements `people.certificates.Search`."""

    place = Place.DATABASE

    def __init__(self, engine: Engine, log: LogEmptier) -> None:
        self._engine = engine
        self._log = log
        self._lock = Lock()
        self._handle: int | None = None

    def look(self, needles: Needles, rest: Callable[[], None]) -> list[Searched]:
        """Raises NotRecorded if the database is gone."""
        try:
            file = sqlite_file(self._engine.url.render_as_string(hide_password=False))
            return [self._rows(needles, rest)[0]] if file is None else self._files(file, needles, rest)
        except (sql.SQLAlchemyError, OSError) as error:
            raise NotRecorded(f"the search of the database failed: {type(error).__name__}") from error

    def close(self) -> None:
        """After the last connection is closed: see `_opened`."""
        with self._lock:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None

    def _files(self, file: Path, needles: Needles, rest: Callable[[], None]) -> list[Searched]:
        self._log.empty()  # else it has the pages from before
        log = file.with_name(file.name + "-wal")
        handle = self._opened(file)
        # Values lie side by side in the file, so the letter beside a text may be of another one.
        found = needles.hits(_chunks(handle, rest)).anywhere
        if any(term is Term.LINK for _, term in found) and self._link_index_rewritten():
            self._log.empty()
            found = needles.hits(_chunks(handle, rest)).anywhere
        size = os.fstat(handle).st_size
        left: list[Remains] = []
        try:
            of_log = os.open(log, os.O_RDONLY)
        except FileNotFoundError:
            pass  # the last connection took it away
        else:
            try:
                size += os.fstat(of_log).st_size
                in_log = needles.hits(_chunks(of_log, rest)).anywhere
            finally:
                os.close(of_log)  # SQLite has no locks on it
            left += [Remains(*what, LOG, count) for what, count in in_log.items()]
        if found:  # which table it is in takes ten times as long to say
            in_rows, known = self._rows(needles, rest)
            left += in_rows.left
            left += [Remains(*what, NOWHERE, count) for what, count in (found - known).items()]
        return [Searched(Place.DATABASE, "sqlite_files", size, tuple(left))]

    def _link_index_rewritten(self) -> bool:
        """Rewrites the index that led from people to events. SQLite leaves copies of entries in its pages when it moves
        them, and zeroes a page only when it is freed. Not in a large log, where gates would wait for it."""
        with self._engine.connect() as connection, connection.begin():
            newest = connection.exec_driver_sql("SELECT max(rowid) FROM events").scalar_one() or 0
            if newest > MOST_REINDEXED:
                return False
            connection.exec_driver_sql(f"REINDEX {LINKS}")
            return True

    def _opened(self, file: Path) -> int:
        """Opened once and kept. Closing any handle of this file would drop the locks that SQLite has on it."""
        with self._lock:
            if self._handle is None:
                self._handle = os.open(file, os.O_RDONLY)
            return self._handle

    def _rows(self, needles: Needles, rest: Callable[[], None]) -> tuple[Searched, Counter[tuple[str, Term]]]:
        """Every column of every row, in one consistent state. Returns also what they have anywhere, parts of
        longer words too."""
        left: list[Remains] = []
        anywhere: Counter[tuple[str, Term]] = Counter()
        size = 0

        def counted(parts: Iterator[bytes]) -> Iterator[bytes]:
            nonlocal size
            for part in _joined(parts):
                size += len(part)
                yield part

        with self._engine.connect() as connection:
            self._vacuum(connection)
        with self._engine.connect() as connection, reading(connection).begin() as transaction:
            for table in metadata.sorted_tables:
                with closing(dump.dump(connection, rest, [table])) as parts:
                    hits = needles.hits(counted(parts))
                anywhere += hits.anywhere
                left += [Remains(*what, table.name, count) for what, count in hits.alone.items()]
            transaction.rollback()
        return Searched(Place.DATABASE, "rows", size, tuple(left)), anywhere

    def _vacuum(self, connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            return
        try:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            for name in TOUCHED:
                alone.execute(text(f"VACUUM {name}"))
        except sql.DBAPIError as error:
            logger.warning('vacuum_failed after=erasure error=%s do="let autovacuum do it"', type(error).__name__)


def _chunks(handle: int, rest: Callable[[], None]) -> Iterator[bytes]:
    at = 0
    while chunk := os.pread(handle, CHUNK_BYTES, at):
        at += len(chunk)
        rest()
        yield chunk


def _joined(parts: Iterator[bytes]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= CHUNK_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
