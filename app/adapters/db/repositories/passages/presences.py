"""Rows of where people are, of passages that are granted and not over, and of unknown people by zone."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, bindparam, func, or_, select, type_coerce

from app.adapters.db.engine.connect import upsert
from app.adapters.db.seals.sealed_rows import SealedRows, batches
from app.adapters.db.tables import confirmed_passages, from_millis, passages, presences, to_millis, zone_counts
from app.core.access.passages.presence import Passage, Presence, UnknownPeople

_MARK = select(func.count(), func.coalesce(func.sum(type_coerce(presences.c.since, BigInteger) % 1_000_003), 0))
_OF_GATE = select(passages).where(passages.c.gate_id == bindparam("gate_id")).order_by(passages.c.at, passages.c.id)
_OVERDUE = select(passages).where(passages.c.until <= bindparam("at")).order_by(passages.c.until, passages.c.id)


class PresenceRows:
    """Implements `ports.access.Presences`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, presences)

    def get(self, person_id: str) -> Presence | None:
        row = self._rows.one(employee_id=person_id)
        return None if row is None else _presence(row)

    def all(self) -> list[Presence]:
        return [_presence(row) for row in self._rows.find(select(presences))]

    def mark(self) -> tuple[int, int]:
        # A move, or one that is taken back, changes the sum of the times; somebody new or forgotten the count.
        row = self._connection.execute(_MARK).one()
        return int(row[0]), int(row[1])

    def put(self, presence: Presence) -> None:
        self.replace(self.get(presence.person_id), presence)

    def replace(self, before: Presence | None, presence: Presence) -> None:
        kept = None if before is None else {**_columns(before), "since": to_millis(before.since)}
        self._rows.put({"employee_id": presence.person_id, **_columns(presence), "before": kept})

    def undo(self, event_id: str) -> None:
        for row in list(self._rows.find(select(presences).where(presences.c.event_id == event_id))):
            person_id, before = row["employee_id"], row["before"]
            if before is None:
                self._rows.delete(presences.c.employee_id == person_id)
            else:
                since = from_millis(before["since"])
                self._rows.put({**before, "employee_id": person_id, "since": since, "before": None})

    def remove(self, person_ids: Collection[str]) -> None:
        for ids in batches(sorted(person_ids)):
            self._rows.delete(presences.c.employee_id.in_(ids))

    def count_inside(self, zone_ids: Collection[str], at: datetime, *, but: str | None = None) -> int:
        zones = sorted(zone_ids)
        inside = (
            select(func.count())
            .select_from(presences)
            .where(presences.c.zone_id.in_(zones), presences.c.employee_id.is_distinct_from(but))
        )
        # People on their way in who are not inside already.
        coming = (
            select(func.count())
            .select_from(passages.outerjoin(presences, presences.c.employee_id == passages.c.employee_id))
            .where(
                passages.c.zone_to.in_(zones),
                passages.c.until > at,
                # Nobody in particular is NULL, and always counts.
                or_(passages.c.employee_id.is_(None), passages.c.employee_id.is_distinct_from(but)),
                or_(passages.c.zone_from.is_(None), passages.c.zone_from.not_in(zones)),
                or_(presences.c.zone_id.is_(None), presences.c.zone_id.not_in(zones)),
            )
        )
        unknown = select(func.coalesce(func.sum(zone_counts.c.unknown), 0)).where(zone_counts.c.zone_id.in_(zones))
        return sum(int(self._connection.execute(query).scalar_one()) for query in (inside, coming, unknown))

    def lock_zone(self, zone_id: str) -> None:
        self.unknown_in(zone_id)

    def unknown_in(self, zone_id: str) -> int:
        rows = SealedRows(self._connection, zone_counts)
        row = rows.one(zone_id=zone_id, for_update=True)
        if row is None:
            new = rows.sealed({"zone_id": zone_id, "unknown": 0, "since": None})
            self._connection.execute(upsert(self._connection, zone_counts).values(**new).on_conflict_do_nothing())
            row = rows.one(zone_id=zone_id, for_update=True)
        return 0 if row is None else int(row["unknown"])

    def set_unknown(self, zone_id: str, count: int, at: datetime) -> None:
        SealedRows(self._connection, zone_counts).put({"zone_id": zone_id, "unknown": count, "since": at})

    def unknown(self) -> dict[str, UnknownPeople]:
        found = SealedRows(self._connection, zone_counts).find(select(zone_counts).where(zone_counts.c.unknown > 0))
        return {row["zone_id"]: UnknownPeople(row["unknown"], row["since"]) for row in found}


class PassageRows:
    """Implements `ports.access.Passages`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, passages)
        self._confirmed = SealedRows(connection, confirmed_passages)

    def add(self, passage: Passage) -> None:
        self._rows.insert({"employee_id" if name == "person_id" else name: v for name, v in vars(passage).items()})

    def of_person(self, person_id: str) -> tuple[Passage, ...]:
        row = self._rows.one(employee_id=person_id)
        return () if row is None else (_passage(row),)

    def of_gate(self, gate_id: str) -> list[Passage]:
        return list(self._found(_OF_GATE.params(gate_id=gate_id)))

    def overdue(self, at: datetime) -> list[Passage]:
        return list(self._found(_OVERDUE.params(at=at)))

    def take(self, passage_id: str) -> Passage | None:
        taken = self._rows.take(passages.c.id == passage_id)
        return _passage(taken[0]) if taken else None

    def withdraw(self, event_id: str) -> None:
        self._rows.delete(passages.c.event_id == event_id)

    def confirm(self, event_id: str, at: datetime) -> None:
        self._confirmed.put({"event_id": event_id, "at": at})

    def is_confirmed(self, event_id: str) -> bool:
        return self._confirmed.one(event_id=event_id) is not None

    def note_report(self, gate_id: str, report_id: str, at: datetime) -> None:
        self.confirm(_report(gate_id, report_id), at)

    def is_reported(self, gate_id: str, report_id: str) -> bool:
        return self.is_confirmed(_report(gate_id, report_id))

    def forget_confirmed(self, before: datetime) -> int:
        return self._confirmed.delete(confirmed_passages.c.at < before)

    def leave(self, person_id: str) -> None:
        self._rows.delete(passages.c.employee_id == person_id)

    def _found(self, query: Select[Any]) -> Iterator[Passage]:
        return (_passage(row) for row in self._rows.find(query))


def _report(gate_id: str, report_id: str) -> str:
    """The key of a report among the confirmed openings, which are kept as long. No event has such an id."""
    return f"report-{hashlib.sha256(f'{gate_id} {report_id}'.encode()).hexdigest()}"


def _presence(row: Mapping[str, Any]) -> Presence:
    return Presence(row["employee_id"], row["zone_id"], row["since"], row["gate_id"], row["event_id"])


def _columns(presence: Presence) -> dict[str, Any]:
    where, event = {"zone_id": presence.zone_id, "since": presence.since}, {"event_id": presence.event_id}
    return {**where, "gate_id": presence.gate_id, **event}


def _passage(row: Mapping[str, Any]) -> Passage:
    columns = {"person_id" if name == "employee_id" else name: value for name, value in row.items()}
    return Passage(**columns)
