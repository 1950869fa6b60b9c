"""The protocol for moving to another model pack: new templates beside the old ones, then one switch."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from app.core.types import Template


class Moves(Protocol):
    """The templates of the next pack. Nobody searches them until `switch` replaces the current ones."""

    def begin(self, pack_digest: str, precision: str) -> None:
        """Drops the results of an unfinished move to another pack; results for this pack stay."""
        ...

    def waiting(self, pack_digest: str, precision: str) -> list[str]:
        """Returns the employees with photos whose next template is missing or made from other photos."""
        ...

    def put(self, template: Template, of_photos: int, embeddings: Mapping[str, bytes]) -> None:
        """Stores the next template of an employee.

        Args:
            template: has 0 photos if the pack found no face in any of the employee's photos.
            of_photos: how many photos were examined.
            embeddings: sealed, by photo id.
        """
        ...

    def embeddings(self, photo_ids: Iterable[str], pack_digest: str, precision: str) -> dict[str, bytes]:
        """Returns the sealed embeddings that a move to this pack made, by photo id."""
        ...

    def refused(self, pack_digest: str, precision: str) -> list[str]:
        """Returns the numbers of the employees who are recognised now but would not be after the switch."""
        ...

    def switch(self, pack_digest: str, precision: str) -> int:
        """Replaces every template with the next one, drops the old ones, and returns how many there are."""
        ...
