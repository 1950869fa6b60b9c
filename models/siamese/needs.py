"""Checks that the extra `train` is installed before anything imports torch."""

from importlib.util import find_spec

import typer

EXTRA = ("torch", "facenet_pytorch")


def require_torch() -> None:
    """Raises typer.BadParameter if the extra `train` is not installed."""
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise typer.BadParameter(f"{' and '.join(missing)} not installed; run: pip install -e '.[train]'")
