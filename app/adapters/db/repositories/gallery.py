"""Rows of the gallery: templates, and the feed by which every process learns which of them changed.

Every change takes the next revision by updating one row, whose lock lasts until the commit. So revisions become visible
in order, and a reader that has seen N has missed nothing below N.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy import Select as SqlSelect

from app.adapters.db.engine.connect import upsert
from app.adapters.db.fixed import Fixed
from app.adapters.db.seals.sealed_rows import SealedRows, batches
from app.adapters.db.tables import data_keys, gallery, gallery_changes, templates
from app.core.errors import NotRecorded
from app.core.types import Template


def record_change(connection: Connection, employee_id: str) -> None:
    """Takes the next revision for this employee's template, and locks the feed until the transaction ends."""
    revision = connection.execute(
        update(gallery).values(revision=gallery.c.revision + 1).returning(gallery.c.revision)
    ).scalar_one()
    newest = upsert(connection, gallery_changes).on_conflict_do_update(
        index_elements=["employee_id"], set_={"revision": revision}
    )
    connection.execute(newest, {"revision": revision, "employee_id": employee_id})


class TemplateRows:
    """Implements `ports.people.Templates`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, templates)

    def lock(self) -> int:
        row = _HELD.row(self._connection)
        assert row is not None, "a migration made it"
        return int(row["revision"])

    def put(self, template: Template) -> None:
        record_change(self._connection, template.employee_id)
        self._rows.put(vars(template))

    def delete(self, employee_id: str) -> bool:
        there = select(templates.c.employee_id).where(templates.c.employee_id == employee_id)
        if self._connection.execute(there).first() is None:
            return False
        record_change(self._connection, employee_id)
        return self._rows.delete(templates.c.employee_id == employee_id) == 1

    def get(self, employee_id: str) -> Template | None:
        row = self._rows.one(employee_id=employee_id)
        return None if row is None else Template(**row)

    def revision(self) -> int:
        row = _REVISION.row(self._connection)
        if row is None:
            raise NotRecorded("the gallery's revision is not in the database")
        return int(row["revision"])

    def changed_since(self, revision: int) -> set[str]:
        query = select(gallery_changes.c.employee_id).where(gallery_changes.c.revision > revision)
        return set(self._connection.execute(query).scalars())

    def all(self) -> Iterator[tuple[Template, bytes]]:
        with self._connection.execute(_WITH_KEY, execution_options={"yield_per": 1000}) as rows:
            yield from self._opened(rows)

    def some(self, employee_ids: Iterable[str]) -> list[tuple[Template, bytes]]:
        found: list[tuple[Template, bytes]] = []
        for ids in batches(employee_ids):
            rows = self._connection.execute(_WITH_KEY.where(templates.c.employee_id.in_(ids)))
            found.extend(self._opened(rows))
        return found

    def _opened(self, rows: Iterable[Row[Any]]) -> Iterator[tuple[Template, bytes]]:
        for row in rows:
            values = self._rows.checked(row)
            if values is not None:
                wrapped = values.pop("wrapped")
                yield Template(**values), wrapped

    def photo_counts(self) -> dict[int, int]:
        query = select(templates.c.photos, func.count()).group_by(templates.c.photos)
        return {row[0]: row[1] for row in self._connection.execute(query)}


_REVISION = Fixed(select(gallery.c.revision))
_HELD = Fixed(select(gallery.c.revision).with_for_update())
_WITH_KEY: SqlSelect[Any] = select(templates, data_keys.c.wrapped).select_from(
    templates.join(data_keys, data_keys.c.subject_id == templates.c.employee_id)
)
