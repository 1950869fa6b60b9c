"""Rules for admins: the list, the form of one, and who may pass where at a glance."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from app.core.access.permission import CompiledRules
from app.core.access.rule_set import RuleSet, in_order
from app.core.access.rules import Rule
from app.core.errors import NotFound
from app.core.types import Role
from app.services.access.rules.rule_people import person_of
from app.services.accounts.sessions import SignedIn
from app.web.console.access.sentences import rule_words
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.fields import PlainText
from app.web.security import SystemOf
from app.wiring import System

router = APIRouter(include_in_schema=False)
LINKS = (Link("/access/rules", "Rules", "lock", frozenset({Role.ADMIN}), section="access"),)
Chosen = Annotated[PlainText, Query(max_length=64)]


@router.get("/access/rules", response_class=HTMLResponse)
def find(
    request: Request, system: SystemOf, person: AdminPage, group: Chosen = "", gate: Chosen = "", employee: Chosen = ""
) -> HTMLResponse:
    """group, gate: ids. employee: a number. Each narrows the list to the rules that are for it."""
    today = system.site_clock.today()
    with system.store.read() as tx:
        rules = tx.rules.all().sound()
        who = tx.employees.by_number(employee.strip()) if employee.strip() else None
        them = person_of(who, CompiledRules(rules)) if who is not None else None

        def name_of(employee_id: str) -> str | None:
            found = tx.employees.get(employee_id)
            return found.name if found else None

        shown = [
            rule_words(rules, rule, name_of, today)
            for rule in rules.rules
            if (not group or rule.who.everybody or group in rule.who.groups)
            and (not gate or gate in rules.gates_of(rule.where))
            and (not employee.strip() or (them is not None and rule.who.includes(them)))
        ]
    return render(
        request,
        "access/rules.html",
        person,
        rules=shown,
        all=len(rules.rules),
        groups=rules.groups,
        gates=rules.gates,
        chosen={"group": group, "gate": gate, "employee": employee.strip()},
        unknown=bool(employee.strip()) and who is None,
        version=rules.version,
    )


@router.get("/access/rules/new", response_class=HTMLResponse)
def new(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    return _form(request, system, person, None)


@router.get("/access/rules/matrix", response_class=HTMLResponse)
def matrix(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    with system.store.read() as tx:
        rules = tx.rules.all().sound()
    rows = glance(rules, system.site_clock.today())
    return render(request, "access/matrix.html", person, rows=rows, gates=rules.gates, version=rules.version)


@router.get("/access/rules/{rule_id}", response_class=HTMLResponse)
def one(rule_id: str, request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    return _form(request, system, person, rule_id)


@dataclass(frozen=True)
class Row:
    """Where the members of a group may pass. cells: for each gate "always", the names of schedules, or empty: never."""

    group: str
    cells: tuple[str, ...]


def glance(rules: RuleSet, today: date) -> list[Row]:
    """Returns a row for everybody and one for each group: what rules without single people allow on this date."""
    current = [r for r in rules.rules if (r.valid_from or today) <= today <= (r.valid_until or today)]
    reached = [(rule, rules.gates_of(rule.where)) for rule in current]

    def row(name: str, group: str | None) -> Row:
        mine = [(rule, gates) for rule, gates in reached if rule.who.everybody or group in rule.who.groups]
        return Row(name, tuple(_cell(rules, (r for r, gates in mine if gate.id in gates)) for gate in rules.gates))

    return [row("Everybody", None), *(row(group.name, group.id) for group in rules.groups)]


def _cell(rules: RuleSet, allowing: Iterable[Rule]) -> str:
    schedules = {rule.schedule_id for rule in allowing}
    if None in schedules:
        return "always"
    return ", ".join(sorted(rules.names[one] for one in schedules if one))


def _form(request: Request, system: System, person: SignedIn, rule_id: str | None) -> HTMLResponse:
    with system.store.read() as tx:
        rules = tx.rules.all().sound()
    rule = next((rule for rule in rules.rules if rule.id == rule_id), None)
    if rule_id is not None and rule is None:
        raise NotFound("unknown_entry", "There is no such rule. Somebody may have removed it.")
    places: list[tuple[str, str, Any]] = [
        ("zones", "Zones", rules.zones),
        ("gates", "Gates", rules.gates),
        ("sites", "Whole sites", rules.sites),
    ]
    return render(
        request,
        "access/rule.html",
        person,
        rule=rule,
        groups=rules.groups,
        places=[(name, label, in_order(things)) for name, label, things in places if things],
        schedules=rules.schedules,
        # Addresses can preset a new rule: the page of a person or gate links here.
        preset={name: request.query_params.get(name, "")[:64] for name in ("person", "gate", "group")},
    )
