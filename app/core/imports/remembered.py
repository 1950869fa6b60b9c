"""The mapping that a person chose for a header, kept for the next file with the same one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.core.imports.people_columns import ColumnMapping
from app.core.text import folded
from app.core.types import Employee


@dataclass(frozen=True)
class RememberedMapping:
    """fingerprint: of the header. actor: who chose it."""

    fingerprint: str
    mapping: ColumnMapping
    actor: str
    saved_at: datetime


def names(mapping: ColumnMapping, employee: Employee) -> bool:
    """Whether a title is of this person: a file without a header has somebody's row in its place."""
    theirs = {folded(text) for text in (employee.number, employee.email, employee.card_number) if text}
    parts = set(folded(employee.name).split())
    titles = (folded(title) for several in mapping.columns.values() for title in several)
    return any(title in theirs or parts.issuperset(title.split()) for title in titles)


class RememberedMappings(Protocol):
    """The kept mappings; part of `ports.Transaction`."""

    def get(self, fingerprint: str) -> RememberedMapping | None: ...
    def forget(self, employee: Employee | None) -> None:
        """Removes those whose titles name this person; all, for one whose name no longer opens."""
        ...

    def put(self, what: RememberedMapping) -> None:
        """Keeps it in place of an earlier one for the same header."""
        ...
