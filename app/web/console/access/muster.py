"""The muster: who is inside, ticked off by phone; for paper, too."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.types import Role
from app.web.console.actors import actor_name
from app.web.console.render import Link, render
from app.web.console.session import AnyPage
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (Link("/muster", "Muster", "muster"),)


@router.get("/muster", response_class=HTMLResponse)
def muster(request: Request, system: SystemOf, person: AnyPage) -> HTMLResponse:
    book = system.passages.muster
    version, _ = book.ticks()  # first: what changes in between is found by the next question
    view = book.view()
    return render(
        request,
        "access/muster.html",
        person,
        view=view,
        version=version,
        started_by=actor_name(system, view.muster.started_by) if view.muster and view.muster.started_by else "",
        may_tick=person.principal.may(Role.ADMIN, Role.SECURITY),
        is_admin=person.principal.may(Role.ADMIN),
    )
