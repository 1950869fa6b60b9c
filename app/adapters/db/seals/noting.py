"""Notes what a transaction of a person or key does to the tables that the audit trail follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table

from app.adapters.db.tables import FOLLOWED
from app.core.accounts.trail import at_work

_NOTED = "facegate_noted"


@dataclass(frozen=True)
class Note:
    """A row of a followed table before and after a write; None where it was not, or is no more."""

    table: Table
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None

    @property
    def key(self) -> tuple[Any, ...]:
        row = self.after or self.before or {}
        return (self.table.name, *(row.get(column.name) for column in self.table.primary_key))


def begin_notes(connection: Connection) -> None:
    """Called at the start of a write. Forgets what a rolled-back write left."""
    connection.info.pop(_NOTED, None)
    who = at_work()
    if who is not None and who.recorded():
        connection.info[_NOTED] = []


def notes(connection: Connection, table: Table) -> bool:
    """Whether writes to this table are noted."""
    return _NOTED in connection.info and table in FOLLOWED


def note(
    connection: Connection, table: Table, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> None:
    connection.info[_NOTED].append(Note(table, before, after))


def taken_notes(connection: Connection) -> list[Note]:
    """One note a row, from its first state in this transaction to its last. They are taken once."""
    merged: dict[tuple[Any, ...], Note] = {}
    for one in connection.info.pop(_NOTED, []):
        first = merged.get(one.key)
        merged[one.key] = one if first is None else Note(one.table, first.before, one.after)
    return list(merged.values())
