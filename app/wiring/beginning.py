"""Decides whether a start may create a new installation. A lost database or key must not be replaced by an empty one.

Only `serve` creates one, and only if there is no trace of an earlier one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from app import machine
from app.adapters.db.engine import migrate
from app.adapters.db.engine.connect import sqlite_file
from app.adapters.db.engine.migrate import State
from app.core.errors import CryptoFault, Fault
from app.settings import Settings

KEY_FILE = "master.key"
UNFINISHED = "restore.unfinished"  # in the data folder while a backup is restored into it


class NoInstallation(Fault):
    """There is no Facegate data yet, and this command does not create any."""


def check(settings: Settings, *, begin: bool, unfinished: bool = False) -> None:
    """Returns if there is an installation or this start may create one. Writes nothing.

    Args:
        begin: Whether this start may create one.
        unfinished: Whether a restore that has not ended is no obstacle.

    Raises:
        NoInstallation: There is none, and this start may not create one.
        Fault: The database is lost, or a restore was cut off.
        CryptoFault: The master key is lost.
    """
    if not begin and not settings.data.is_dir():
        raise _nothing(settings)
    if not unfinished and (settings.data / UNFINISHED).exists():
        raise Fault(
            f"a restore into {settings.data} was cut off, so it is not whole: run the same restore again, or empty the "
            "folder"
        )
    # In this order: a first start makes database and key in one commit, then the first rows, then the journals. So two
    # first starts at once never mistake each other's files for the remains of a lost installation.
    journals, others = _journals(settings), _others(settings)
    with said_plainly(settings):
        state = migrate.state(settings.url)
    keyed = settings.master_key is not None or _key(settings).exists()
    if state is not State.ABSENT and not keyed:
        raise CryptoFault(
            f"this database is sealed with a master key that is missing: restore {_key(settings)} from its backup, "
            "or set FACEGATE_MASTER_KEY to it. No other key opens the data, so none was made"
        )
    if state is State.BEGUN:
        return
    left = journals + (others if state is State.ABSENT else [])
    if left:
        where = sqlite_file(settings.url) or "the database in FACEGATE_DATABASE_URL"
        raise Fault(
            f"the database is lost: {where} holds no installation, and {', '.join(left)} show that there was one. "
            "Restore the database from its backup, or correct database_url. "
            "To start anew on purpose, move these files away first"
        )
    if not begin and state is State.ABSENT:
        raise _nothing(settings)


@contextmanager
def said_plainly(settings: Settings) -> Iterator[None]:
    """Turns whatever prevents opening a database into a Fault that says what to do."""
    try:
        yield
    except DBAPIError as error:
        raise Fault(machine.database_in_words(error.orig, sqlite_file(settings.url))) from error


def _key(settings: Settings) -> Path:
    return settings.data / KEY_FILE


def _journals(settings: Settings) -> list[str]:
    return [str(path) for path in (settings.checkpoints, settings.erasures) if path.exists() and path.stat().st_size]


def _others(settings: Settings) -> list[str]:
    """Keys, and the file of a database other than the one in the settings."""
    found = [settings.key_file] if settings.master_key else [_key(settings), settings.key_file]
    if settings.database_url is not None:
        found.append(settings.data / "facegate.db")
    return [str(path) for path in found if path.exists() and path != sqlite_file(settings.url)]


def _nothing(settings: Settings) -> NoInstallation:
    file = sqlite_file(settings.url)
    elsewhere = settings.data.is_dir() and settings.database_url is not None
    where = settings.data if not elsewhere else file.parent if file else "the database in FACEGATE_DATABASE_URL"
    return NoInstallation(f"there is no Facegate data in {where}; `serve --data {settings.data}` makes it")
