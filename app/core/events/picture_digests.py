"""Remembers which pictures were sent before, as a protocol; part of `ports.Transaction`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol


class SentPictures(Protocol):
    """Digests of pictures that gates sent; the pictures themselves are not kept."""

    def add(self, digests: Iterable[str], at: datetime) -> set[str]:
        """Adds the digests and returns the new ones; if two processes race, one of them gets each."""
        ...

    def forget(self, before: datetime) -> None: ...
