"""The first page: whether the gate works, and where to go."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.web import health
from app.web.console.render import render
from app.web.console.session import Visitor

router = APIRouter(include_in_schema=False)


@router.get("/", response_class=HTMLResponse)
def status(request: Request, visitor: Visitor) -> HTMLResponse:
    """Holds nothing that a stranger may not see."""
    glances: health.HealthChecks = request.app.state.glances
    checks = {name: found for name, found in glances().items() if found.essential}
    return render(request, "site/status.html", visitor, checks=checks, ready=health.ready(checks))
