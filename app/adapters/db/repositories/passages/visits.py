"""Rows of visits."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, or_, select

from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import visits
from app.core.people.visits import Cancelled, LeftBy, MailState, Visit

_INSIDE = and_(visits.c.arrived_at.is_not(None), visits.c.left_at.is_(None))
_OPTIONAL = {"left_by": LeftBy, "cancelled_by": Cancelled}
_MAILS = ("pass_mail", "host_mail")


class VisitRows:
    """Implements `people.visits.Visits`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = SealedRows(connection, visits)

    def add(self, what: Visit) -> None:
        self._rows.insert(_columns(what))

    def get(self, visit_id: str) -> Visit | None:
        return _visit(self._rows.one(id=visit_id))

    def by_link(self, link_hash: str) -> Visit | None:
        return _visit(self._rows.one(link_hash=link_hash))

    def of_person(self, employee_id: str) -> Visit | None:
        return _visit(self._rows.one(employee_id=employee_id))

    def between(self, since: datetime, until: datetime) -> list[Visit]:
        touches = and_(visits.c.starts_at < until, visits.c.ends_at > since)
        return self._find(select(visits).where(or_(touches, and_(_INSIDE, visits.c.starts_at < until))))

    def unsettled(self, now: datetime) -> list[Visit]:
        is_open = and_(visits.c.cancelled_at.is_(None), visits.c.ends_at > now)
        due = or_(*(visits.c[name] == MailState.DUE.value for name in _MAILS))
        return self._find(select(visits).where(or_(is_open, _INSIDE, due)))

    def ended_before(self, before: datetime, limit: int | None) -> list[Visit]:
        return self._find(select(visits).where(visits.c.ends_at < before).limit(limit))

    def put(self, what: Visit) -> None:
        self._rows.update(_columns(what), visits.c.id == what.id)

    def _find(self, query: Select[Any]) -> list[Visit]:
        rows = self._rows.find(query.order_by(visits.c.starts_at, visits.c.id))
        return [found for row in rows if (found := _visit(row)) is not None]


def _columns(what: Visit) -> dict[str, Any]:
    words = {name: getattr(what, name) for name in (*_MAILS, *_OPTIONAL)}
    return {**vars(what), **{name: one and one.value for name, one in words.items()}}


def _visit(row: Mapping[str, Any] | None) -> Visit | None:
    if row is None:
        return None
    known = {name: None if row[name] is None else kind(row[name]) for name, kind in _OPTIONAL.items()}
    return Visit(**{**row, **known, **{name: MailState(row[name]) for name in _MAILS}})
