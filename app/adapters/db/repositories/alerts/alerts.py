"""Rows of alerts."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, or_, select, update

from app.adapters.db.engine.connect import upsert
from app.adapters.db.repositories.alerts.receivers import raised_since
from app.adapters.db.repositories.events import events_of
from app.adapters.db.seals.sealed_rows import SealedRows, batches, held
from app.adapters.db.tables import AWAITING, UNCLEARED, UNSENT, alerts, deliveries
from app.core.alerts.alert import Acknowledgement, Alert, AlertFilter, AlertKind, AlertState


class AlertRows:
    """Implements `ports.alerts.Alerts`.

    A unique index over the uncleared ones lets several processes raise the same alert safely.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, alerts)

    def raise_(self, alert: Alert) -> bool:
        columns = self._rows.sealed(_columns(alert))
        statement = (
            upsert(self._connection, alerts)
            .values(**columns)
            .on_conflict_do_nothing(
                index_elements=[alerts.c.kind, alerts.c.gate_id, alerts.c.camera_id], index_where=UNCLEARED
            )
            .returning(alerts.c.id)
        )
        if self._connection.execute(statement).one_or_none() is None:
            return False
        self._rows.count(columns["seal"])
        return True

    def note(self, alert: Alert) -> None:
        self._rows.insert(_columns(alert))

    def clear(self, kind: AlertKind, gate_id: str | None, camera_id: str | None, at: datetime) -> bool:
        place = (alerts.c.gate_id == (gate_id or ""), alerts.c.camera_id == (camera_id or ""))
        return self._rows.update(_cleared(at), UNCLEARED, alerts.c.kind == kind.value, *place) == 1

    def end(self, alert_id: str, at: datetime) -> bool:
        return self._rows.update(_cleared(at), UNCLEARED, alerts.c.id == alert_id) == 1

    def acknowledge(self, alert_id: str, acknowledgement: Acknowledgement) -> bool:
        changes = {**_acknowledged(acknowledgement), "awaiting": None}
        unacknowledged = alerts.c.acknowledged_at.is_(None)
        return self._rows.update(changes, unacknowledged, alerts.c.id == alert_id) == 1

    def forget(self, employee_id: str) -> None:
        theirs = alerts.c.event_id.in_(events_of(self._connection, employee_id))
        empty = {"detail": "", "acknowledged_comment": ""}
        self._rows.update(empty, theirs)
        # An altered row does not get a good seal, but what people wrote must go all the same.
        self._connection.execute(update(alerts).where(theirs).values(**empty))

    def get(self, alert_id: str) -> Alert | None:
        row = self._rows.one(id=alert_id)
        return None if row is None else _alert(row)

    def by_ids(self, ids: Iterable[str]) -> dict[str, Alert]:
        these = (select(alerts).where(alerts.c.id.in_(some)) for some in batches(set(ids)))
        return {alert.id: alert for query in these for alert in self._found(query)}

    def about(self, event_id: str) -> Alert | None:
        row = self._rows.one(event_id=event_id, kind=AlertKind.REPORTED.value)
        return None if row is None else _alert(row)

    def uncleared(self) -> list[Alert]:
        return [_alert(row) for row in self._rows.find(_NEWEST_FIRST.where(UNCLEARED))]

    def unsent(self, limit: int) -> list[str]:
        query = select(alerts.c.id).where(UNSENT).order_by(alerts.c.id).limit(limit)
        return list(self._connection.execute(query).scalars())

    def take_unsent(self, ids: Sequence[str]) -> list[Alert]:
        these = (UNSENT, alerts.c.id.in_(ids))
        found = self._found(held(_NEWEST_FIRST.where(*these)))
        self._rows.update({"unsent": None}, *these)
        # An altered row keeps its bad seal. It must not be found again and again, before all others.
        self._connection.execute(update(alerts).where(*these).values(unsent=None))
        return found[::-1]

    def told_since(self, at: datetime) -> list[Alert]:
        told = select(deliveries.c.alert_id).where(*raised_since(at))
        lasting = or_(alerts.c.cleared_at.is_(None), alerts.c.cleared_at != alerts.c.at)
        return self._found(_NEWEST_FIRST.where(alerts.c.id.in_(told), alerts.c.acknowledged_at.is_(None), lasting))

    def find(self, wanted: AlertFilter) -> list[Alert]:
        if wanted.state is not AlertState.OPEN:
            conditions = _conditions(wanted)
            if wanted.state is AlertState.ACKNOWLEDGED:
                conditions.append(alerts.c.acknowledged_at.is_not(None))
            return self._found(_NEWEST_FIRST.where(*conditions).limit(wanted.limit))
        # Two queries, because each has an index of its own, and a database rarely uses two for an OR.
        found = {
            alert.id: alert
            for condition in (UNCLEARED, AWAITING)
            for alert in self._found(_NEWEST_FIRST.where(condition, *_conditions(wanted)).limit(wanted.limit))
        }
        return sorted(found.values(), key=lambda alert: alert.id, reverse=True)[: wanted.limit]

    def _found(self, query: Select[Any]) -> list[Alert]:
        return [_alert(row) for row in self._rows.find(query)]


# Kinds as earlier versions stored them.
_NEW_KINDS = {"picture_again": AlertKind.REPEATED_PICTURE}
_NEWEST_FIRST = select(alerts).order_by(alerts.c.id.desc())


def _conditions(wanted: AlertFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.kinds is not None:
        stored = {*wanted.kinds, *(old for old, kind in _NEW_KINDS.items() if kind in wanted.kinds)}
        found.append(alerts.c.kind.in_(sorted(stored)))
    if wanted.gate_id is not None:
        found.append(alerts.c.gate_id == wanted.gate_id)
    if wanted.since is not None:
        found.append(alerts.c.at >= wanted.since)
    if wanted.until is not None:
        found.append(alerts.c.at < wanted.until)
    if wanted.before is not None:
        found.append(alerts.c.id < wanted.before)
    return found


def _columns(alert: Alert) -> dict[str, Any]:
    gate_id, camera_id = alert.gate_id or "", alert.camera_id or ""
    columns = {name: value for name, value in vars(alert).items() if name != "acknowledged"}
    return {
        **columns,
        **_acknowledged(alert.acknowledged),
        "awaiting": True if alert.acknowledged is None else None,
        "unsent": True,
        "kind": alert.kind.value,
        "gate_id": gate_id,
        "camera_id": camera_id,
    }


def _cleared(at: datetime) -> dict[str, Any]:
    return {"cleared_at": at, "unsent": True}


def _acknowledged(by: Acknowledgement | None) -> dict[str, Any]:
    return {
        "acknowledged_at": by.at if by else None,
        "acknowledged_by": by.actor if by else None,
        "acknowledged_comment": by.comment if by else None,
    }


def _alert(row: dict[str, Any]) -> Alert:
    at, actor, comment = (row.pop(f"acknowledged_{name}") for name in ("at", "by", "comment"))
    del row["awaiting"], row["unsent"]
    acknowledged = None if at is None else Acknowledgement(at, actor, comment)
    places = {"gate_id": row["gate_id"] or None, "camera_id": row["camera_id"] or None}
    return Alert(
        **{**row, **places, "kind": _NEW_KINDS.get(row["kind"]) or AlertKind(row["kind"]), "acknowledged": acknowledged}
    )
