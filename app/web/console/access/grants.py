"""Temporary grants: who may pass where for a while, and why; given here, from a person's page and from a refusal's."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.access.rule_set import RuleSet
from app.core.access.rules import Grant
from app.core.types import Role
from app.services.accounts.sessions import SignedIn
from app.web.console.access.sentences import where_words
from app.web.console.actors import actor_names
from app.web.console.render import Link, render
from app.web.console.session import SecurityPage
from app.web.security import SystemOf
from app.wiring import System

router = APIRouter(include_in_schema=False)
USUAL_HOURS = 24
STAFF = frozenset({Role.ADMIN, Role.SECURITY})
LINKS = (Link("/access/grants", "Grants", "history", STAFF, section="access"),)


@dataclass(frozen=True)
class GrantWords:
    """A grant in words. by: who gave it. begun: it holds now."""

    id: str
    employee_id: str
    name: str
    number: str
    where: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    by: str
    giver: str
    begun: bool


@router.get("/access/grants", response_class=HTMLResponse)
def grants(request: Request, system: SystemOf, person: SecurityPage) -> HTMLResponse:
    now = system.clock()
    with system.store.read() as tx:
        rules = tx.rules.all().sound()
    return render(
        request,
        "access/grants.html",
        person,
        grants=grant_words(system, rules, (one for one in rules.grants if one.ends_at > now)),
        gates=rules.gates,
        hours=grant_hours(system, person),
        is_admin=person.principal.may(Role.ADMIN),
    )


def grant_hours(system: System, person: SignedIn) -> int | None:
    """Returns how long a grant by this person lasts unless they say otherwise; None if they may give none.

    Guards may where the site's settings allow, and for no longer than those say.
    """
    if person.principal.may(Role.ADMIN):
        return USUAL_HOURS
    most = system.site_settings.get().guard_grant_max_hours
    return None if most is None or not person.principal.may(Role.SECURITY) else min(most, USUAL_HOURS)


def grant_words(system: System, rules: RuleSet, grants: Iterable[Grant]) -> list[GrantWords]:
    found, now, name_of = list(grants), system.clock(), actor_names(system)
    with system.store.read() as tx:
        people = {one.person_id: tx.employees.get(one.person_id) for one in found}
    return [
        GrantWords(
            grant.id,
            grant.person_id,
            employee.name if (employee := people[grant.person_id]) else "somebody who is gone",
            employee.number if employee else "",
            where_words(rules.names, grant.where),
            grant.starts_at,
            grant.ends_at,
            grant.reason,
            name_of(grant.granted_by),
            grant.granted_by,
            grant.starts_at <= now,
        )
        for grant in found
    ]
