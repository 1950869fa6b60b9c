"""Settings of the site: its name and its time zone."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.access.time_zones import zone_names
from app.core.types import Role
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (Link("/settings/site", "Site", "gear", frozenset({Role.ADMIN}), section="settings"),)


@router.get("/settings/site", response_class=HTMLResponse)
def site(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    with system.store.read() as tx:
        rules = tx.rules.all()
    elsewhere = [gate for gate in rules.gates if gate.time_zone is not None]
    return render(
        request, "site/settings.html", person, sites=rules.sites, zones=sorted(zone_names()), elsewhere=elsewhere
    )
