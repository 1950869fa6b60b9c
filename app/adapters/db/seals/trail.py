"""Writes the audit trail of a transaction, as its last step but the totals."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from app.adapters.db.seals.noting import Note, taken_notes
from app.adapters.db.seals.person_box import Personal, box_of
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import FOLLOWED, data_keys, employees, trail
from app.core.accounts.trail import Action, AtWork, FieldChange, TrailEntry, at_work, changes
from app.core.errors import CryptoFault

_ALWAYS_IGNORED = frozenset({"seal", "created_at", "sealed_person"})
_LONGEST = 2000  # characters of a value, as JSON prints it


def settle_trail(connection: Connection) -> None:
    """Stores an entry for each row that the caller changed. Called just before `settle_totals`."""
    noted, who = taken_notes(connection), at_work()
    if not noted or who is None or not who.recorded():
        return
    removed = {one.before["id"] for one in noted if one.table is employees and one.after is None and one.before}
    found = [entry for one in noted if (entry := _entry(connection, who, one, removed)) is not None]
    add(connection, *found)


def add(connection: Connection, *entries: TrailEntry) -> None:
    rows = [
        {**vars(one), "action": one.action.value, "fields": [field.json() for field in one.fields]} for one in entries
    ]
    SealedRows(connection, trail).insert(*rows)


def _entry(connection: Connection, who: AtWork, one: Note, removed: set[str]) -> TrailEntry | None:
    followed, row = FOLLOWED[one.table], one.after or one.before or {}
    action = Action.CHANGED
    if one.before is None or one.after is None:
        action = Action.ADDED if one.before is None else Action.REMOVED
    if one.before is None and one.after is None:  # added and removed again
        return None
    person = row[followed.person] if followed.person else None
    if action is Action.REMOVED and person in removed and one.table is not employees:
        return None  # it went with the person
    fields = () if action is Action.REMOVED and person else _fields(one)
    if one.table is employees and action is not Action.REMOVED:
        fields = (*_personal(connection, one), *fields)
    if action is Action.CHANGED and not fields:
        return None
    return who.entry(
        action,
        followed.kind,
        str(row[followed.subject]) if followed.subject and row[followed.subject] is not None else "",
        label=str(row[followed.label]) if followed.label else "",
        person=person,
        fields=fields,
    )


def _fields(one: Note) -> tuple[FieldChange, ...]:
    followed = FOLLOWED[one.table]
    keys = {column.name for column in one.table.primary_key}
    left_out = followed.ignored | _ALWAYS_IGNORED | keys | {followed.person}

    def shown(row: Mapping[str, Any] | None) -> dict[str, Any]:
        kept = {name: value for name, value in (row or {}).items() if name not in left_out}
        return {name: value if name in followed.hidden else _printable(value) for name, value in kept.items()}

    return tuple(
        FieldChange(change.name, hidden=True) if change.name in followed.hidden else change
        for change in changes(shown(one.before), shown(one.after))
    )


def _printable(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return None  # sealed, and named in `hidden` where a change of it matters
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"{value[:_LONGEST]} …"
    return value


def _personal(connection: Connection, one: Note) -> tuple[FieldChange, ...]:
    """Which of the sealed fields of a person changed."""
    was, now = _opened(connection, one.before), _opened(connection, one.after)
    return tuple(FieldChange(change.name, hidden=True) for change in changes(was, now))


def _opened(connection: Connection, row: Mapping[str, Any] | None) -> dict[str, Any]:
    if row is None:
        return {}
    key = SealedRows(connection, data_keys).one(subject_id=row["id"])
    try:
        personal: Personal = box_of(connection).open(
            row["id"], row["seal"], None if key is None else key["wrapped"], row["sealed_person"]
        )
    except CryptoFault:
        return {}
    return dict(vars(personal))
