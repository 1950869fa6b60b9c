"""What every command shares: where the data lies, how it speaks, how it opens the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from app.core.cameras.url_login import CURE
from app.settings import Settings, SettingsError, read_settings

if TYPE_CHECKING:
    from app.wiring import Backbone

Data = Annotated[
    Path,
    typer.Option("--data", envvar="FACEGATE_DATA", readable=False, help="Folder of database, keys and settings."),
]
HERE = Path("data")
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def settings_of(data: Path) -> Settings:
    """The settings of a data folder. Raises SettingsError, also for an address of a database that is none."""
    from sqlalchemy.exc import ArgumentError

    from app.adapters.db.engine.connect import parse

    settings = read_settings(data)
    try:
        parse(settings.url)
    except (ArgumentError, ValueError):
        # Not repeated: it may hold a password.
        raise SettingsError(
            f"database_url: the database must be sqlite:///a/file or postgresql://...; {CURE}"
        ) from None
    return settings


@contextmanager
def office(data: Path) -> Iterator["Backbone"]:
    """What works without a model, closed at the end. Imported late: `--help` should not wait for the libraries.

    Raises NoInstallation where there is none: a mistyped folder must not become an empty one whose log is whole.
    """
    from app.wiring import open_backbone

    opened = open_backbone(settings_of(data), begin=False)
    try:
        yield opened
    finally:
        opened.close()
