"""What a move to another model pack needs of the database: new templates beside the old ones, then one switch."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from app.core.types import Template


class Moves(Protocol):
    """Templates of the next pack. They are searched by nobody until `switch` puts them in the place of the others."""

    def begin(self, pack_digest: str, precision: str) -> None:
        """Drops what an unfinished move to another pack left; what one to this pack made, stays."""
        ...

    def waiting(self, pack_digest: str, precision: str) -> list[str]:
        """Employees with photos whose next template is missing, or made of other photos than they have now."""
        ...

    def put(self, template: Template, of_photos: int, embeddings: Mapping[str, bytes]) -> None:
        """template: of 0 photos for somebody in none of whose photos the pack sees a face. of_photos: how many were
        looked at. embeddings: by photo, sealed."""
        ...

    def embeddings(self, photo_ids: Iterable[str], pack_digest: str, precision: str) -> dict[str, bytes]:
        """Those that a move to this pack made; sealed."""
        ...

    def refused(self, pack_digest: str, precision: str) -> list[str]:
        """Numbers of the employees who can be recognised now and could not be after the switch."""
        ...

    def switch(self, pack_digest: str, precision: str) -> int:
        """Replaces every template by the next one, of this pack, and forgets the old; returns how many there are."""
        ...
