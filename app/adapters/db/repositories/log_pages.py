"""Which events a page of the log shows: found in indexes alone, in milliseconds among a million, whatever the filter.

A verdict is a set of reasons, and the newest of a set are among the newest of each member: so a page is merged from
one short stretch of an index for each reason. A filter that finds next to nothing then costs as little as one that
finds all.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, union_all

from app.adapters.db.seals.row_seal import blinded
from app.adapters.db.tables import events, gates
from app.core.events.records import EventFilter
from app.core.types import OPENING, Reason, Verdict

_NEWEST_FIRST = (events.c.at.desc(), events.c.id.desc())


def page_of(connection: Connection, which: EventFilter) -> list[str]:
    """The ids of the page's events, newest first by time and id."""
    query = _query(connection, which)
    return [] if query is None else [row.id for row in connection.execute(query)]


def count_of(connection: Connection, which: EventFilter) -> int:
    """How many events the page has, at most its limit."""
    query = _query(connection, which)
    return 0 if query is None else connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()


def _query(connection: Connection, which: EventFilter) -> Select[Any] | None:
    """Selects time and id of the page's events; None where there can be none."""
    reasons = _reasons(which)
    where = _bounds(connection, which)
    if reasons == () or where is None:
        return None
    gate_id = None
    if which.gate is not None:
        gate_id = connection.execute(select(gates.c.id).where(gates.c.name == which.gate)).scalar_one_or_none()
        if gate_id is None:
            return None
    if which.employee_id is not None:
        person = blinded(connection, which.employee_id)
        return _of_employee(which, person, gate_id, reasons, where)
    if which.camera is not None:
        where = [*where, events.c.camera == which.camera]
        reasons = reasons or tuple(Reason)
    if gate_id is not None:
        where = [*where, events.c.gate_id == gate_id]
    if reasons is None:
        return _branch(where, which.limit)
    branches = [_branch([*where, events.c.reason == reason.value], which.limit) for reason in reasons]
    if len(branches) == 1:
        return branches[0]
    merged = union_all(*(select(branch.subquery()) for branch in branches)).subquery()
    return select(merged.c.at, merged.c.id).order_by(merged.c.at.desc(), merged.c.id.desc()).limit(which.limit)


def _reasons(which: EventFilter) -> tuple[Reason, ...] | None:
    """None: any."""
    if which.verdict is None:
        return None if which.reason is None else (which.reason,)
    opens = which.verdict is Verdict.OPEN
    wanted = tuple(reason for reason in Reason if (reason in OPENING) == opens)
    if which.reason is None:
        return wanted
    return (which.reason,) if which.reason in wanted else ()


def _bounds(connection: Connection, which: EventFilter) -> list[ColumnElement[bool]] | None:
    """Times and the place in the list; None where the page starts after an event that is not there."""
    where: list[ColumnElement[bool]] = []
    if which.since is not None:
        where.append(events.c.at >= which.since)
    if which.until is not None:
        where.append(events.c.at < which.until)
    if which.before is not None:
        at = connection.execute(select(events.c.at).where(events.c.id == which.before)).scalar_one_or_none()
        if at is None:
            return None
        # The second implies the first, with which both databases can seek to the place.
        where += [events.c.at <= at, or_(events.c.at < at, events.c.id < which.before)]
    return where


def _branch(where: Sequence[ColumnElement[bool]], limit: int) -> Select[Any]:
    return select(events.c.at, events.c.id).where(*where).order_by(*_NEWEST_FIRST).limit(limit)


def _of_employee(
    which: EventFilter,
    person: str | None,
    gate_id: str | None,
    reasons: Sequence[Reason] | None,
    where: Sequence[ColumnElement[bool]],
) -> Select[Any]:
    """One person has at most thousands of events, so the rest is filtered row by row, without any other index."""
    where = [*where, events.c.employee_id == person]
    if gate_id is not None:
        where.append(events.c.gate_id.concat("") == gate_id)
    if which.camera is not None:
        where.append(events.c.camera.concat("") == which.camera)
    if reasons is not None:
        where.append(events.c.reason.concat("").in_([reason.value for reason in reasons]))
    return _branch(where, which.limit)
