"""Groups of people: the list, and a page for each."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.access.rule_edits import find
from app.core.access.rules import Group
from app.core.text import folded
from app.core.types import Role
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (Link("/access/groups", "Groups", "people", frozenset({Role.ADMIN}), section="access"),)


@router.get("/access/groups", response_class=HTMLResponse)
def groups(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    with system.store.read() as tx:
        rules, sizes = tx.rules.all(), tx.employees.group_sizes()
    rows = [
        (group, sizes.get(folded(group.name), 0), sum(group.id in rule.who.groups for rule in rules.rules))
        for group in rules.groups
    ]
    return render(request, "access/groups.html", person, rows=rows)


@router.get("/access/groups/{group_id}", response_class=HTMLResponse)
def group(group_id: str, request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    with system.store.read() as tx:
        rules = tx.rules.all()
    shown = find(rules, Group, group_id)
    using = [rule for rule in rules.rules if group_id in rule.who.groups]
    return render(request, "access/group.html", person, group=shown, rules=using)
