"""The rows of the activity page: events as the API prints them, repeats as one, among the alerts of their time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.core.alerts.alert import AlertFilter
from app.core.canonical import instant
from app.core.events.decision import Method
from app.core.events.logged import LoggedEvent
from app.services.alerts.alert_list import NamedAlert
from app.web.console.actors import actor_names
from app.web.console.events.activity_filters import ActivityFilters
from app.web.console.words import ORDERS
from app.wiring import System

PAGE = 50  # events, or more where refusals repeat
MOST_READ = 500
MOST_ALERTS = 200  # among the events of one page
REPEATED_WITHIN = timedelta(seconds=60)  # of the refusal before; as static/events/rows.js


@dataclass
class Row:
    """An event, or an alert.

    Attributes:
        kind: open, deny, order or alert.
        word: what stands out, such as DENIED.
        event: as the API prints it; None for an alert.
        actor: who ordered it.
        times: how many of the same refusal it stands for.
        since: when the first of them was.
    """

    id: str
    at: datetime
    gate: str
    kind: str
    word: str
    event: dict[str, Any] | None = None
    alert: NamedAlert | None = None
    actor: str = ""
    times: int = 1
    since: datetime | None = None

    @property
    def instant(self) -> str:
        return instant(self.at)


def page_of_rows(system: System, filters: ActivityFilters, before: str | None) -> tuple[list[Row], str]:
    """Returns the rows of a page, newest first, and the id after which the next one begins, or "".

    A page goes on while the same refusal happens again, so that a group that stays at a gate is one row.
    """
    if filters.problems:
        return [], ""
    rows = _Folded()
    last: LoggedEvent | None = None
    after = ""
    for count, event in enumerate(_events(system, filters, before)):
        row = _row(event)
        if last and count >= PAGE and (count == MOST_READ or not rows.repeats(row)):
            after = last.id
            break
        rows.add(row)
        last = event
    name_of = actor_names(system)
    for row in rows.shown:
        row.actor = name_of(row.event["actor"] if row.event else None)
    alerts = _alerts(system, filters, before, last.at if last and after else None)
    return sorted([*rows.shown, *alerts], key=lambda row: row.at, reverse=True), after


def _events(system: System, filters: ActivityFilters, before: str | None) -> Iterator[LoggedEvent]:
    """Yields the events that match, newest first, and asks for more only when they are wanted."""
    size = PAGE + 1
    while found := system.events.find(filters.which(before, size)):
        yield from found
        if len(found) < size:
            return
        before, size = found[-1].id, PAGE


class _Folded:
    """Rows, newest first, where a refusal that happens again at its gate within a minute is one row."""

    def __init__(self) -> None:
        self.shown: list[Row] = []
        self._last: dict[str, Row] = {}

    def repeats(self, row: Row) -> bool:
        """Whether the next older row adds nothing but to a counter."""
        newer = self._last.get(row.gate)
        return newer is not None and _repeats(newer, row)

    def add(self, row: Row) -> None:
        if self.repeats(row):
            newer = self._last[row.gate]
            newer.times += 1
            newer.since = row.at
        else:
            self.shown.append(row)
            self._last[row.gate] = row


def _repeats(newer: Row, row: Row) -> bool:
    if newer.kind != "deny" or row.kind != "deny" or newer.event is None or row.event is None:
        return False
    same = newer.event["reason"] == row.event["reason"] and _person(newer) == _person(row)
    same = same and newer.event.get("credential") == row.event.get("credential")
    return same and (newer.since or newer.at) - row.at <= REPEATED_WITHIN


def _person(row: Row) -> str | None:
    who = None if row.event is None else row.event["employee"]
    return None if who is None else str(who["id"])


def _row(event: LoggedEvent) -> Row:
    printed = event.json()
    for name in ("employee", "similarity", "threshold", "method", "actor", "comment"):
        printed.setdefault(name, None)  # missing for an erased person
    ordered = printed["method"] in (Method.COMMAND, Method.SENSOR)
    kind = "open" if event.opens else "order" if ordered else "deny"
    word = {"open": "OPEN", "deny": "DENIED", "order": ORDERS.get(event.reason, "ORDER")}[kind]
    return Row(event.id, event.at, event.gate, kind, word, printed)


def _alerts(system: System, filters: ActivityFilters, before: str | None, oldest: datetime | None) -> list[Row]:
    """Returns the alerts that began between the events of a page, unless a filter asks for decisions alone."""
    if filters.for_decisions_alone:
        return []
    gate = filters.fields["gate"]
    found = system.alerts.find(
        AlertFilter(
            gate_id=system.alerts.gate_id(gate) if gate else None,
            since=oldest or filters.span.since,
            until=system.events.get(before).at if before else filters.span.until,
            limit=MOST_ALERTS,
        )
    )
    return [
        Row(named.alert.id, named.alert.at, named.gate or named.camera or "", "alert", "ALERT", alert=named)
        for named in found
    ]
