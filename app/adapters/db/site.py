"""Rows of how the site fares: what gates did with their commands, alerts, and the mode everything is in."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from app.adapters.db.engine import upsert
from app.adapters.db.tables import UNCLEARED, alerts, gate_results, site
from app.core.gates import Outcome
from app.core.site import Alert, AlertKind, GateResultRow, SiteMode, SiteState

_IDS_PER_QUERY = 1000  # below both databases' bounds on parameters


class GateResultRows:
    """site_ports.GateResults."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, row: GateResultRow) -> None:
        columns = {**vars(row), "outcome": row.outcome.value}
        statement = upsert(self._connection, gate_results).values(**columns)
        del columns["event_id"]
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=[gate_results.c.event_id], set_=columns)
        )

    def of(self, event_ids: Iterable[str]) -> dict[str, GateResultRow]:
        found: dict[str, GateResultRow] = {}
        wanted = list(event_ids)
        for start in range(0, len(wanted), _IDS_PER_QUERY):
            ids = wanted[start : start + _IDS_PER_QUERY]
            for row in self._connection.execute(select(gate_results).where(gate_results.c.event_id.in_(ids))):
                found[row.event_id] = GateResultRow(**{**row._mapping, "outcome": Outcome(row.outcome)})
        return found


class AlertRows:
    """site_ports.Alerts. A unique index over the uncleared ones makes raising safe when several processes do it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def raise_(self, alert: Alert) -> bool:
        statement = (
            upsert(self._connection, alerts)
            .values(**_columns(alert))
            .on_conflict_do_nothing(
                index_elements=[alerts.c.kind, alerts.c.gate_id, alerts.c.camera_id], index_where=UNCLEARED
            )
            .returning(alerts.c.id)
        )
        return self._connection.execute(statement).one_or_none() is not None

    def clear(self, kind: AlertKind, gate_id: str | None, camera_id: str | None, at: datetime) -> bool:
        statement = update(alerts).where(
            UNCLEARED,
            alerts.c.kind == kind.value,
            alerts.c.gate_id == (gate_id or ""),
            alerts.c.camera_id == (camera_id or ""),
        )
        return self._connection.execute(statement.values(cleared_at=at)).rowcount == 1

    def end(self, alert_id: str, at: datetime) -> bool:
        statement = update(alerts).where(UNCLEARED, alerts.c.id == alert_id)
        return self._connection.execute(statement.values(cleared_at=at)).rowcount == 1

    def open(self) -> list[Alert]:
        return [_alert(row) for row in self._connection.execute(_NEWEST_FIRST.where(UNCLEARED))]

    def find(self, since: datetime | None = None, before: str | None = None, limit: int = 50) -> list[Alert]:
        query = _NEWEST_FIRST.limit(limit)
        if since is not None:
            query = query.where(alerts.c.at >= since)
        if before is not None:
            query = query.where(alerts.c.id < before)
        return [_alert(row) for row in self._connection.execute(query)]


class SiteRow:
    """site_ports.Site."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self) -> SiteState:
        row = self._connection.execute(select(site)).one_or_none()
        return SiteState() if row is None else SiteState(SiteMode(row.mode), row.since, row.key_id, tuple(row.gates))

    def put(self, state: SiteState) -> None:
        columns = {"mode": state.mode.value, "since": state.since, "key_id": state.by, "gates": list(state.gates)}
        statement = upsert(self._connection, site).values(id=1, **columns)
        self._connection.execute(statement.on_conflict_do_update(index_elements=[site.c.id], set_=columns))


_NEWEST_FIRST = select(alerts).order_by(alerts.c.id.desc())


def _columns(alert: Alert) -> dict[str, Any]:
    gate_id, camera_id = alert.gate_id or "", alert.camera_id or ""
    return {**vars(alert), "kind": alert.kind.value, "gate_id": gate_id, "camera_id": camera_id}


def _alert(row: Row[Any]) -> Alert:
    return Alert(
        row.id, row.at, AlertKind(row.kind), row.gate_id or None, row.camera_id or None, row.detail, row.cleared_at
    )
