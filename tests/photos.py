"""The demo photos, for tests that need a real face; skipped where `python -m models fetch` has not run."""

import os
from functools import cache

import pytest

from app.adapters.vision import weights
from app.core.errors import WeightsError
from app.settings import default_cache


@cache
def photo(name: str) -> bytes:
    """The encoded photo called `name` in models/artifacts.toml."""
    try:
        return weights.load(name, default_cache())
    except WeightsError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
