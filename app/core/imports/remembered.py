"""The mapping that a person chose for a header, kept for the next file with the same one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.core.imports.people_columns import ColumnMapping


@dataclass(frozen=True)
class RememberedMapping:
    """fingerprint: of the header. actor: who chose it."""

    fingerprint: str
    mapping: ColumnMapping
    actor: str
    saved_at: datetime


class RememberedMappings(Protocol):
    """The kept mappings; part of `ports.Transaction`."""

    def get(self, fingerprint: str) -> RememberedMapping | None: ...
    def put(self, what: RememberedMapping) -> None:
        """Keeps it in place of an earlier one for the same header."""
        ...
