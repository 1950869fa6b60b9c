"""Rows of gates, the states of their doors, and the results of their commands."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select
from sqlalchemy.exc import IntegrityError

from app.adapters.db.engine.connect import upsert
from app.adapters.db.fixed import Fixed
from app.adapters.db.repositories.access import RuleRows
from app.adapters.db.seals.sealed_rows import SealedRows, batches
from app.adapters.db.tables import UNCOVERED, doors, gate_results, gates, sites
from app.core.access.rules import GatePlace
from app.core.credentials.formats import CardFormat
from app.core.errors import Conflict
from app.core.events.chain import GENESIS
from app.core.gates.commands import CommandOutcome, DoorState, DriverKind, FailMode, PassageSource
from app.core.gates.gate import Gate
from app.core.gates.result import GateResultRow
from app.core.recognition.liveness import LivenessMode

_GATE: Select[Any] = select(
    *(column for column in gates.c if column.name not in UNCOVERED[gates]),
    doors.c.state.label("door"),
    doors.c.at.label("door_at"),
).select_from(gates.outerjoin(doors, doors.c.gate_id == gates.c.id))
_BY_ID, _BY_NAME = (Fixed(_GATE.where(column == bindparam("value"))) for column in (gates.c.id, gates.c.name))


class GateRows:
    """Implements `ports.gates.Gates`.

    A gate's row also holds the head of its chain, which only `events.append` moves.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, gates)

    def add(self, gate: Gate) -> None:
        try:
            with self._connection.begin_nested():
                self._rows.insert({**_gate_columns(gate), "head_sequence": 0, "head_hash": GENESIS})
        except IntegrityError as error:
            raise _exists(gate) from error
        # At the oldest site, until an admin says otherwise: rules for every gate reach it at once.
        site_id = self._connection.execute(select(func.min(sites.c.id))).scalar()
        if site_id is not None:
            RuleRows(self._connection).put(GatePlace(gate.id, gate.name, site_id))

    def get(self, gate_id: str) -> Gate | None:
        return self._one(_BY_ID, gate_id)

    def by_name_or_id(self, name: str) -> Gate | None:
        return self._one(_BY_NAME, name) or self.get(name)

    def all(self) -> list[Gate]:
        return [_gate(row) for row in self._rows.find(_GATE.order_by(gates.c.name))]

    def update(self, gate: Gate) -> None:
        try:
            with self._connection.begin_nested():
                columns = _gate_columns(gate)
                if gate.driver is DriverKind.UNKNOWN:
                    for name in _KINDS.keys() & columns.keys():
                        del columns[name]  # what stands there is for the version that wrote it
                self._rows.update(columns, gates.c.id == gate.id)
        except IntegrityError as error:
            raise _exists(gate) from error

    def delete(self, gate_id: str) -> None:
        self._rows.delete(gates.c.id == gate_id)

    def _one(self, query: Fixed, value: str) -> Gate | None:
        row = self._rows.first(query, {"value": value})
        return None if row is None else _gate(row)


class DoorRows:
    """Implements `ports.gates.Doors`."""

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
        return None if row is None else (_door(row.state), row.at)


# What a value that a newer version wrote is read as.
_KINDS: dict[str, tuple[type[StrEnum], StrEnum]] = {
    "driver": (DriverKind, DriverKind.UNKNOWN),
    "fail_mode": (FailMode, FailMode.SECURE),
    "liveness": (LivenessMode, LivenessMode.REQUIRED),
    "passages": (PassageSource, PassageSource.ASSUME_NEVER),
    "badge_format": (CardFormat, CardFormat.RAW),
}
# NULL keeps the seals of rows from before the column valid.
_DEFAULTS: dict[str, StrEnum] = {"passages": PassageSource.ASSUME_ON_GRANT, "badge_format": CardFormat.RAW}


def _gate(row: Mapping[str, Any]) -> Gate:
    """A gate with any value that this version does not know cannot be driven, and keeps no other from being read."""
    read: dict[str, Any] = {**row, "door": None if row["door"] is None else _door(row["door"])}
    for name, (kind, unknown) in _KINDS.items():
        try:
            read[name] = _DEFAULTS[name] if row[name] is None else kind(row[name])
        except ValueError:
            read[name], read["driver"] = unknown, DriverKind.UNKNOWN
    return Gate(**read)


def _door(state: str) -> DoorState:
    try:
        return DoorState(state)
    except ValueError:
        return DoorState.FAULT


def _gate_columns(gate: Gate) -> dict[str, Any]:
    columns = {name: value.value if isinstance(value, StrEnum) else value for name, value in vars(gate).items()}
    columns |= {name: None for name, usual in _DEFAULTS.items() if getattr(gate, name) is usual}
    del columns["door"], columns["door_at"]  # a door may have moved since this gate was read
    return columns


def _exists(gate: Gate) -> Conflict:
    return Conflict("gate_exists", f"There is already a gate named {gate.name}.")


class GateResultRows:
    """Implements `ports.gates.GateResults`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, row: GateResultRow) -> None:
        SealedRows(self._connection, gate_results).put({**vars(row), "outcome": row.outcome.value})

    def of(self, event_ids: Iterable[str]) -> dict[str, GateResultRow]:
        found: dict[str, GateResultRow] = {}
        for ids in batches(event_ids):
            query = select(*(c for c in gate_results.c if c.name != "seal")).where(gate_results.c.event_id.in_(ids))
            # Results are signed and their readers check that, so the seal is not checked here.
            for row in self._connection.execute(query):
                found[row.event_id] = GateResultRow(**{**row._mapping, "outcome": CommandOutcome(row.outcome)})
        return found
