"""Rows of what guards a door: gates and the keys devices and people come with."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.adapters.db.tables import api_keys, gates
from app.core.chain import GENESIS
from app.core.errors import Conflict
from app.core.types import ApiKey, Gate, Role

_GATE = (gates.c.id, gates.c.name, gates.c.enabled, gates.c.open_ms, gates.c.created_at)


class GateRows:
    """ports.Gates. A gate's row also holds the head of its chain, which only `events.append` moves."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, gate: Gate) -> None:
        statement = insert(gates).values(**vars(gate), head_sequence=0, head_hash=GENESIS)
        try:
            with self._connection.begin_nested():
                self._connection.execute(statement)
        except IntegrityError as error:
            raise _exists(gate) from error

    def get(self, gate_id: str) -> Gate | None:
        row = self._connection.execute(select(*_GATE).where(gates.c.id == gate_id)).one_or_none()
        return None if row is None else Gate(**row._mapping)

    def by_name(self, name: str) -> Gate | None:
        row = self._connection.execute(select(*_GATE).where(gates.c.name == name)).one_or_none()
        return None if row is None else Gate(**row._mapping)

    def all(self) -> list[Gate]:
        rows = self._connection.execute(select(*_GATE).order_by(gates.c.name))
        return [Gate(**row._mapping) for row in rows]

    def update(self, gate: Gate) -> None:
        try:
            with self._connection.begin_nested():
                self._connection.execute(update(gates).where(gates.c.id == gate.id).values(**vars(gate)))
        except IntegrityError as error:
            raise _exists(gate) from error


class ApiKeyRows:
    """ports.ApiKeys."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, key: ApiKey) -> None:
        self._connection.execute(insert(api_keys).values(**{**vars(key), "role": key.role.value}))

    def get(self, key_id: str) -> ApiKey | None:
        row = self._connection.execute(select(api_keys).where(api_keys.c.id == key_id)).one_or_none()
        return None if row is None else _key(row)

    def by_hash(self, hash_hex: str) -> ApiKey | None:
        row = self._connection.execute(select(api_keys).where(api_keys.c.hash == hash_hex)).one_or_none()
        return None if row is None else _key(row)

    def all(self) -> list[ApiKey]:
        return [_key(row) for row in self._connection.execute(select(api_keys).order_by(api_keys.c.id))]

    def revoke(self, key_id: str, at: datetime) -> None:
        self._connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(revoked_at=at))


def _exists(gate: Gate) -> Conflict:
    return Conflict("gate_exists", f"There is already a gate named {gate.name}.")


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(**{**row._mapping, "role": Role(row.role)})
