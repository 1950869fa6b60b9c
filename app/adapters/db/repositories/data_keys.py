"""Rows that make erasure possible and provable: the keys whose destruction is the erasure, and its receipts."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from app.adapters.db.engine.connect import upsert
from app.adapters.db.fixed import Fixed
from app.adapters.db.repositories.people import ERASED
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import data_keys, erasures
from app.core.errors import CryptoFault
from app.core.people.records import Receipt


class DataKeyRows:
    """Implements `ports.people.DataKeys`.

    writing: whether the transaction may write. If so, `get` locks the key until the commit (on PostgreSQL; SQLite has a
    single writer anyway), so nobody can be erased between the sealing of an event and its commit.
    """

    def __init__(self, connection: Connection, *, writing: bool) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, data_keys)
        self._writing = writing

    def add(self, subject_id: str, wrapped: bytes) -> None:
        self._rows.insert({"subject_id": subject_id, "wrapped": wrapped})

    def get(self, subject_id: str) -> bytes | None:
        if not self._writing:
            return self.peek(subject_id)
        row = self._rows.first(_HELD, {"subject_id": subject_id})
        return None if row is None else row["wrapped"]

    def peek(self, subject_id: str) -> bytes | None:
        row = self._rows.one(subject_id=subject_id)
        return None if row is None else row["wrapped"]

    def get_or_add(self, subject_id: str, wrapped: bytes) -> bytes:
        stored = self.get(subject_id)
        if stored is not None:
            return stored
        new = self._rows.sealed({"subject_id": subject_id, "wrapped": wrapped})
        mine = upsert(self._connection, data_keys).values(**new).on_conflict_do_nothing()
        if self._connection.execute(mine.returning(data_keys.c.subject_id)).one_or_none() is not None:
            self._rows.count(new["seal"])
            return wrapped
        row = self._rows.one(subject_id=subject_id)
        if row is None:
            raise CryptoFault("a data key was altered in the database")
        return bytes(row["wrapped"])

    def destroy(self, subject_id: str) -> bool:
        return self._rows.delete(data_keys.c.subject_id == subject_id) == 1

    def all(self) -> dict[str, bytes]:
        return {row["subject_id"]: row["wrapped"] for row in self._rows.find(select(data_keys))}

    def replace(self, subject_id: str, wrapped: bytes) -> None:
        self._rows.update({"wrapped": wrapped}, data_keys.c.subject_id == subject_id)
        self._connection.info[ERASED] = True  # the log must not keep the old key either


class ErasureRows:
    """Implements `ports.people.Erasures`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, receipt: Receipt) -> None:
        SealedRows(self._connection, erasures).insert(vars(receipt))

    def get(self, employee_id: str) -> Receipt | None:
        query = select(*_SIGNED).where(erasures.c.employee_id == employee_id).order_by(erasures.c.id).limit(1)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Receipt(**row._mapping)

    def all(self) -> list[Receipt]:
        return [Receipt(**row._mapping) for row in self._connection.execute(select(*_SIGNED).order_by(erasures.c.id))]

    def latest(self) -> datetime | None:
        found: datetime | None = self._connection.execute(select(func.max(erasures.c.erased_at))).scalar_one()
        return found


_HELD = Fixed(
    select(data_keys)
    .where(data_keys.c.subject_id == bindparam("subject_id"))
    .with_for_update(read=True, key_share=True)
)
# Receipts are signed, and their readers check that.
_SIGNED = [column for column in erasures.c if column.name != "seal"]
