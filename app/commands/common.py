"""What every command shares: the data folder, the output, and opening the database."""

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
    """Returns the settings of a data folder. Raises SettingsError, also for an invalid database URL."""
    from sqlalchemy.exc import ArgumentError

    from app.adapters.db.engine.connect import parse

    settings = read_settings(data)
    try:
        parse(settings.url)
    except (ArgumentError, ValueError):
        # The message does not repeat the URL, which may hold a password.
        raise SettingsError(
            f"database_url: the database must be sqlite:///a/file or postgresql://...; {CURE}"
        ) from None
    return settings


@contextmanager
def backbone(data: Path) -> Iterator["Backbone"]:
    """Opens what works without a model, and closes it. Imports late, so that `--help` does not wait for libraries.

    Raises NoInstallation if there is none: a mistyped folder must not become a new, empty installation.
    """
    from app.wiring import open_backbone

    opened = open_backbone(settings_of(data), begin=False)
    try:
        yield opened
    finally:
        opened.close()
