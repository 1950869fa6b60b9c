"""Rows of imports."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, case, delete, func, select, update

from app.adapters.db.engine.connect import upsert
from app.adapters.db.seals.row_seal import seals_of
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import import_mappings, import_rows, imports
from app.core.imports.people_columns import mapping_of
from app.core.imports.remembered import RememberedMapping, names
from app.core.imports.reports import Import, ImportState, RowFilter, RowOutcome, StoredRow
from app.core.sealing import Sealed, context
from app.core.types import Employee

_WITHOUT_PICTURE = [c for c in import_rows.c if c.name not in ("import_id", "picture")]


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

    def put_row(self, import_id: str, row: StoredRow, picture: bytes | None) -> None:
        values = {**vars(row), "outcome": row.outcome.value, "picture": picture}
        del values["has_picture"]
        query = upsert(self._connection, import_rows).values(import_id=import_id, **values)
        self._connection.execute(query.on_conflict_do_update(index_elements=["import_id", "line"], set_=values))

    def rows(self, import_id: str, which: RowFilter) -> list[StoredRow]:
        query = select(*_WITHOUT_PICTURE, import_rows.c.picture.is_not(None).label("has_picture"))
        query = query.where(import_rows.c.import_id == import_id, import_rows.c.line > which.after)
        if which.outcome is not None:
            query = query.where(import_rows.c.outcome == which.outcome.value)
        if which.problems:
            query = query.where(import_rows.c.problems > 0)
        if which.unrecognisable:
            query = query.where(import_rows.c.recognisable.is_(False))
        found = self._connection.execute(query.order_by(import_rows.c.line).limit(which.limit))
        return [StoredRow(**{**row._mapping, "outcome": RowOutcome(row.outcome)}) for row in found]

    def picture(self, import_id: str, line: int) -> bytes | None:
        query = select(import_rows.c.picture).where(import_rows.c.import_id == import_id, import_rows.c.line == line)
        found: bytes | None = self._connection.execute(query).scalar_one_or_none()
        return found

    def lines(self, import_id: str) -> set[int]:
        query = select(import_rows.c.line).where(import_rows.c.import_id == import_id)
        return set(self._connection.execute(query).scalars())

    def counts(self, import_id: str) -> dict[str, int]:
        at_fault = func.sum(case((import_rows.c.problems > 0, 1), else_=0))
        unseen = func.sum(case((import_rows.c.recognisable.is_(False), 1), else_=0))
        columns = (import_rows.c.outcome, func.count(), at_fault, unseen)
        query = select(*columns).where(import_rows.c.import_id == import_id)
        found = self._connection.execute(query.group_by(import_rows.c.outcome)).all()
        counted = {row[0]: row[1] for row in found}
        return {
            **{o.value: counted.get(o.value, 0) for o in RowOutcome},
            "problems": sum(row[2] for row in found),
            "unrecognisable": sum(row[3] for row in found),
        }

    def forget_rows(self, import_id: str) -> None:
        self._connection.execute(delete(import_rows).where(import_rows.c.import_id == import_id))


class ImportMappingRows:
    """Implements `imports.remembered.RememberedMappings`. Titles may hold a name where a file has no header."""

    def __init__(self, connection: Connection) -> None:
        self._seals = seals_of(connection)
        self._rows = SealedRows(connection, import_mappings)

    def get(self, fingerprint: str) -> RememberedMapping | None:
        row = self._rows.one(fingerprint=fingerprint)
        return None if row is None else self._mapping(row)

    def forget(self, employee: Employee | None) -> None:
        kept = [] if employee is None else [one for one in self._all() if not names(one.mapping, employee)]
        self._rows.delete(import_mappings.c.fingerprint.not_in([one.fingerprint for one in kept]))

    def _all(self) -> Iterator[RememberedMapping]:
        for row in self._rows.find(select(import_mappings)):
            yield self._mapping(row)

    def _mapping(self, row: dict[str, Any]) -> RememberedMapping:
        plain = self._seals.reveal(row["mapping"], _context(row["fingerprint"]))
        return RememberedMapping(row["fingerprint"], mapping_of(json.loads(plain)), row["actor"], row["saved_at"])

    def put(self, what: RememberedMapping) -> None:
        plain = json.dumps(what.mapping.plain()).encode()
        concealed = self._seals.conceal(plain, _context(what.fingerprint))
        self._rows.put(
            {
                "fingerprint": what.fingerprint,
                "mapping": concealed,
                "actor": what.actor,
                "saved_at": what.saved_at,
            }
        )


def _context(fingerprint: str) -> str:
    return context(Sealed.IMPORT_MAPPING, fingerprint)


_SEALED_TOGETHER = ("notices", "detail", "mapping", "sealed_notes")


def _columns(what: Import) -> dict[str, Any]:
    # Notices are stored only sealed, in `told`: the column keeps its first name, which the rows' seals cover.
    kept = {name: value for name, value in vars(what).items() if name not in _SEALED_TOGETHER}
    return {**kept, "state": what.state.value, "told": what.sealed_notes}


def _import(row: dict[str, Any]) -> Import:
    kept = {name: value for name, value in row.items() if name != "told"}
    return Import(**{**kept, "state": ImportState(row["state"]), "sealed_notes": row["told"]})
