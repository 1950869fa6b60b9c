"""Rows of what people said of events."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from app.adapters.db.tables import corrections
from app.core.corrections import Correction, CorrectionKind


class CorrectionRows:
    """log_ports.Corrections."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, correction: Correction) -> None:
        self._connection.execute(insert(corrections).values(**{**vars(correction), "kind": correction.kind.value}))

    def of(self, event_ids: Iterable[str]) -> dict[str, list[Correction]]:
        found: dict[str, list[Correction]] = {}
        query = select(corrections).where(corrections.c.event_id.in_(list(event_ids))).order_by(corrections.c.id)
        for row in self._connection.execute(query):
            found.setdefault(row.event_id, []).append(_correction(row))
        return found

    def all(self) -> Iterator[Correction]:
        for row in self._connection.execute(select(corrections).order_by(corrections.c.id)):
            yield _correction(row)

    def forget(self, employee_id: str) -> None:
        said = update(corrections).where(corrections.c.employee_id == employee_id)
        self._connection.execute(said.values(employee_id=None, nonce=None))


def _correction(row: Row[Any]) -> Correction:
    return Correction(**{**row._mapping, "kind": CorrectionKind(row.kind)})
