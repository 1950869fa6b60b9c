"""Rows of how the site fares: what gates did with their commands, alerts, and the mode everything is in."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from app.adapters.db.engine import upsert
from app.adapters.db.sealed_rows import SealedRows
from app.adapters.db.tables import UNCLEARED, alerts, gate_results, site
from app.core.gates import Outcome
from app.core.site import Alert, AlertKind, GateResultRow, SiteMode, SiteState

_IDS_PER_QUERY = 1000  # below both databases' bounds on parameters


class GateResultRows:
    """site_ports.GateResults."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, row: GateResultRow) -> None:
        SealedRows(self._connection, gate_results).put({**vars(row), "outcome": row.outcome.value})

    def of(self, event_ids: Iterable[str]) -> dict[str, GateResultRow]:
        found: dict[str, GateResultRow] = {}
        wanted = list(event_ids)
        for start in range(0, len(wanted), _IDS_PER_QUERY):
            ids = wanted[start : start + _IDS_PER_QUERY]
            query = select(*(c for c in gate_results.c if c.name != "seal")).where(gate_results.c.event_id.in_(ids))
            # Signed, and whoever reads one says if it is forged: no seal is asked for here.
            for row in self._connection.execute(query):
                found[row.event_id] = GateResultRow(**{**row._mapping, "outcome": Outcome(row.outcome)})
        return found


class AlertRows:
    """site_ports.Alerts. A unique index over the uncleared ones makes raising safe when several processes do it."""

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

    def open(self) -> list[Alert]:
        return [_alert(row) for row in self._rows.find(_NEWEST_FIRST.where(UNCLEARED))]

    def find(self, since: datetime | None = None, before: str | None = None, limit: int = 50) -> list[Alert]:
        query = _NEWEST_FIRST.limit(limit)
        if since is not None:
            query = query.where(alerts.c.at >= since)
        if before is not None:
            query = query.where(alerts.c.id < before)
        return [_alert(row) for row in self._rows.find(query)]


class SiteRow:
    """site_ports.Site.

    A row that is gone, or that this installation did not write, lets nobody in: it reads as a lockdown of unknown date,
    which a release of every gate overrides and anybody who may end a lockdown can end.
    """

    def __init__(self, connection: Connection) -> None:
        self._rows = SealedRows(connection, site)

    def get(self) -> SiteState:
        row = self._rows.one(site.c.id == 1)
        if row is None:
            return SiteState(SiteMode.LOCKDOWN)
        return SiteState(SiteMode(row["mode"]), row["since"], row["key_id"], tuple(row["gates"]))

    def put(self, state: SiteState) -> None:
        columns = {"mode": state.mode.value, "since": state.since, "key_id": state.by, "gates": list(state.gates)}
        self._rows.put({"id": 1, **columns})


_NEWEST_FIRST = select(alerts).order_by(alerts.c.id.desc())


def _columns(alert: Alert) -> dict[str, Any]:
    gate_id, camera_id = alert.gate_id or "", alert.camera_id or ""
    return {**vars(alert), "kind": alert.kind.value, "gate_id": gate_id, "camera_id": camera_id}


def _alert(row: dict[str, Any]) -> Alert:
    places = {"gate_id": row["gate_id"] or None, "camera_id": row["camera_id"] or None}
    return Alert(**{**row, **places, "kind": AlertKind(row["kind"])})
