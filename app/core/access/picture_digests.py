"""Which pictures were sent before, as a protocol. A part of `ports.Transaction`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol


class SentPictures(Protocol):
    """Digests of pictures that gates sent; nothing of the picture itself."""

    def known(self, digests: Iterable[str], since: datetime) -> set[str]:
        """Those of them that were added at `since` or later."""
        ...

    def add(self, digests: Iterable[str], at: datetime) -> set[str]:
        """Those that were not there, also in a race of two processes."""
        ...

    def forget(self, before: datetime) -> None: ...
