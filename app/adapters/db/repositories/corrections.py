"""Rows of corrections of events."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, update

from app.adapters.db.seals.row_seal import blinded, unblinded
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import corrections
from app.core.events.corrections import Correction, CorrectionKind


class CorrectionRows:
    """Implements `ports.events.Corrections`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, corrections)

    def add(self, correction: Correction) -> None:
        person = blinded(self._connection, correction.employee_id)
        self._rows.insert({**vars(correction), "kind": correction.kind.value, "employee_id": person})

    def of(self, event_ids: Iterable[str]) -> dict[str, list[Correction]]:
        found: dict[str, list[Correction]] = {}
        query = select(*_SIGNED).where(corrections.c.event_id.in_(list(event_ids))).order_by(corrections.c.id)
        for row in self._connection.execute(query):
            found.setdefault(row.event_id, []).append(self._correction(row))
        return found

    def all(self) -> Iterator[Correction]:
        for row in self._connection.execute(select(*_SIGNED).order_by(corrections.c.id)):
            yield self._correction(row)

    def open(self, limit: int) -> list[Correction]:
        rows = self._connection.execute(_open().order_by(corrections.c.id.desc()).limit(limit))
        return [self._correction(row) for row in rows]

    def count_open(self, limit: int) -> int:
        count = select(func.count()).select_from(_open().limit(limit).subquery())
        return int(self._connection.execute(count).scalar_one())

    def get(self, correction_id: str) -> Correction | None:
        row = self._connection.execute(select(*_SIGNED).where(corrections.c.id == correction_id)).one_or_none()
        return None if row is None else self._correction(row)

    def forget(self, employee_id: str) -> None:
        person = blinded(self._connection, employee_id)
        empty = {"employee_id": None, "nonce": None, "comment": None}
        self._rows.update(empty, corrections.c.employee_id == person)
        # An altered row does not get a good seal, but its personal part must go all the same.
        self._connection.execute(update(corrections).where(corrections.c.employee_id == person).values(**empty))

    def _correction(self, row: Row[Any]) -> Correction:
        person = unblinded(self._connection, row.employee_id)
        return Correction(**{**row._mapping, "kind": CorrectionKind(row.kind), "employee_id": person})


# Corrections are signed and their readers check that, so the seal is not checked here.
_SIGNED = [column for column in corrections.c if column.name != "seal"]


def _open() -> Select[Any]:
    """The statements that nothing settles, and whose person was not erased."""
    settled = select(corrections.c.about).where(corrections.c.about.is_not(None))
    return select(*_SIGNED).where(
        corrections.c.about.is_(None), corrections.c.employee_id.is_not(None), corrections.c.id.not_in(settled)
    )
