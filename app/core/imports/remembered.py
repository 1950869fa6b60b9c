"""The mapping that a person chose for a header, kept for the next file with the same one."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.core.imports.people_columns import ColumnMapping
from app.core.text import folded
from app.core.types import Employee

_BETWEEN_WORDS = re.compile(r"[\W_]+")
_NUMBERED = re.compile(r" \(\d+\)$")  # as `people_columns` tells equal titles apart


@dataclass(frozen=True)
class RememberedMapping:
    """fingerprint: of the header. actor: who chose it."""

    fingerprint: str
    mapping: ColumnMapping
    actor: str
    saved_at: datetime


def names(mapping: ColumnMapping, employee: Employee) -> bool:
    """Whether a title may be of this person: a file without a header has somebody's row in its place.

    One word of the name is enough. In doubt a mapping goes, since somebody can choose it again.
    """
    theirs = {folded(text) for text in (employee.number, employee.email, employee.card_number) if text}
    parts = _words(employee.name)
    titles = (_NUMBERED.sub("", title) for several in mapping.columns.values() for title in several)
    return any(folded(title) in theirs or not parts.isdisjoint(_words(title)) for title in titles)


def _words(text: str) -> set[str]:
    return set(_BETWEEN_WORDS.split(folded(text))) - {""}


class RememberedMappings(Protocol):
    """The kept mappings; part of `ports.Transaction`."""

    def get(self, fingerprint: str) -> RememberedMapping | None: ...
    def forget(self, employee: Employee | None) -> None:
        """Removes those whose titles name this person; all, for one whose name no longer opens."""
        ...

    def put(self, what: RememberedMapping) -> None:
        """Keeps it in place of an earlier one for the same header."""
        ...
