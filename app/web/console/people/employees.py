"""Employees for admins: a list that is searched during typing, and a page for each person."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from app.core.access import policy
from app.core.errors import NotFound
from app.core.events.records import EventFilter
from app.core.people.records import EmployeeFilter
from app.core.types import OPENING, Employee, Role, Status
from app.services.people.enrolment import MAX_PHOTOS
from app.web.console.access.explanations import why
from app.web.console.access.grants import grant_words
from app.web.console.page_clock import from_field
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.console.words import REASONS
from app.web.fields import PlainText
from app.web.security import SystemOf
from app.wiring import System

router = APIRouter(include_in_schema=False)
LINKS = (Link("/employees", "People", "people", frozenset({Role.ADMIN}), section="people"),)

PAGE = 50
SOON = timedelta(days=30)
PASSAGES = 10
RECENT = 24  # pictures of gates to choose photos from
Show = Literal["all", "active", "inactive", "no_photos", "expiring"]
SHOWN: dict[Show, str] = {
    "all": "All",
    "active": "Active",
    "inactive": "Suspended",
    "no_photos": "No photos",
    "expiring": "Ending within 30 days",
}


@dataclass(frozen=True)
class Label:
    """A badge beside a name. kind: one of the badge's colours."""

    text: str
    kind: str


@router.get("/employees", response_class=HTMLResponse)
def find(
    request: Request,
    system: SystemOf,
    person: AdminPage,
    q: Annotated[PlainText, Query(max_length=200)] = "",
    show: Show = "all",
    cursor: Annotated[str | None, Query(max_length=64)] = None,
    part: bool = False,
) -> HTMLResponse:
    """part: only the rows, for a page that is already open."""
    clocks = system.site_clock.read()
    today = clocks.today
    which = _filter(q.strip(), show, today)
    with system.store.read() as tx:
        found = tx.employees.find(EmployeeFilter(**{**vars(which), "after": cursor, "limit": PAGE + 1}))
        matching = tx.employees.count(which)
        everybody = tx.employees.count()
    template = "people/employee_rows.html" if part else "people/employees.html"
    return render(
        request,
        template,
        person,
        choices=SHOWN,
        people=[(employee, labels(employee, today, clocks.now)) for employee in found[:PAGE]],
        next=found[PAGE - 1].number if len(found) > PAGE else None,
        matching=matching,
        everybody=everybody,
        q=q,
        show=show,
    )


@router.get("/employees/new", response_class=HTMLResponse)
def new(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    return render(request, "people/employee_new.html", person, groups=_groups(system))


@router.get("/employees/{employee_id}", response_class=HTMLResponse)
def one(
    employee_id: str,
    request: Request,
    system: SystemOf,
    person: AdminPage,
    at: Annotated[PlainText, Query(max_length=64)] = "",
) -> HTMLResponse:
    """at: when they may pass where, on the site's clock; none: now."""
    employee, clocks = system.enrolment.get(employee_id), system.site_clock.read()
    moment = from_field(at, clocks.zone)
    answers = system.rule_questions.at_every_gate(employee_id, moment)
    with system.store.read() as tx:
        rules = tx.rules.all()
    return render(
        request,
        "people/employee.html",
        person,
        employee=employee,
        labels=labels(employee, clocks.today, clocks.now),
        passes=[(one, one.reason in OPENING, why(one, clocks.zone_of(one.gate.name))) for one in answers],
        at=moment or clocks.now,
        asked=moment is not None,
        grants=[grant_words(system, rules, one) for one in rules.grants if one.person_id == employee_id],
        gates=system.gates.all(),
        reasons=REASONS,
        photos=system.enrolment.photos(employee_id),
        passages=[one.json() for one in system.events.find(EventFilter(employee_id=employee_id, limit=PASSAGES))],
        most_photos=MAX_PHOTOS,
        from_gate=system.settings.enrol_from_gate,
        groups=_groups(system),
    )


@router.get("/employees/{employee_id}/sightings", response_class=HTMLResponse)
def sightings(employee_id: str, request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    """Recent pictures from gates, to choose photos from."""
    found = system.events.find(EventFilter(limit=10 * RECENT))
    seen: list[tuple[dict[str, Any], int]] = []
    for event in found:
        if event.has_picture and len(seen) < RECENT:
            with suppress(NotFound):  # purged since the list was read
                count = len(system.events.pictures(event.id))
                seen += [(event.json(), number) for number in range(1, count + 1)]
    return render(
        request, "people/employee_sightings.html", person, employee=system.enrolment.get(employee_id), seen=seen
    )


def labels(employee: Employee, today: date, now: datetime) -> list[Label]:
    """Returns what keeps the employee out now or soon, the most important first."""
    found = []
    if policy.blocked(employee, now):
        found.append(Label("blocked", "bad"))
    if employee.status is Status.INACTIVE:
        found.append(Label("suspended", "bad"))
    if employee.valid_until is not None and employee.valid_until < today:
        found.append(Label("ended", "bad"))
    elif employee.valid_until is not None and employee.valid_until < today + SOON:
        found.append(Label("ends soon", "warn"))
    if employee.valid_from is not None and employee.valid_from > today:
        found.append(Label("not yet valid", "warn"))
    if not employee.photos:
        found.append(Label("no photos", "warn"))
    return found or [Label("active", "good")]


def _groups(system: System) -> list[str]:
    """The names of all groups."""
    with system.store.read() as tx:
        return [group.name for group in tx.rules.all().groups]


def _filter(q: str, show: Show, today: date) -> EmployeeFilter:
    status = {"active": Status.ACTIVE, "inactive": Status.INACTIVE}.get(show)
    return EmployeeFilter(
        q=q or None,
        status=status,
        enrolled=False if show == "no_photos" else None,
        ends=(today, today + SOON) if show == "expiring" else None,
    )
