"""Rows that have been kept for long enough: a search that goes on where it ended, and their removal by id."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from app.adapters.db.repositories.people import ERASED
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import (
    KEY,
    Instant,
    alerts,
    corrections,
    data_keys,
    employees,
    events,
    imports,
    photos,
    presences,
    removals,
    sign_ins,
    templates,
    trail,
    zones,
)
from app.core.imports.reports import HELD
from app.core.site.retention import Found, Kind, Place, Removal
from app.core.types import Status, Verdict

DAY_KEY = "day:"  # before the day, in the id of the key that seals a day's events of nobody
_BARE = {"employee_id": None, "subject_id": None, "sealed_payload": None, "sealed_snapshot": None}

_named = and_(events.c.employee_id.is_not(None), events.c.verdict == Verdict.OPEN.value)
_questioned = or_(
    exists().where(alerts.c.event_id == events.c.id), exists().where(corrections.c.event_id == events.c.id)
)
_EVENTS: Mapping[Kind, ColumnElement[bool]] = {
    Kind.STRANGER_PICTURES: and_(events.c.sealed_snapshot.is_not(None), events.c.employee_id.is_(None), ~_questioned),
    Kind.PASSAGES: and_(events.c.sealed_payload.is_not(None), _named),
    Kind.EVENTS: and_(events.c.sealed_payload.is_not(None), ~_named),
}
_has_face = or_(
    exists().where(photos.c.employee_id == employees.c.id), exists().where(templates.c.employee_id == employees.c.id)
)
_outside = or_(presences.c.zone_id.is_(None), presences.c.zone_id.not_in(select(zones.c.id)))


def _faces(before: datetime) -> ColumnElement[bool]:
    inactive = employees.c.status == Status.INACTIVE.value
    over = or_(
        and_(inactive, employees.c.inactive_since < before),
        # On its last day somebody still passes, in every time zone.
        employees.c.valid_until < (before - timedelta(days=1)).date(),
    )
    return and_(_has_face, over)


# By kind: the table, the time by which it is searched, and what of it is due.
_PLAIN: Mapping[Kind, tuple[Table, Callable[[datetime], ColumnElement[bool]]]] = {
    Kind.ALERTS: (alerts, lambda before: and_(alerts.c.at < before, alerts.c.cleared_at < before)),
    Kind.PRESENCES: (presences, lambda before: and_(presences.c.since < before, _outside)),
    Kind.FACES: (employees, _faces),
    Kind.SIGN_INS: (sign_ins, lambda before: sign_ins.c.at < before),
    Kind.TRAIL: (trail, lambda before: trail.c.at < before),
    Kind.IMPORT_REPORTS: (
        imports,
        lambda before: and_(
            imports.c.ended_at < before,
            imports.c.state.not_in([state.value for state in HELD]),
            exists().where(data_keys.c.subject_id == imports.c.id),
        ),
    ),
}


class RetainedRows:
    """Implements `ports.people.Retained`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._removals = SealedRows(connection, removals)

    # Searching

    def find(self, kind: Kind, before: datetime, after: Place | None, limit: int) -> Found:
        if kind in _EVENTS:
            return self._events(_EVENTS[kind], before, after, limit)
        table, due = _PLAIN[kind]
        key = _key(table)
        query = select(key).where(due(before)).order_by(key).limit(limit)
        ids = self._connection.execute(query if after is None else query.where(key > after.id)).scalars().all()
        return Found(tuple(ids), Place(None, ids[-1]) if len(ids) == limit else None)

    def _events(self, due: ColumnElement[bool], before: datetime, after: Place | None, limit: int) -> Found:
        """Steps over what is not due, since no index tells: those of before are mostly done already."""
        query = select(events.c.at, events.c.id, due.label("due")).where(events.c.at < before)
        if after is not None:
            query = query.where(
                tuple_(events.c.at, events.c.id) > tuple_(literal(after.at, Instant), literal(after.id, KEY))
            )
        rows = self._connection.execute(query.order_by(events.c.at, events.c.id).limit(limit)).all()
        end = Place(rows[-1].at, rows[-1].id) if len(rows) == limit else None
        return Found(tuple(row.id for row in rows if row.due), end)

    def count(self, kind: Kind, before: datetime) -> int:
        if kind in _EVENTS:
            query = select(func.count()).select_from(events).where(events.c.at < before, _EVENTS[kind])
        else:
            table, due = _PLAIN[kind]
            query = select(func.count()).select_from(table).where(due(before))
        return int(self._connection.execute(query).scalar_one())

    def undated(self, after: str, limit: int) -> list[str]:
        inactive = and_(employees.c.status == Status.INACTIVE.value, employees.c.inactive_since.is_(None))
        query = select(employees.c.id).where(inactive, _has_face, employees.c.id > after)
        return list(self._connection.execute(query.order_by(employees.c.id).limit(limit)).scalars())

    def seals_any(self, day: str) -> bool:
        return self._connection.execute(select(exists().where(events.c.subject_id == day))).scalar_one()

    def empty_days(self, before: datetime) -> list[str]:
        days = data_keys.c.subject_id
        query = select(days).where(
            days.like(f"{DAY_KEY}%"),
            days < f"{DAY_KEY}{before:%Y-%m-%d}",
            ~exists().where(events.c.subject_id == days),
        )
        return list(self._connection.execute(query.order_by(days)).scalars())

    # Removing

    def remove(self, kind: Kind, ids: Sequence[str], before: datetime) -> int:
        if kind is Kind.STRANGER_PICTURES:
            return self._change_events(kind, ids, before, {"sealed_snapshot": None})
        if kind in _EVENTS:
            return self._anonymise(kind, ids, before)
        if kind not in (Kind.ALERTS, Kind.PRESENCES, Kind.SIGN_INS, Kind.TRAIL):
            raise ValueError(f"{kind} is not removed by rows alone")
        table, due = _PLAIN[kind]
        return SealedRows(self._connection, table).delete(_key(table).in_(ids), due(before))

    def _anonymise(self, kind: Kind, ids: Sequence[str], before: datetime) -> int:
        # What people wrote about the events goes with them. Alerts first, in the order of locks.
        self._empty(alerts, ids, {"detail": "", "acknowledged_comment": ""})
        changed = self._change_events(kind, ids, before, _BARE)
        self._empty(corrections, ids, {"employee_id": None, "nonce": None, "comment": None})
        return changed

    def _empty(self, table: Table, event_ids: Sequence[str], empty: dict[str, Any]) -> None:
        about = table.c.event_id.in_(event_ids)
        SealedRows(self._connection, table).update(empty, about)
        # An altered row does not get a good seal, but its personal part must go all the same.
        self._connection.execute(update(table).where(about).values(**empty))

    def _change_events(self, kind: Kind, ids: Sequence[str], before: datetime, values: dict[str, Any]) -> int:
        # Rows that an erasure is working on are left to it, so that neither waits for the other.
        held: Select[Any] = select(events.c.id).where(events.c.id.in_(ids), events.c.at < before, _EVENTS[kind])
        mine = self._connection.execute(held.with_for_update(skip_locked=True, of=events)).scalars().all()
        return self._connection.execute(update(events).where(events.c.id.in_(mine)).values(**values)).rowcount

    def swept(self) -> None:
        self._connection.info[ERASED] = True

    # Receipts

    def receipts(self) -> list[Removal]:
        return [_removal(dict(row._mapping)) for row in self._connection.execute(_SIGNED)]

    def receipt(self, removal_id: str) -> Removal | None:
        row = self._removals.one(id=removal_id, for_update=True)
        return None if row is None else _removal(row)

    def put(self, receipt: Removal) -> None:
        self._removals.put({**vars(receipt), "kind": receipt.kind.value})


# Receipts are signed, and their readers check that.
_SIGNED = select(*(column for column in removals.c if column.name != "seal")).order_by(removals.c.at, removals.c.id)


def _key(table: Table) -> ColumnElement[Any]:
    (key,) = table.primary_key
    return key


def _removal(row: Mapping[str, Any]) -> Removal:
    return Removal(**{**row, "kind": Kind(row["kind"])})
