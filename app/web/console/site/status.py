"""The start page: whether the service works, and where to go."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.web import health
from app.web.console.render import render
from app.web.console.session import Visitor
from app.web.security import SystemOf
from app.wiring import System

router = APIRouter(include_in_schema=False)


@router.get("/", response_class=HTMLResponse)
def status(request: Request, system: SystemOf, visitor: Visitor) -> Response:
    """Shows nothing that a stranger may not see: what is missing is for people who signed in."""
    if visitor is not None and visitor.user.is_display:
        return RedirectResponse("/live", 303)
    health_checks: health.HealthChecks = request.app.state.health_checks
    checks = {name: found for name, found in health_checks().items() if found.essential or found.limited}
    ready = health.ready(checks)
    missing = _missing(system) if ready and visitor else []
    return render(request, "site/status.html", visitor, checks=checks, ready=ready, missing=missing)


def _missing(system: System) -> list[str]:
    """Returns what a new installation lacks before anybody can pass."""
    found = []
    if not system.gates.all():
        found.append("There is no gate yet.")
    if not len(system.gallery):
        found.append("Nobody can be recognised yet: add people with photos.")
    return found
