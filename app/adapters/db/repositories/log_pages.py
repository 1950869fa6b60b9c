"""Which events a page of the log shows: found in indexes alone, in milliseconds among a million, whatever the filter.

A verdict is a set of reasons, and the newest of a set are among the newest of each member: so a page is merged from
one short stretch of an index for each reason, and a page of several people from one for each of them. A filter that
finds next to nothing then costs as little as one that finds all.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from heapq import merge
from itertools import islice, pairwise
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    TextClause,
    bindparam,
    func,
    or_,
    select,
    text,
    union_all,
)

from app.adapters.db.seals.row_seal import blinded, seals_of
from app.adapters.db.seals.sealed_rows import batches
from app.adapters.db.tables import events, from_millis, gates
from app.adapters.db.tables.base import Instant
from app.core.events.records import EventFilter
from app.core.types import OPENING, Reason, Verdict

_NEWEST_FIRST = (events.c.at.desc(), events.c.id.desc())
_OLDEST_FIRST = (events.c.at, events.c.id)
_PERSON: BindParameter[str] = bindparam("person")
_Places = list[tuple[ColumnElement[str], str]]
_LOW, _HIGH = bindparam("low", type_=Instant()), bindparam("high", type_=Instant())


def page_of(connection: Connection, which: EventFilter) -> list[str]:
    """The ids of the page's events, in the order of the filter."""
    query = _query(connection, which)
    if query is None:
        return []
    pages: list[Sequence[Row[Any]]] = [
        connection.execute(query, parameters).all() for parameters in _people(connection, which)
    ]
    rows = merge(*pages, key=lambda row: (row.at, row.id), reverse=which.after is None)
    return [row.id for row in islice(rows, which.limit)]


def count_of(connection: Connection, which: EventFilter) -> int:
    """How many events the page has, at most its limit."""
    query = _query(connection, which)
    if query is None:
        return 0
    counted, found = select(func.count()).select_from(query.subquery()), 0
    for parameters in _people(connection, which):
        found += connection.execute(counted, parameters).scalar_one()
        if found >= which.limit:
            return which.limit
    return found


def counts_between(connection: Connection, which: EventFilter, edges: Sequence[datetime]) -> list[int]:
    """How many events match from each edge to the next."""
    reasons, places = _reasons(which), _places(connection, which)
    people = [run["person"] for run in _people(connection, which) if run]
    if reasons == () or places is None or which.people == ():
        return [0] * (len(edges) - 1)
    if people:
        where = [*_row_by_row(places, reasons), events.c.employee_id.in_(people)]
    else:
        where = [column == value for column, value in places]
        if reasons is not None or which.camera is not None:
            where.append(events.c.reason.in_([reason.value for reason in reasons or Reason]))
    query = select(func.count()).select_from(events).where(*where, events.c.at >= _LOW, events.c.at < _HIGH)
    return [connection.execute(query, {"low": low, "high": high}).scalar_one() for low, high in pairwise(edges)]


def _people(connection: Connection, which: EventFilter) -> list[dict[str, Any]]:
    """Parameters for each run of the query: one for each person who is asked for; else a single run without any."""
    if which.people is not None:
        return [{"person": blinded(connection, one)} for one in which.people]
    return [{} if which.employee_id is None else {"person": blinded(connection, which.employee_id)}]


def _query(connection: Connection, which: EventFilter) -> Select[Any] | None:
    """Selects time and id of the page's events; None where there can be none."""
    reasons = _reasons(which)
    times, places = _bounds(connection, which), _places(connection, which)
    if reasons == () or times is None or places is None:
        return None
    if which.employee_id is not None or which.people is not None:
        return _branch([*times, *_row_by_row(places, reasons), events.c.employee_id == _PERSON], which)
    where = [*times, *(column == value for column, value in places)]
    if which.camera is not None:
        reasons = reasons or tuple(Reason)
    if reasons is None:
        return _branch(where, which)
    branches = [_branch([*where, events.c.reason == reason.value], which) for reason in reasons]
    if len(branches) == 1:
        return branches[0]
    merged = union_all(*(select(branch.subquery()) for branch in branches)).subquery()
    order = (merged.c.at.desc(), merged.c.id.desc()) if which.after is None else (merged.c.at, merged.c.id)
    return select(merged.c.at, merged.c.id).order_by(*order).limit(which.limit)


def _reasons(which: EventFilter) -> tuple[Reason, ...] | None:
    """None: any."""
    if which.verdict is None:
        return None if which.reason is None else (which.reason,)
    opens = which.verdict is Verdict.OPEN
    wanted = tuple(reason for reason in Reason if (reason in OPENING) == opens)
    if which.reason is None:
        return wanted
    return (which.reason,) if which.reason in wanted else ()


def _places(connection: Connection, which: EventFilter) -> _Places | None:
    """Gate and camera; None where there is no such gate."""
    found: _Places = []
    if which.camera is not None:
        found.append((events.c.camera, which.camera))
    if which.gate is not None:
        gate_id = connection.execute(select(gates.c.id).where(gates.c.name == which.gate)).scalar_one_or_none()
        if gate_id is None:
            return None
        found.append((events.c.gate_id, gate_id))
    return found


def _bounds(connection: Connection, which: EventFilter) -> list[ColumnElement[bool]] | None:
    """Times and the place in the list; None where the page starts after an event that is not there."""
    where: list[ColumnElement[bool]] = []
    if which.since is not None:
        where.append(events.c.at >= which.since)
    if which.until is not None:
        where.append(events.c.at < which.until)
    for place in (which.before, which.after):
        if place is None:
            continue
        at = connection.execute(select(events.c.at).where(events.c.id == place)).scalar_one_or_none()
        if at is None:
            return None
        # The second implies the first, with which both databases can seek to the place.
        if place == which.before:
            where += [events.c.at <= at, or_(events.c.at < at, events.c.id < place)]
        else:
            where += [events.c.at >= at, or_(events.c.at > at, events.c.id > place)]
    return where


def _branch(where: Sequence[ColumnElement[bool]], which: EventFilter) -> Select[Any]:
    order = _NEWEST_FIRST if which.after is None else _OLDEST_FIRST
    return select(events.c.at, events.c.id).where(*where).order_by(*order).limit(which.limit)


def _row_by_row(places: _Places, reasons: Sequence[Reason] | None) -> list[ColumnElement[bool]]:
    """One person has at most thousands of events, so the rest is filtered row by row, without any other index."""
    found = [column.concat("") == value for column, value in places]
    if reasons is not None:
        found.append(events.c.reason.concat("").in_([reason.value for reason in reasons]))
    return found


# Events that name a person who need not have been at the gate.
_ABOUT_SOMEBODY = (Reason.GRANT_GIVEN.value, Reason.GRANT_ENDED.value)
_PEOPLE_PER_QUERY = 400


def last_seen(connection: Connection, employee_ids: Sequence[str]) -> dict[str, datetime]:
    """Returns the time of each person's last event, by id; whoever was never seen is left out."""
    seals = seals_of(connection)
    found: dict[str, datetime] = {}
    for ids in batches(employee_ids, _PEOPLE_PER_QUERY):
        people = {seals.blind(one): one for one in ids}
        for person, at in connection.execute(_last_of(len(people)), _named(people)):
            if at is not None:
                found[people[person]] = from_millis(at)
    return found


@cache
def _last_of(people: int) -> TextClause:
    # As text, because only a common table expression names the column of VALUES in both databases.
    asked = ", ".join(f"(:p{i})" for i in range(people))
    return text(
        f"WITH asked (person) AS (VALUES {asked}) SELECT person, (SELECT at FROM events "  # noqa: S608  nobody's text
        "WHERE employee_id = person AND reason NOT IN (:given, :ended) ORDER BY at DESC, id DESC LIMIT 1) FROM asked"
    )


def _named(people: Iterable[str]) -> dict[str, str]:
    given, ended = _ABOUT_SOMEBODY
    return {"given": given, "ended": ended, **{f"p{i}": person for i, person in enumerate(people)}}
