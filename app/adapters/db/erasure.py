"""Rows that make erasure possible and provable: the keys whose loss is the erasure, and its receipts."""

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from app.adapters.db.tables import erasures, subject_keys
from app.core.records import Receipt


class SubjectKeyRows:
    """record_ports.SubjectKeys.

    writing: whether the transaction may write. There, reading a key holds it until the commit (PostgreSQL; SQLite has
    one writer anyway), so nobody can be erased between the sealing of an event and its commit.
    """

    def __init__(self, connection: Connection, *, writing: bool) -> None:
        self._connection = connection
        self._writing = writing

    def add(self, subject_id: str, wrapped: bytes) -> None:
        self._connection.execute(insert(subject_keys).values(subject_id=subject_id, wrapped=wrapped))

    def get(self, subject_id: str) -> bytes | None:
        query = select(subject_keys.c.wrapped).where(subject_keys.c.subject_id == subject_id)
        if self._writing:
            query = query.with_for_update(read=True, key_share=True)
        return self._connection.execute(query).scalar_one_or_none()

    def get_or_add(self, subject_id: str, wrapped: bytes) -> bytes:
        stored = self.get(subject_id)
        if stored is not None:
            return stored
        upsert = sqlite.insert if self._connection.dialect.name == "sqlite" else postgresql.insert
        self._connection.execute(
            upsert(subject_keys).values(subject_id=subject_id, wrapped=wrapped).on_conflict_do_nothing()
        )
        query = select(subject_keys.c.wrapped).where(subject_keys.c.subject_id == subject_id)
        return bytes(self._connection.execute(query).scalar_one())

    def destroy(self, subject_id: str) -> bool:
        gone = self._connection.execute(delete(subject_keys).where(subject_keys.c.subject_id == subject_id))
        return gone.rowcount == 1


class ErasureRows:
    """record_ports.Erasures."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, receipt: Receipt) -> None:
        self._connection.execute(insert(erasures).values(**vars(receipt)))

    def get(self, employee_id: str) -> Receipt | None:
        query = select(erasures).where(erasures.c.employee_id == employee_id).order_by(erasures.c.id).limit(1)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Receipt(**row._mapping)

    def all(self) -> list[Receipt]:
        return [Receipt(**row._mapping) for row in self._connection.execute(select(erasures).order_by(erasures.c.id))]
