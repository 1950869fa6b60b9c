"""Visitors: the day's list, who is inside, the form that invites, and the page of one visit with its pass."""

from collections import Counter
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from app.core.people.visits import MailState, VisitState
from app.core.types import Role
from app.web.console.access.grants import STAFF
from app.web.console.render import Link, render
from app.web.console.session import SecurityPage
from app.web.console.visits.words import MAILS, STATES
from app.web.passes.picture import drawn
from app.web.passes.visits import day_of, link_of
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (Link("/visitors", "Visitors", "people", STAFF, section="people"),)


@router.get("/visitors", response_class=HTMLResponse)
def visitors(
    request: Request, system: SystemOf, person: SecurityPage, on: Annotated[str, Query(max_length=10)] = ""
) -> HTMLResponse:
    """on: a day on the site's clock; today for none, and for what is none."""
    clocks = system.site_clock.read()
    try:
        day = date.fromisoformat(on) if on else clocks.today
        since, until = day_of(system, day)
    except (ValueError, OverflowError):
        day = clocks.today
        since, until = day_of(system, day)
    found = system.visits.book.between(since, until)
    with system.store.read() as tx:
        rules = tx.rules.all().sound()
    return render(
        request,
        "visits/visitors.html",
        person,
        day=day,
        today=clocks.today,
        before=day - timedelta(days=1) if day > date.min else day,
        after=day + timedelta(days=1) if day < date.max else day,
        visits=found,
        counts=Counter(one.state for one in found),
        states=STATES,
        mails=MAILS,
        zones=rules.zones,
        gates=rules.gates,
        sends=system.visits.book.mails,
    )


@router.get("/visitors/{visit}", response_class=HTMLResponse)
def visit(visit: str, request: Request, system: SystemOf, person: SecurityPage) -> HTMLResponse:
    """Shows the pass, to be printed or sent; the audit trail notes who looked."""
    shown, code = system.visits.book.with_code(visit)
    one = shown.visit
    opens = shown.state not in (VisitState.CANCELLED, VisitState.MISSED, VisitState.LEFT) or one.is_open(system.clock())
    code = code if opens else None
    if code is not None:
        system.trail.seen("qr_pass", one.credential_id, one.employee_id)
    return render(
        request,
        "visits/visit.html",
        person,
        shown=shown,
        qr=drawn(code) if code else "",
        link=link_of(shown, request) if code else "",
        states=STATES,
        mails=MAILS,
        unsent=MailState.FAILED in (one.pass_mail, one.host_mail),
        is_admin=person.principal.may(Role.ADMIN),
        sends=system.visits.book.mails,
    )
