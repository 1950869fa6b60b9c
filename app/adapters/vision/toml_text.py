"""Reads the project's TOML files, each text once: parsing them took a sixth of what preparing the models takes."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=8)
def parsed(text: str) -> Mapping[str, Any]:
    """What the text says, shared by all callers: it must not be changed. Raises ValueError if it is not TOML."""
    return tomllib.loads(text)
