"""The faces of the last three days that no gate knew: an admin says who they are."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.access.rule_edits import version_of
from app.core.types import Role
from app.services.access.unknown_faces import MOST_GROUPS
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.security import SystemOf
from app.web.turns import FewPictures

router = APIRouter(include_in_schema=False)
LINKS = (Link("/employees/unknown", "Unknown faces", "people", frozenset({Role.ADMIN}), section="people"),)
FACES = 12  # of a group


@router.get("/employees/unknown", response_class=HTMLResponse)
def unknown(request: Request, system: SystemOf, person: AdminPage, _turn: FewPictures) -> HTMLResponse:
    settings = system.site_settings.get()
    recent = system.unknown_faces.recent() if settings.unknown_faces else None
    return render(
        request,
        "people/unknown_faces.html",
        person,
        recent=recent,
        groups=recent.groups[:MOST_GROUPS] if recent else (),
        most_faces=FACES,
        settings_version=version_of(settings),
        pictures_kept=system.settings.keep_snapshots,
        pictures_large=system.settings.enrol_from_gate,
    )
