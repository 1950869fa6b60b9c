"""Cameras: the list with the state of each."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.cameras.camera import Camera
from app.core.types import Role
from app.services.cameras.camera_states import OFF, WORKING
from app.web.camera_views import LIMITED, CameraView, camera_views
from app.web.console.render import Link, render
from app.web.console.session import SecurityPage
from app.web.console.words import CAMERAS
from app.web.security import SystemOf, Watching
from app.wiring import System

router = APIRouter(include_in_schema=False)
LINKS = (Link("/cameras", "Cameras", "camera", frozenset({Role.ADMIN, Role.SECURITY}), "gates"),)


@dataclass(frozen=True)
class Row:
    """A camera as pages show it. kind: works, limited, fails or off. picture: whether this process has one."""

    camera: Camera
    gate: str
    kind: str
    words: str
    detail: str
    since: datetime | None
    picture: bool


@router.get("/cameras", response_class=HTMLResponse)
def cameras(request: Request, system: SystemOf, watching: Watching, person: SecurityPage) -> HTMLResponse:
    gates = {gate.id: gate.name for gate in system.gates.all()}
    rows = [_row(system, view, gates[view.camera.gate_id]) for view in camera_views(system, watching)]
    return render(
        request, "cameras/cameras.html", person, cameras=rows, gates=gates, admin=person.principal.may(Role.ADMIN)
    )


def _row(system: System, view: CameraView, gate: str) -> Row:
    problem = system.cameras.shown(view.camera).problem
    state = "broken" if problem else view.state
    kind = "works" if state == WORKING else "off" if state == OFF else "limited" if state in LIMITED else "fails"
    detail = "" if kind == "works" else problem or view.detail
    return Row(view.camera, gate, kind, CAMERAS[state], detail, view.since, view.watched is not None)
