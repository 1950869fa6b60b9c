"""Says kindly that training needs the extra `train`, before anything imports torch."""

from importlib.util import find_spec

import typer

EXTRA = ("torch", "facenet_pytorch")


def require_torch() -> None:
    """Raises typer.BadParameter where the extra is not installed."""
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise typer.BadParameter(f"{' and '.join(missing)} not installed; run: pip install -e '.[train]'")
