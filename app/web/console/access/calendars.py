"""Calendars: the list, and a page for each with a year on which days are marked."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from app.core.access.rule_edits import find
from app.core.access.schedules import Calendar
from app.core.types import Role
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (Link("/access/calendars", "Calendars", "book", frozenset({Role.ADMIN}), section="access"),)
Year = Annotated[int | None, Query(ge=1970, le=2999)]


@router.get("/access/calendars", response_class=HTMLResponse)
def calendars(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    with system.store.read() as tx:
        rules = tx.rules.all()
    today = system.site_clock.today()
    rows = []
    for calendar in rules.calendars:
        using = [s for s in rules.schedules if any(e.calendar_id == calendar.id for e in s.on_calendar)]
        dates = sorted(
            {
                day.date.replace(year=today.year)
                if day.yearly and (day.date.month, day.date.day) != (2, 29)
                else day.date
                for day in calendar.days
            }
        )
        rows.append((calendar, next((day for day in dates if day >= today), None), using))
    return render(request, "access/calendars.html", person, rows=rows)


@router.get("/access/calendars/new", response_class=HTMLResponse)
def new(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    year = system.site_clock.today().year
    return render(request, "access/calendar.html", person, calendar=None, year=year, schedules=[])


@router.get("/access/calendars/{calendar_id}", response_class=HTMLResponse)
def calendar(
    calendar_id: str, request: Request, system: SystemOf, person: AdminPage, year: Year = None
) -> HTMLResponse:
    with system.store.read() as tx:
        rules = tx.rules.all()
    shown = find(rules, Calendar, calendar_id)
    using = [s for s in rules.schedules if any(entry.calendar_id == calendar_id for entry in s.on_calendar)]
    year = year or system.site_clock.today().year
    return render(request, "access/calendar.html", person, calendar=shown, year=year, schedules=using)
