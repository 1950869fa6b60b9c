"""Migrates a database to this version's schema, once, even if several processes start on a fresh one together."""

import enum
import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, literal, select, text

from app.adapters.db import tables
from app.adapters.db.engine.connect import make_engine, sqlite_file
from app.adapters.db.seals.first_rules import lay_down
from app.adapters.db.seals.people_by_day import seal_days, sealed_with_times
from app.adapters.db.seals.people_sealing import blind_movements, seal_people
from app.adapters.db.seals.person_box import Vault
from app.adapters.db.seals.row_seal import RowSeals
from app.adapters.db.seals.sealing import check_mark, seal_all, seal_tables
from app.core.errors import CryptoFault

if TYPE_CHECKING:
    from alembic.config import Config

_SCRIPTS = Path(__file__).parents[4] / "migrations"
SEALED_AT = "0016"  # the columns for seals and sealed people are there, and what was in the clear is too
RULES_AT = "0021"  # the tables of rules are there, and empty
# Sealed tables that came later, by the revision in which they are there, and empty.
SEALED_LATER = {
    "0027": (tables.site_settings,),
    "0031": (tables.import_mappings,),
    "0034": (tables.invitations,),
    "0039": (tables.credentials,),
    "0040": (tables.trail,),
    "0042": (tables.removals,),
    "0043": (tables.pin_tries,),
    "0044": (tables.directories, tables.directory_people, tables.directory_groups),
    "0045": (tables.visits,),
    "0046": (tables.consents,),
    "0047": (tables.certificates,),
    "0048": (tables.documents, tables.sponsor_reminders),
    "0049": (tables.receivers,),
    "0050": (tables.gatherings, tables.gate_faces),
}
TIMES_AT = "0022"  # the last schema in which the dates of people are times
OLD = (
    "this database has no seals, and its key file says that it had: restore a newer backup. If it really is a backup "
    "from before seals, move people.keys away and start again"
)
_ADVISORY_LOCK = 0x46414345  # "FACE": any constant that only we use in the database


# An installation in use has a row in at least one of these.
_FIRST = (tables.installation, tables.api_keys, tables.gates, tables.employees, tables.users)


class State(enum.Enum):
    """The state of a database: without our tables, with empty ones, or with an installation."""

    ABSENT = enum.auto()
    EMPTY = enum.auto()
    BEGUN = enum.auto()


def state(url: str) -> State:
    """The state of a database of any version. Creates no SQLite file."""
    file = sqlite_file(url)
    if file is not None and not file.exists():
        return State.ABSENT
    with _alone(url) as connection:
        there = [table for table in _FIRST if inspect(connection).has_table(table.name)]
        if any(connection.execute(select(literal(1)).select_from(table).limit(1)).first() for table in there):
            return State.BEGUN
        return State.EMPTY if there else State.ABSENT


def upgrade(
    url: str,
    seals: Callable[[], RowSeals],
    vault: Callable[[], Vault | None],
    *,
    sealed_before: bool = False,
) -> None:
    """To the newest schema; nothing happens when it is there already. Creates an SQLite file.

    What is from before there were seals is sealed with the same commit. seals, vault: asked for within it, so that of
    two first starts one makes the key. sealed_before: this machine knows that rows were sealed, so a schema without
    seals is a trick, or a very old backup. Raises CryptoFault for it, and where the rows were sealed with another key.
    """
    named = 0
    with _alone(url) as connection:
        before = revision(connection)
        if before >= SEALED_AT:
            check_mark(connection, seals())
            if before == head():
                return
            if before <= TIMES_AT:
                _upgrade(connection, TIMES_AT)
                with_times = sealed_with_times(connection, seals())
                _upgrade(connection, "head")
                seal_days(connection, seals(), with_times)
            else:
                _upgrade(connection, "head")
            if before < RULES_AT:
                lay_down(connection, seals())
            new = [table for revision, there in SEALED_LATER.items() if before < revision for table in there]
            seal_tables(connection, seals(), new)
        else:
            if before and sealed_before:
                raise CryptoFault(OLD)
            _upgrade(connection, SEALED_AT)
            named = seal_people(connection, seals(), vault())
            blind_movements(connection, seals())
            _upgrade(connection, "head")
            lay_down(connection, seals())
            seal_all(connection, seals())
    if named:
        _rewrite(url)


def _rewrite(url: str) -> None:
    """Rewrites the table: until then PostgreSQL's files keep what its rows held before."""
    if sqlite_file(url) is None:
        engine = make_engine(url)
        try:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                for table in ("employees", "events", "corrections"):
                    connection.execute(text(f"VACUUM FULL {table}"))
        finally:
            engine.dispose()


def downgrade(url: str, revision: str) -> None:
    """Migrates to an older schema ("base" for none). What has no place in it is lost."""
    from alembic import command

    with _alone(url) as connection:
        command.downgrade(_config(connection), revision)


def current(url: str) -> str | None:
    """The database's revision; None before the first migration."""
    file = sqlite_file(url)
    if file is not None and not file.exists():
        return None
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            return revision(connection) or None
    finally:
        engine.dispose()


def revision(connection: Connection) -> str:
    """The revision that a transaction sees; "" before the first migration."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.scalar(text("SELECT version_num FROM alembic_version")) or ""


def known(revision: str) -> bool:
    """Whether this version of Facegate has the revision."""
    return revision in _revisions()


def refill(url: str, revision: str, fill: Callable[[Connection], None]) -> None:
    """Migrates an empty database to a revision and fills it, in one transaction: both happen, or neither.

    Raises CryptoFault if the database is not empty.
    """
    with _alone(url) as connection:
        if set(inspect(connection).get_table_names()) & set(tables.metadata.tables):
            raise CryptoFault("the database is not empty, and a restore replaces nothing: name an empty one")
        _upgrade(connection, revision)
        fill(connection)


def head() -> str:
    """The newest revision that this version of Facegate knows."""
    return max(_revisions())


def _revisions() -> set[str]:
    # Scripts are named by their revisions. Reading their names needs no Alembic.
    return {script.name[:4] for script in (_SCRIPTS / "versions").glob("[0-9]*.py")}


def _upgrade(connection: Connection, revision: str) -> None:
    from alembic import command  # costs half a second; most starts find the schema up to date and do without it

    command.upgrade(_config(connection), revision)


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _alone(url: str) -> Iterator[Connection]:
    """A transaction that excludes other migrating processes, by a file lock (SQLite) or advisory lock (PostgreSQL)."""
    file = sqlite_file(url)
    if file is None:
        with _transaction(url) as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
            yield connection
        return
    # Taken before the first connection: switching a fresh file to WAL does not wait for another process doing the same.
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_name(file.name + ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _transaction(url) as connection:
            yield connection


@contextmanager
def _transaction(url: str) -> Iterator[Connection]:
    # Foreign keys off: SQLite alters a table by rebuilding it, and dropping the old one would cascade.
    engine = make_engine(url, foreign_keys=False)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()
