"""Rows of enrolments by badge and their pictures."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from app.adapters.db.repositories.people import ERASED
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import gate_faces, gatherings
from app.core.people.gathering import GateFace, Gathering, GatheringState


class GatheringRows:
    """Implements `people.gathering.Gatherings`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, gatherings)
        self._faces = SealedRows(connection, gate_faces)

    def put(self, what: Gathering) -> None:
        self._rows.put({**vars(what), "state": what.state.value})

    def of(self, employee_id: str) -> Gathering | None:
        row = self._rows.one(employee_id=employee_id)
        return None if row is None else _gathering(row)

    def all(self) -> list[Gathering]:
        query = select(gatherings).order_by(gatherings.c.started_at, gatherings.c.employee_id)
        return [_gathering(row) for row in self._rows.find(query)]

    def add_face(self, face: GateFace) -> None:
        self._faces.insert(vars(face))

    def faces(self, employee_id: str) -> list[GateFace]:
        query = select(gate_faces).where(gate_faces.c.employee_id == employee_id)
        return [GateFace(**row) for row in self._faces.find(query.order_by(gate_faces.c.taken_at, gate_faces.c.id))]

    def drop_faces(self, employee_id: str) -> int:
        gone = self._faces.delete(gate_faces.c.employee_id == employee_id)
        if gone:
            self._connection.info[ERASED] = True
        return gone

    def forget(self, employee_id: str, until: datetime | None = None) -> int:
        found = None if until is None else self.of(employee_id)
        if found is not None and until is not None and found.started_at > until:
            return 0
        gone = self.drop_faces(employee_id)
        self._rows.delete(gatherings.c.employee_id == employee_id)
        return gone


def _gathering(row: dict[str, Any]) -> Gathering:
    return Gathering(**{**row, "state": GatheringState(row["state"])})
