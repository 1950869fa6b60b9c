"""What the header and the band of every page ask while they are open: the mode now, and the gates to choose from."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from app.web.console.render import render
from app.web.console.session import ScreenPage, SecurityPage
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)


class ZoneChoice(BaseModel):
    """gates: how many lead into or out of it."""

    name: str
    gates: int


class Places(BaseModel):
    zones: list[ZoneChoice]
    gates: list[str]


@router.get("/mode-band", response_class=HTMLResponse)
def band(request: Request, person: ScreenPage) -> HTMLResponse:
    """The band as the page has it when it is loaded; empty in normal operation."""
    return render(request, "site/mode_band.html", person)


@router.get("/mode-band/places")
def places(system: SystemOf, _: SecurityPage) -> Places:
    """The names to choose from. A zone to which no gate leads is left out."""
    with system.store.read() as tx:
        rules = tx.rules.all()
    counts = [(zone.name, len(rules.gates_around([zone.id]))) for zone in rules.zones]
    zones = [ZoneChoice(name=name, gates=count) for name, count in counts if count]
    return Places(zones=zones, gates=sorted(gate.name for gate in system.gates.all()))
