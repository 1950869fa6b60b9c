"""The start page: for visitors, whether the service works; for people who signed in, their home page."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app import machine
from app.web import health
from app.web.console.render import render
from app.web.console.session import Visitor
from app.web.console.site.home import home
from app.web.security import SystemOf, is_local

router = APIRouter(include_in_schema=False)


@router.get("/", response_class=HTMLResponse)
def status(request: Request, system: SystemOf, visitor: Visitor) -> Response:
    """Shows nothing that a stranger may not see: a path is for this machine and admins."""
    if visitor is not None and visitor.user.is_display:
        return RedirectResponse("/live", 303)
    if visitor is not None:
        return home(request, system, visitor)
    every: dict[str, health.Check] = request.app.state.health_checks()
    return render(
        request,
        "site/status.html",
        None,
        checks={name: found for name, found in every.items() if found.essential or found.limited},
        state=health.overall(every),
        doctor=machine.command(system.settings.data, "doctor") if is_local(request) else "",
    )
