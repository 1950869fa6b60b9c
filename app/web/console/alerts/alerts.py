"""The alerts: what is open, everything that was, who answered; and the report of a shift."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from app.core.accounts.users import PERSON_ROLES, SCREEN_ROLES
from app.core.alerts.alert import CRITICAL, AlertFilter, AlertKind, AlertState, Severity, on_screens
from app.core.canonical import instant
from app.core.types import Role
from app.services.alerts.shift_report import ShiftReport
from app.web.console.page_clock import from_field
from app.web.console.render import Link, render
from app.web.console.session import AnyPage, ScreenPage
from app.web.console.words import ALERTS, REASONS
from app.web.csv_file import csv_file
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (
    Link("/alerts", "Alerts", "bell", SCREEN_ROLES, section="alerts"),
    Link("/alerts/shift", "Shift report", "reports", section="alerts"),
)
PAGE = 50
SHIFT = timedelta(hours=8)
LONGEST = timedelta(days=7)
Field = Annotated[str, Query(max_length=64)]


@router.get("/alerts", response_class=HTMLResponse)
def alerts(
    request: Request,
    system: SystemOf,
    person: ScreenPage,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
    state: Field = "open",
    severity: Field = "",
    kind: Field = "",
    gate: Field = "",
    since: Annotated[str, Query(alias="from", max_length=64)] = "",
    until: Annotated[str, Query(alias="to", max_length=64)] = "",
) -> HTMLResponse:
    """Unknown values of a filter do not filter."""
    zone = system.site_clock.read().zone
    times = {"from": from_field(since, zone), "to": from_field(until, zone, latest=True)}
    wanted = AlertState(state) if state in set(AlertState) else AlertState.OPEN
    kinds = _kinds(severity, kind)
    found = system.alerts.find(
        AlertFilter(
            wanted,
            kinds if person.principal.may(*PERSON_ROLES) else on_screens(kinds),
            system.alerts.gate_id(gate) if gate else None,
            times["from"],
            times["to"],
            cursor,
            PAGE + 1,
        )
    )
    fields = {"state": wanted.value, "severity": severity, "kind": kind, "gate": gate, "from": since, "to": until}
    older = {**fields, "cursor": found[PAGE - 1].alert.id} if len(found) > PAGE else {}
    return render(
        request,
        "alerts/alerts.html",
        person,
        found=found[:PAGE],
        fields=fields,
        times=times,
        older=urlencode({name: value for name, value in older.items() if value}),
        kinds=ALERTS,
        gates=[(each.name, each.name) for each in system.gates.all()],
        may_answer=person.principal.may(Role.ADMIN, Role.SECURITY),
    )


def _kinds(severity: str, kind: str) -> frozenset[AlertKind] | None:
    if kind in set(AlertKind):
        return frozenset({AlertKind(kind)})
    if severity in set(Severity):
        return CRITICAL if severity == Severity.CRITICAL else frozenset(AlertKind) - CRITICAL
    return None


@router.get("/alerts/shift", response_class=HTMLResponse)
def shift(
    request: Request,
    system: SystemOf,
    person: AnyPage,
    since: Annotated[str, Query(alias="from", max_length=64)] = "",
    until: Annotated[str, Query(alias="to", max_length=64)] = "",
) -> HTMLResponse:
    begin, end = _times(system, since, until)
    return render(
        request,
        "alerts/shift.html",
        person,
        report=system.shifts.between(begin, end),
        begin=begin,
        end=end,
        now=system.clock(),
        csv=urlencode({"from": instant(begin), "to": instant(end)}),
        reasons=REASONS,
        kinds=ALERTS,
    )


@router.get("/alerts/shift.csv", response_class=Response)
def shift_csv(
    system: SystemOf,
    _: AnyPage,
    since: Annotated[str, Query(alias="from", max_length=64)] = "",
    until: Annotated[str, Query(alias="to", max_length=64)] = "",
) -> Response:
    begin, end = _times(system, since, until)
    system.trail.exported("shift_report", f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}")
    return csv_file(f"shift-{begin:%Y%m%dT%H%M}.csv", _rows(system.shifts.between(begin, end)))


def _times(system: SystemOf, since: str, until: str) -> tuple[datetime, datetime]:
    """The last eight hours unless the address says otherwise; at most a week."""
    zone = system.site_clock.read().zone
    end = from_field(until, zone, latest=True) or system.clock()
    begin = from_field(since, zone) or end - SHIFT
    return max(min(begin, end), end - LONGEST), end


def _rows(report: ShiftReport) -> Iterator[tuple[str | None, ...]]:
    yield ("at", "what", "gate", "reason", "person", "by", "comment", "until", "acknowledged_at")
    for named in report.alerts:
        alert, by = named.alert, named.alert.acknowledged
        until, answered = (instant(at) if at else "" for at in (alert.cleared_at, by.at if by else None))
        comment = by.comment if by else alert.detail
        what = ("alert", named.gate, ALERTS[alert.kind], "", named.actor)
        yield (instant(alert.at), *what, comment, until, answered)
    for kind, events in (("order", report.orders), ("opening by hand", report.openings), ("refusal", report.refusals)):
        for event in events:
            rest = (event.person, event.actor, event.comment, "", "")
            yield (instant(event.at), kind, event.gate, REASONS[event.reason], *rest)
