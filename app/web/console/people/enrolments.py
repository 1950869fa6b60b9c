"""Enrolments by badge: turned on and off, and the pictures that wait for an admin."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.access.rule_edits import version_of
from app.core.people.gathering import NEEDED, GatheringState
from app.core.types import Role
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (Link("/enrolments", "By badge", "people", frozenset({Role.ADMIN}), section="people"),)
STATES: dict[GatheringState, tuple[str, str]] = {
    GatheringState.READY: ("Waits for you", "info"),
    GatheringState.GATHERING: ("Pictures are taken", ""),
    GatheringState.DISAGREED: ("Pictures show two people", "bad"),
}


@router.get("/enrolments", response_class=HTMLResponse)
def enrolments(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    settings = system.site_settings.get()
    return render(
        request,
        "enrolments/enrolments.html",
        person,
        on=settings.enrol_by_badge,
        consent_required=settings.consent_required,
        settings_version=version_of(settings),
        found=system.gathering.all(),
        states=STATES,
        needed=NEEDED,
        gates={gate.id: gate.name for gate in system.gates.all()},
    )
