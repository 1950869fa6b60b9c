"""What lists of employees are filtered and sorted by, kept in memory and compared with the database at each list.

Names are sealed, so no index of the database sorts by them. A list reads every row's seal, which names its state, and
only what has another seal than before is opened.
"""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Connection, Select, select

from app.adapters.db.seals.person_box import PersonBox, box_of
from app.adapters.db.seals.sealed_rows import SealedRows, batches, readable
from app.adapters.db.tables import data_keys, employees, templates
from app.core.errors import CryptoFault
from app.core.people.listing import Listed
from app.core.people.records import PersonName
from app.core.text import folded
from app.core.types import PersonKind, Status

_WITH_TEMPLATES = employees.outerjoin(templates, templates.c.employee_id == employees.c.id)
_STATES: Select[Any] = select(employees.c.id, employees.c.seal, templates.c.photos).select_from(_WITH_TEMPLATES)
_WHOLE: Select[Any] = select(employees, data_keys.c.wrapped).select_from(
    employees.outerjoin(data_keys, data_keys.c.subject_id == employees.c.id)
)


def directory(connection: Connection) -> list[Listed]:
    """Returns every employee as this transaction sees them, in no order, without altered rows.

    Rows are checked when they are met first: whoever shows one reads and checks it again.
    """
    box = box_of(connection)
    found: dict[str, tuple[bytes, int, Listed]] = {}
    new: dict[str, int] = {}
    for employee_id, seal, photos in connection.execute(_STATES).all():
        kept = box.listed.get(employee_id)
        if kept is not None and kept[0] == seal and kept[1] == (photos or 0):
            found[employee_id] = kept
        else:
            new[employee_id] = photos or 0
    found.update((one.id, (seal, one.photos, one)) for seal, one in _read(connection, box, new))
    box.listed = found
    return [one for _, _, one in found.values()]


def names(connection: Connection, employee_ids: Collection[str]) -> dict[str, PersonName]:
    """Returns what these employees are called, by id. Only what was not opened in its present state is opened."""
    box = box_of(connection)
    found: dict[str, PersonName] = {}
    new: dict[str, int] = {}
    for ids in batches(sorted(employee_ids)):
        query = _STATES.where(employees.c.id.in_(ids))
        for employee_id, seal, photos in connection.execute(query).all():
            known = box.known(employee_id, seal)
            if known is None:
                new[employee_id] = photos or 0
            else:
                found[employee_id] = PersonName(known.number, known.name, bool(photos))
    for seal, one in _read(connection, box, new):
        opened = box.known(one.id, seal)
        if opened is not None:
            found[one.id] = PersonName(opened.number, opened.name, bool(one.photos))
    return found


def _read(connection: Connection, box: PersonBox, photos: dict[str, int]) -> Iterator[tuple[bytes, Listed]]:
    rows = SealedRows(connection, employees)
    for ids in batches(photos):
        for row in readable(connection, employees, _WHOLE.where(employees.c.id.in_(ids))):
            values = rows.checked(row)
            if values is None:
                continue
            try:
                personal = box.open(row.id, row.seal, row.wrapped, row.sealed_person)
            except CryptoFault:
                continue  # erased, and back with an older copy: the journal erases them at the next start
            yield (
                row.seal,
                Listed(
                    row.id,
                    personal.number,
                    folded(personal.number),
                    folded(personal.name),
                    Status(row.status),
                    frozenset(map(folded, row.groups)),
                    row.valid_until,
                    row.created_at,
                    row.blocked_at,
                    row.blocked_until,
                    photos[row.id],
                    row.kind == PersonKind.VISITOR,
                ),
            )
