"""Rows of what guards a door: gates, what their doors report, and the keys devices and people come with."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select
from sqlalchemy.exc import IntegrityError

from app.adapters.db.engine import upsert
from app.adapters.db.sealed_rows import SealedRows
from app.adapters.db.tables import UNCOVERED, api_keys, doors, gates
from app.core.chain import GENESIS
from app.core.errors import Conflict
from app.core.gates import DoorState
from app.core.types import ApiKey, Gate, Role

_GATE: Select[Any] = select(
    *(column for column in gates.c if column.name not in UNCOVERED[gates]),
    doors.c.state.label("door"),
    doors.c.at.label("door_at"),
).select_from(gates.outerjoin(doors, doors.c.gate_id == gates.c.id))


class GateRows:
    """record_ports.Gates. A gate's row also holds the head of its chain, which only `events.append` moves."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, gates)

    def add(self, gate: Gate) -> None:
        try:
            with self._connection.begin_nested():
                self._rows.insert({**_gate_columns(gate), "head_sequence": 0, "head_hash": GENESIS})
        except IntegrityError as error:
            raise _exists(gate) from error

    def get(self, gate_id: str) -> Gate | None:
        row = self._rows.checked(self._connection.execute(_GATE.where(gates.c.id == gate_id)).one_or_none())
        return None if row is None else Gate(**row)

    def by_name_or_id(self, name: str) -> Gate | None:
        row = self._rows.checked(self._connection.execute(_GATE.where(gates.c.name == name)).one_or_none())
        return self.get(name) if row is None else Gate(**row)

    def all(self) -> list[Gate]:
        return [Gate(**row) for row in self._rows.find(_GATE.order_by(gates.c.name))]

    def update(self, gate: Gate) -> None:
        try:
            with self._connection.begin_nested():
                self._rows.update(_gate_columns(gate), gates.c.id == gate.id)
        except IntegrityError as error:
            raise _exists(gate) from error

    def delete(self, gate_id: str) -> None:
        self._rows.delete(gates.c.id == gate_id)


class DoorRows:
    """site_ports.Doors."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def set(self, gate_id: str, state: DoorState, at: datetime) -> bool:
        row = upsert(self._connection, doors).values(gate_id=gate_id, state=state.value, at=at)
        newer = row.on_conflict_do_update(
            index_elements=[doors.c.gate_id],
            set_={"state": row.excluded.state, "at": row.excluded["at"]},
            where=doors.c.at <= row.excluded["at"],
        )
        return self._connection.execute(newer.returning(doors.c.gate_id)).one_or_none() is not None

    def get(self, gate_id: str) -> tuple[DoorState, datetime] | None:
        row = self._connection.execute(select(doors).where(doors.c.gate_id == gate_id)).one_or_none()
        return None if row is None else (DoorState(row.state), row.at)


class ApiKeyRows:
    """record_ports.ApiKeys."""

    def __init__(self, connection: Connection) -> None:
        self._rows = SealedRows(connection, api_keys)

    def add(self, key: ApiKey) -> None:
        self._rows.insert({**vars(key), "role": key.role.value})

    def get(self, key_id: str) -> ApiKey | None:
        row = self._rows.one(api_keys.c.id == key_id)
        return None if row is None else _key(row)

    def by_hash(self, hash_hex: str) -> ApiKey | None:
        row = self._rows.one(api_keys.c.hash == hash_hex)
        return None if row is None else _key(row)

    def all(self) -> list[ApiKey]:
        return [_key(row) for row in self._rows.find(select(api_keys).order_by(api_keys.c.id))]

    def rename(self, key_id: str, name: str) -> None:
        self._rows.update({"name": name}, api_keys.c.id == key_id)

    def revoke(self, key_id: str, at: datetime) -> None:
        self._rows.update({"revoked_at": at}, api_keys.c.id == key_id)


def _gate_columns(gate: Gate) -> dict[str, Any]:
    columns = dict(vars(gate))
    del columns["door"], columns["door_at"]  # a door may have moved since this gate was read
    return columns


def _exists(gate: Gate) -> Conflict:
    return Conflict("gate_exists", f"There is already a gate named {gate.name}.")


def _key(row: dict[str, Any]) -> ApiKey:
    return ApiKey(**{**row, "role": Role(row["role"])})
