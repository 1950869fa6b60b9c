"""The unit of work over one database: what a service reads or writes in one block, and the errors of it.

Foreign exceptions end here. Whatever prevents a commit becomes NotRecorded, and so a closed gate.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

from sqlalchemy import Connection, Engine, RootTransaction, text
from sqlalchemy import exc as sql

from app.adapters.db.engine.alone import alone
from app.adapters.db.engine.bounded import bounded, left_ms_of
from app.adapters.db.engine.causes import cause_of
from app.adapters.db.engine.connect import DEFAULT_WAIT_MS, make_engine, reading, sqlite_file, writing
from app.adapters.db.engine.in_place import FileInPlace
from app.adapters.db.engine.searching import DatabaseSearch
from app.adapters.db.engine.wal import LogEmptier
from app.adapters.db.repositories.people import ERASED
from app.adapters.db.seals.noting import begin_notes
from app.adapters.db.seals.person_box import PersonBox, Vault, carry
from app.adapters.db.seals.row_seal import RowSeals, use
from app.adapters.db.seals.sealed_rows import begin_totals, settle_totals
from app.adapters.db.seals.trail import settle_trail
from app.adapters.db.transaction import SqlTransaction
from app.core.errors import BadInput, Cause, Conflict, NotRecorded, Unconfirmed
from app.core.ports.store import Transaction

_STATEMENT_MS = 30_000  # PostgreSQL, for writes that nobody at a gate waits for: an erasure touches many events


def open_store(url: str, seals: RowSeals, vault: Vault | None, *, server_clock: bool = False) -> "SqlStore":
    """A store on a database that is already migrated (`migrate.upgrade`). Raises ValueError for an unusable URL.

    Args:
        seals, vault: Those that the database was migrated with.
        server_clock: Processes share the database server's clock. Without effect for SQLite.
    """
    engine = make_engine(url)
    box = PersonBox(seals, vault)
    engine.update_execution_options(**use(seals), **carry(box))
    return SqlStore(engine, seals, box, server_clock and engine.dialect.name != "sqlite")


class SqlStore:
    """Store on SQLite or PostgreSQL. Shared by all threads. `close` closes the connections."""

    def __init__(self, engine: Engine, seals: RowSeals, people: PersonBox, server_clock: bool = False) -> None:
        self._engine = engine
        self.people = people  # what was opened of them
        self._seals = seals
        self._server_clock = server_clock
        # SQLite polls for its write lock up to every 100 ms. Threads of one process queue here instead.
        self._writers = threading.Lock() if engine.dialect.name == "sqlite" else None
        self._log = LogEmptier(engine)
        self.remains = DatabaseSearch(engine, self._log)  # what an erasure left
        file = sqlite_file(engine.url.render_as_string(hide_password=False))
        self._folder = None if file is None else file.parent
        self._file = None if file is None else FileInPlace(file)
        self.failures = 0  # writes that the database refused since the start

    def close(self) -> None:
        self._log.close()
        self._engine.dispose()
        self.remains.close()

    def read(self, within: timedelta | None = None) -> AbstractContextManager[Transaction]:
        """A consistent snapshot of the database, which the block cannot change.

        Raises NotRecorded if it is gone, and Busy if a query takes longer than `within`.
        """
        return self._read(within)

    def write(self, deadline: timedelta | None = None) -> AbstractContextManager[Transaction]:
        """Commits when the block ends, rolls back when it raises. Not to be nested.

        Args:
            deadline: From now to the commit. None waits 2 s for locks and bounds nothing else.

        Raises:
            NotRecorded: The deadline passed, or the database is locked, full, gone or refuses.
            Unconfirmed: It may still have been committed.
            Conflict: A row contradicts another.
        """
        return self._write(deadline)

    def alone(self, what: str) -> AbstractContextManager[bool]:
        """Yields whether the block may do this work: one process on this database gets True, even after a kill."""
        return self._alone(what)

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """One consistent state of the whole database, for a backup. Raises NotRecorded if it is gone."""
        with self._translated(), self._connect() as connection, reading(connection).begin() as transaction:
            try:
                yield connection
            finally:
                transaction.rollback()

    @contextmanager
    def _alone(self, what: str) -> Iterator[bool]:
        with self._translated(), alone(self._engine, what) as mine:
            yield mine

    @contextmanager
    def _read(self, within: timedelta | None) -> Iterator[Transaction]:
        try:
            with self.snapshot() as connection, bounded(connection, within):
                yield SqlTransaction(connection, writing=False, server_clock=self._server_clock)
        finally:
            self._seals.report_altered()

    @contextmanager
    def _write(self, deadline: timedelta | None) -> Iterator[Transaction]:
        try:
            with self._committed(deadline) as tx:
                yield tx
        finally:
            self._seals.report_altered()

    @contextmanager
    def _committed(self, deadline: timedelta | None) -> Iterator[Transaction]:
        wait_ms = DEFAULT_WAIT_MS if deadline is None else deadline // timedelta(milliseconds=1)
        end = time.monotonic() + wait_ms / 1000
        with self._counted(), self._translated(), self._turn(wait_ms), self._connect() as connection:
            left_ms = left_ms_of(end)
            writing(connection, left_ms)
            connection.info.pop(ERASED, None)
            begin_totals(connection)
            begin_notes(connection)
            with connection.begin() as transaction:
                if connection.dialect.name == "postgresql":
                    statement_ms = _STATEMENT_MS if deadline is None else left_ms
                    connection.execute(_BOUND, {"lock": f"{left_ms}ms", "statement": f"{statement_ms}ms"})
                yield SqlTransaction(connection, writing=True, server_clock=self._server_clock)
                settle_trail(connection)
                settle_totals(connection)
                if deadline is not None:
                    left_ms_of(end)
                _commit(transaction)
            if deadline is not None and time.monotonic() >= end:
                # The caller has stopped waiting.
                raise Unconfirmed("the write was committed after its deadline")
            erased = connection.info.pop(ERASED, False)
        if erased:  # outside the turn: a reader may be in the way for long
            self._log.empty()

    def _connect(self) -> Connection:
        self._check_file()
        return self._engine.connect()

    def _check_file(self) -> None:
        if self._file is not None and not self._file.is_there():
            raise NotRecorded("the database failed", Cause.MOVED)

    @contextmanager
    def _turn(self, wait_ms: int) -> Iterator[None]:
        if self._writers is None:
            yield
            return
        if not self._writers.acquire(timeout=wait_ms / 1000):
            raise NotRecorded("another write did not finish within the deadline", Cause.LOCKED)
        try:
            yield
        finally:
            self._writers.release()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sql.IntegrityError as error:
            raise Conflict(
                "conflicts_with_stored", "What was sent contradicts what is stored; read it again."
            ) from error
        except sql.DataError as error:
            raise BadInput("bad_value", "A value cannot be stored; look for control characters or sizes.") from error
        except (sql.DBAPIError, sql.TimeoutError, sql.PendingRollbackError, sql.ResourceClosedError) as error:
            cause = cause_of(error, self._folder)
            raise NotRecorded(f"the database failed: {type(error).__name__}", cause) from error

    @contextmanager
    def _counted(self) -> Iterator[None]:
        try:
            yield
        except NotRecorded:
            self.failures += 1
            raise


_BOUND = text("SELECT set_config('lock_timeout', :lock, true), set_config('statement_timeout', :statement, true)")


def _commit(transaction: RootTransaction) -> None:
    try:
        transaction.commit()
    except sql.DBAPIError as error:
        if error.connection_invalidated:
            raise Unconfirmed("the connection broke off at the commit") from error
        raise
