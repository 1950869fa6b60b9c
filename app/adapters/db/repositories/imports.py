"""Rows of imports."""

from typing import Any

from sqlalchemy import Connection, case, delete, func, select, update

from app.adapters.db.engine.connect import upsert
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import import_rows, imports
from app.core.imports.reports import Import, ImportState, RowFilter, RowOutcome, StoredRow


class ImportRows:
    """Implements `imports.reports.Imports`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, imports)

    def add(self, what: Import) -> None:
        self._rows.insert(_columns(what))

    def get(self, import_id: str, *, for_update: bool = False) -> Import | None:
        row = self._rows.one(id=import_id, for_update=for_update)
        return None if row is None else _import(row)

    def all(self, limit: int = 50) -> list[Import]:
        return [_import(row) for row in self._rows.find(select(imports).order_by(imports.c.id.desc()).limit(limit))]

    def put(self, what: Import) -> None:
        self._rows.update(_columns(what), imports.c.id == what.id)

    def progress(self, import_id: str, rows: int, photos: int) -> None:
        values = {"done": imports.c.done + rows, "done_photos": imports.c.done_photos + photos}
        self._connection.execute(update(imports).where(imports.c.id == import_id).values(**values))

    def put_row(self, import_id: str, row: StoredRow) -> None:
        values = {**vars(row), "outcome": row.outcome.value}
        query = upsert(self._connection, import_rows).values(import_id=import_id, **values)
        self._connection.execute(query.on_conflict_do_update(index_elements=["import_id", "line"], set_=values))

    def rows(self, import_id: str, which: RowFilter) -> list[StoredRow]:
        query = select(import_rows).where(import_rows.c.import_id == import_id, import_rows.c.line > which.after)
        if which.outcome is not None:
            query = query.where(import_rows.c.outcome == which.outcome.value)
        if which.problems:
            query = query.where(import_rows.c.problems > 0)
        found = self._connection.execute(query.order_by(import_rows.c.line).limit(which.limit))
        return [
            StoredRow(row.line, RowOutcome(row.outcome), row.problems, row.photos, row.employee_id, row.sealed)
            for row in found
        ]

    def lines(self, import_id: str) -> set[int]:
        query = select(import_rows.c.line).where(import_rows.c.import_id == import_id)
        return set(self._connection.execute(query).scalars())

    def counts(self, import_id: str) -> dict[str, int]:
        at_fault = func.sum(case((import_rows.c.problems > 0, 1), else_=0))
        query = select(import_rows.c.outcome, func.count(), at_fault).where(import_rows.c.import_id == import_id)
        found = self._connection.execute(query.group_by(import_rows.c.outcome)).all()
        counted = {row[0]: row[1] for row in found}
        return {**{o.value: counted.get(o.value, 0) for o in RowOutcome}, "problems": sum(row[2] for row in found)}

    def forget_rows(self, import_id: str) -> None:
        self._connection.execute(delete(import_rows).where(import_rows.c.import_id == import_id))


def _columns(what: Import) -> dict[str, Any]:
    # Notices are stored only sealed, in `told`: the column keeps its first name, which the rows' seals cover.
    kept = {name: value for name, value in vars(what).items() if name not in ("notices", "detail", "sealed_notes")}
    return {**kept, "state": what.state.value, "told": what.sealed_notes}


def _import(row: dict[str, Any]) -> Import:
    kept = {name: value for name, value in row.items() if name != "told"}
    return Import(**{**kept, "state": ImportState(row["state"]), "sealed_notes": row["told"]})
