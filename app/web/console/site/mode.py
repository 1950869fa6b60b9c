"""What the header and the band of every page ask while they are open: the mode now, and the gates to choose from."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.web.console.render import render
from app.web.console.session import ScreenPage, SecurityPage
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)


@router.get("/mode-band", response_class=HTMLResponse)
def band(request: Request, person: ScreenPage) -> HTMLResponse:
    """The band as the page has it when it is loaded; empty in normal operation."""
    return render(request, "site/mode_band.html", person)


@router.get("/mode-band/gates")
def gates(system: SystemOf, _: SecurityPage) -> list[str]:
    return sorted(gate.name for gate in system.gates.all())
