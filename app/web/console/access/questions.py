"""Who may pass a gate, and may this person pass: for everybody who watches, now or at another time."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from app.core.access.explanation import ConditionKind, RuleAnswer
from app.core.access.rules import Grant
from app.core.errors import BadInput, NotFound
from app.core.people.records import EmployeeFilter
from app.core.types import OPENING, Employee, Role
from app.services.access.rules.rule_questions import Answer
from app.web.console.access.explanations import CONDITIONS, at_time, opens_at, why
from app.web.console.page_clock import from_field
from app.web.console.render import Link, render
from app.web.console.session import AnyPage
from app.web.csv_file import csv_file
from app.web.fields import PlainText
from app.web.finished import condition_words
from app.web.security import SystemOf
from app.wiring import System

router = APIRouter(include_in_schema=False)
LINKS = (Link("/access/who", "Who may pass", "search", section="access"),)
ALIKE = 8  # people to choose from; fewer are found by more letters
MOST = 500  # people on the page; the CSV has all
Short = Annotated[PlainText, Query(max_length=64)]
Words = Annotated[PlainText, Query(max_length=200)]


@router.get("/access/who", response_class=HTMLResponse)
def who(
    request: Request, system: SystemOf, person: AnyPage, gate: Short = "", at: Short = "", q: Words = ""
) -> HTMLResponse:
    """at: a time on the site's clock; none: now. q: in the name or the number."""
    gates = [one.name for one in system.gates.all()]
    chosen = gate or (gates[0] if gates else "")
    moment, problem = _moment(system, at)
    found: list[Employee] = []
    if chosen and not problem:
        try:
            found = system.rule_questions.who(chosen, moment)
        except BadInput as e:
            problem = e.detail
    matching = [one for one in found if _matches(one, q)]
    return render(
        request,
        "access/who.html",
        person,
        gates=gates,
        gate=chosen,
        at=moment or system.clock(),
        typed=at if problem else "",
        asked=moment is not None,
        problem=problem,
        q=q.strip(),
        people=matching[:MOST],
        matching=len(matching),
        all=len(found),
        is_admin=person.principal.may(Role.ADMIN),
    )


@router.get("/access/who.csv", response_class=Response)
def who_as_csv(system: SystemOf, person: AnyPage, gate: Short, at: Short = "", q: Words = "") -> Response:
    moment, problem = _moment(system, at)
    if problem:
        raise BadInput("bad_at", problem)
    asked = (moment or system.clock()).astimezone(system.site_clock.read().zone_of(gate))
    rows = [
        (one.number, one.name, "; ".join(one.groups), gate, asked.isoformat(timespec="seconds"))
        for one in system.rule_questions.who(gate, moment)
        if _matches(one, q)
    ]
    system.trail.exported("who_may_pass", gate)
    return csv_file("who-may-pass.csv", [("number", "name", "groups", "gate", "at"), *rows])


@router.get("/access/who/explain", response_class=HTMLResponse)
def explain(
    request: Request, system: SystemOf, person: AnyPage, employee: Short = "", gate: Short = "", at: Short = ""
) -> HTMLResponse:
    """employee: a number, an id or part of a name; the page lists people if several fit. Empty: only the question."""
    gates = [one.name for one in system.gates.all()]
    chosen = gate or (gates[0] if gates else "")
    moment, problem = _moment(system, at)
    answer, unknown, alike = None, "", list[Employee]()
    if employee.strip() and chosen and not problem:
        try:
            answer, alike = _answer(system, employee.strip(), chosen, moment)
        except NotFound as e:
            unknown = e.detail
        except BadInput as e:
            problem = e.detail
    zone = system.site_clock.read().zone_of(chosen)
    opens = opens_at(answer) if answer else None
    return render(
        request,
        "access/explain.html",
        person,
        gates=gates,
        gate=answer.gate.name if answer else chosen,
        number=answer.employee.number if answer else employee.strip(),
        at=moment or system.clock(),
        typed=at if problem else "",
        asked=moment is not None,
        problem=problem,
        unknown=unknown,
        alike=alike,
        answer=answer,
        passes=answer is not None and answer.reason in OPENING,
        words=why(answer, zone) if answer else "",
        opens=at_time(opens, moment or system.clock(), zone) if opens else "",
        conditions=CONDITIONS,
        condition_words=condition_words,
        rules=_rules(answer),
        is_admin=person.principal.may(Role.ADMIN),
    )


def _answer(system: System, wanted: str, gate: str, at: datetime | None) -> tuple[Answer | None, list[Employee]]:
    """The answer about the one person who fits, or the people to choose from. Raises NotFound, BadInput."""
    try:
        return system.rule_questions.explain(wanted, gate, at), []
    except NotFound as unknown:
        if unknown.code != "unknown_employee":
            raise
        alike = system.enrolment.find(EmployeeFilter(q=wanted, limit=ALIKE))
        if not alike:
            raise
    if len(alike) == 1:
        return system.rule_questions.explain(alike[0].id, gate, at), []
    return None, alike


def _rules(answer: Answer | None) -> list[tuple[RuleAnswer, bool]]:
    """The rules, first the one that lacked least, and whether each is a grant. Grants for others are left out."""
    if answer is None:
        return []
    shown = [
        (one, isinstance(one.rule, Grant))
        for one in answer.explanation.rules
        if not (isinstance(one.rule, Grant) and ConditionKind.WHO in one.failed)
    ]
    return sorted(shown, key=lambda row: len(row[0].failed))


def _moment(system: System, typed: str) -> tuple[datetime | None, str]:
    """The time that was typed, None for now, and what is wrong with it."""
    if not typed.strip():
        return None, ""
    moment = from_field(typed.strip(), system.site_clock.read().zone)
    return moment, "" if moment else "This is not a time. Write it as 2026-12-24T18:00."


def _matches(employee: Employee, q: str) -> bool:
    wanted = q.strip().casefold()
    return wanted in employee.name.casefold() or wanted in employee.number.casefold()
