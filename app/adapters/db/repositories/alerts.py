"""Rows of alerts."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from app.adapters.db.engine.connect import upsert
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import UNCLEARED, alerts
from app.core.alerts.alert import Acknowledgement, Alert, AlertKind


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

    def clear(self, kind: AlertKind, gate_id: str | None, camera_id: str | None, at: datetime) -> bool:
        place = (alerts.c.gate_id == (gate_id or ""), alerts.c.camera_id == (camera_id or ""))
        return self._rows.update({"cleared_at": at}, UNCLEARED, alerts.c.kind == kind.value, *place) == 1

    def end(self, alert_id: str, at: datetime) -> bool:
        return self._rows.update({"cleared_at": at}, UNCLEARED, alerts.c.id == alert_id) == 1

    def acknowledge(self, alert_id: str, acknowledgement: Acknowledgement) -> bool:
        unacknowledged = alerts.c.acknowledged_at.is_(None)
        return self._rows.update(_acknowledged(acknowledgement), unacknowledged, alerts.c.id == alert_id) == 1

    def get(self, alert_id: str) -> Alert | None:
        row = self._rows.one(alerts.c.id == alert_id)
        return None if row is None else _alert(row)

    def open(self) -> list[Alert]:
        return [_alert(row) for row in self._rows.find(_NEWEST_FIRST.where(UNCLEARED))]

    def find(
        self,
        since: datetime | None = None,
        before: str | None = None,
        limit: int = 50,
        *,
        acknowledged: bool = False,
    ) -> list[Alert]:
        query = _NEWEST_FIRST.limit(limit)
        if acknowledged:
            query = query.where(alerts.c.acknowledged_at.is_not(None))
        if since is not None:
            query = query.where(alerts.c.at >= since)
        if before is not None:
            query = query.where(alerts.c.id < before)
        return [_alert(row) for row in self._rows.find(query)]


# Kinds as earlier versions stored them.
_NEW_KINDS = {"picture_again": AlertKind.REPEATED_PICTURE}
_NEWEST_FIRST = select(alerts).order_by(alerts.c.id.desc())


def _columns(alert: Alert) -> dict[str, Any]:
    gate_id, camera_id = alert.gate_id or "", alert.camera_id or ""
    columns = {name: value for name, value in vars(alert).items() if name != "acknowledged"}
    return {
        **columns,
        **_acknowledged(alert.acknowledged),
        "kind": alert.kind.value,
        "gate_id": gate_id,
        "camera_id": camera_id,
    }


def _acknowledged(by: Acknowledgement | None) -> dict[str, Any]:
    return {
        "acknowledged_at": by.at if by else None,
        "acknowledged_by": by.actor if by else None,
        "acknowledged_comment": by.comment if by else None,
    }


def _alert(row: dict[str, Any]) -> Alert:
    at, actor, comment = (row.pop(f"acknowledged_{name}") for name in ("at", "by", "comment"))
    acknowledged = None if at is None else Acknowledgement(at, actor, comment)
    places = {"gate_id": row["gate_id"] or None, "camera_id": row["camera_id"] or None}
    return Alert(
        **{**row, **places, "kind": _NEW_KINDS.get(row["kind"]) or AlertKind(row["kind"]), "acknowledged": acknowledged}
    )
