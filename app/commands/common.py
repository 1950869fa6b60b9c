"""What every command shares: where the data lies, how it speaks, how it opens the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from app.core.errors import Fault
from app.core.url_login import CURE
from app.settings import Settings, SettingsError, read_settings

if TYPE_CHECKING:
    from app.wiring import Office

Data = Annotated[Path, typer.Option("--data", envvar="FACEGATE_DATA", help="Folder of database, keys and settings.")]
HERE = Path("data")
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def settings_of(data: Path) -> Settings:
    """The settings of a data folder. Raises SettingsError, also for an address of a database that is none."""
    from sqlalchemy.exc import ArgumentError

    from app.adapters.db.engine import parse

    settings = read_settings(data)
    try:
        parse(settings.url)
    except (ArgumentError, ValueError):
        # Not repeated: it may hold a password.
        raise SettingsError(
            f"database_url: the database must be sqlite:///a/file or postgresql://...; {CURE}"
        ) from None
    return settings


def settings_of_existing(data: Path) -> Settings:
    """The same for a command that only reads or changes what is there. Raises Fault where nothing is.

    A mistyped folder must not become an empty installation whose log is whole.
    """
    from app.adapters.db.engine import sqlite_file

    settings = settings_of(data)
    file = sqlite_file(settings.url)
    if file is not None and not file.is_file():
        where = data if settings.database_url is None else file.parent
        raise Fault(f"there is no Facegate data in {where}")
    return settings


@contextmanager
def office(data: Path, *, create: bool = False) -> Iterator["Office"]:
    """What works without a model, closed at the end. Imported late: `--help` should not wait for the libraries.

    create: a data folder that is not there yet is made. Raises Fault for a missing one without it.
    """
    from app.wiring import open_office

    opened = open_office(settings_of(data) if create else settings_of_existing(data))
    try:
        yield opened
    finally:
        opened.close()
