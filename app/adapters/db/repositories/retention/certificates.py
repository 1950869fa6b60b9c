"""Rows of certificates, and what the tables hold about somebody who is about to be erased."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, func, select

from app.adapters.db.seals.row_seal import seals_of
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import (
    certificates,
    employees,
    events,
    metadata,
    next_templates,
    photos,
    templates,
)
from app.core.people.certificates import Belongings, Certificate, Scope

MOST_EVENTS = 1000  # whose sealed details are searched for
_NOT_SEARCHED = frozenset({"seal", "digest"})


class CertificateRows:
    """Implements `people.certificates.Certificates`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, certificates)

    def belongings(self, employee_id: str, scope: Scope) -> Belongings:
        counts: dict[str, int] = {}
        sealed: list[bytes] = []
        of_face = scope is Scope.FACE
        for table, query in _belonging(employee_id):
            if of_face and table not in (photos, templates, next_templates) and table.name != "embeddings":
                continue
            rows = self._connection.execute(query).all()
            if rows:
                counts[table.name] = len(rows)
                sealed += _sealed(table, rows)
        link = seals_of(self._connection).blind(employee_id)
        if not of_face:
            ours = events.c.employee_id == link
            counts["events"] = self._connection.execute(select(func.count()).where(ours)).scalar_one()
            newest = select(events).where(ours).order_by(events.c.at.desc(), events.c.id.desc()).limit(MOST_EVENTS)
            sealed += _sealed(events, self._connection.execute(newest).all())
            own = select(employees).where(employees.c.id == employee_id)
            rows = self._connection.execute(own).all()
            counts["employees"] = len(rows)
            sealed += _sealed(employees, rows)
        return Belongings({name: count for name, count in sorted(counts.items()) if count}, tuple(sealed), link)

    def add(self, certificate: Certificate) -> None:
        self._rows.insert(_columns(certificate))

    def put(self, certificate: Certificate) -> None:
        self._rows.update(_columns(certificate), certificates.c.id == certificate.id)

    def get(self, certificate_id: str) -> Certificate | None:
        row = self._rows.one(id=certificate_id)
        return None if row is None else _certificate(row)

    def of(self, employee_id: str) -> Certificate | None:
        query = select(certificates).where(certificates.c.employee_id == employee_id)
        return next(map(_certificate, self._rows.find(query.order_by(certificates.c.id.desc()).limit(1))), None)

    def all(self, limit: int, before: str | None = None) -> list[Certificate]:
        query = select(certificates).order_by(certificates.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(certificates.c.id < before)
        return [_certificate(row) for row in self._rows.find(query)]

    def waiting(self, before: datetime) -> Iterator[Certificate]:
        query = select(certificates).where(certificates.c.document.is_(None), certificates.c.asked_at < before)
        return map(_certificate, self._rows.find(query.order_by(certificates.c.id)))


def _belonging(employee_id: str) -> Iterator[tuple[Table, Any]]:
    """What refers to the person, and what refers to that."""
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table is employees:
                yield table, select(table).where(key.parent == employee_id)
                for other in metadata.sorted_tables:
                    for second in other.foreign_keys:
                        if second.column.table is table and not _refers_to_people(other):
                            owner = select(second.column).where(key.parent == employee_id)
                            yield other, select(other).where(second.parent.in_(owner))


def _refers_to_people(table: Table) -> bool:
    return any(key.column.table is employees for key in table.foreign_keys)


def _sealed(table: Table, rows: Any) -> list[bytes]:
    names = [c.name for c in table.c if isinstance(c.type, LargeBinary) and c.name not in _NOT_SEARCHED]
    found = (row._mapping[name] for row in rows for name in names)
    return [bytes(one) for one in found if isinstance(one, bytes | memoryview)]


def _columns(certificate: Certificate) -> dict[str, Any]:
    document = certificate.document
    printed = None if document is None else json.dumps(document, ensure_ascii=False, sort_keys=True)
    return {**vars(certificate), "scope": certificate.scope.value, "document": printed}


def _certificate(row: dict[str, Any]) -> Certificate:
    document = None if row["document"] is None else json.loads(row["document"])
    return Certificate(**{**row, "scope": Scope(row["scope"]), "document": document})
