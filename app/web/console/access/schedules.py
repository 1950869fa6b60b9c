"""Schedules: the list, and a page for each on which its week is drawn."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.access.rule_edits import find
from app.core.access.rule_set import RuleSet
from app.core.access.schedules import Schedule
from app.core.types import Role
from app.web.console.access.schedule_words import schedule_words
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (Link("/access/schedules", "Schedules", "history", frozenset({Role.ADMIN}), section="access"),)


@router.get("/access/schedules", response_class=HTMLResponse)
def schedules(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    with system.store.read() as tx:
        rules = tx.rules.all()
    rows = [(one, schedule_words(one), _calendars(rules, one), _rules(rules, one.id)) for one in rules.schedules]
    return render(request, "access/schedules.html", person, rows=rows)


@router.get("/access/schedules/new", response_class=HTMLResponse)
def new(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    with system.store.read() as tx:
        rules = tx.rules.all()
    names = [[one.id, one.name] for one in rules.calendars]
    return render(request, "access/schedule.html", person, schedule=None, calendars=names, rules=[])


@router.get("/access/schedules/{schedule_id}", response_class=HTMLResponse)
def schedule(schedule_id: str, request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    with system.store.read() as tx:
        rules = tx.rules.all()
    shown = find(rules, Schedule, schedule_id)
    names = [[one.id, one.name] for one in rules.calendars]
    using = _rules(rules, schedule_id)
    return render(request, "access/schedule.html", person, schedule=shown, calendars=names, rules=using)


def _calendars(rules: RuleSet, schedule: Schedule) -> list[str]:
    return [rules.names[entry.calendar_id] for entry in schedule.on_calendar if entry.calendar_id in rules.names]


def _rules(rules: RuleSet, schedule_id: str) -> list[str]:
    """The names of the rules that hold by it."""
    return [rule.name for rule in rules.rules if rule.schedule_id == schedule_id]
