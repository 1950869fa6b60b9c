"""Cameras: the list with each picture and state, and the page on which one is tried, drawn on and saved."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app import machine
from app.core.approach.tries import Region
from app.core.cameras.camera import Camera
from app.core.errors import NotFound
from app.core.recognition.by_width import MISSED
from app.core.types import Role
from app.services.cameras.camera_states import OFF, WORKING
from app.web.camera_views import LIMITED, CameraView, camera_views
from app.web.console.render import Link, render
from app.web.console.session import AdminPage, SecurityPage
from app.web.console.words import CAMERAS
from app.web.security import SystemOf, Watching
from app.wiring import System, attached_cameras

router = APIRouter(include_in_schema=False)
LINKS = (Link("/cameras", "Cameras", "camera", frozenset({Role.ADMIN, Role.SECURITY}), "gates"),)


@dataclass(frozen=True)
class Row:
    """A camera as pages show it. kind: works, limited, fails or off. picture: whether this process may have one."""

    camera: Camera
    gate: str
    kind: str
    words: str
    detail: str
    since: datetime | None
    watched_by: str | None
    picture: bool


@router.get("/cameras", response_class=HTMLResponse)
def cameras(request: Request, system: SystemOf, watching: Watching, person: SecurityPage) -> HTMLResponse:
    gates = _gates(system)
    rows = [_row(system, view, gates) for view in camera_views(system, watching)]
    return render(
        request, "cameras/cameras.html", person, cameras=rows, gates=gates, admin=person.principal.may(Role.ADMIN)
    )


@router.get("/cameras/new", response_class=HTMLResponse)
def new(request: Request, system: SystemOf, person: AdminPage, gate: str = "") -> HTMLResponse:
    """gate: the name of the gate that is chosen already."""
    gates = _gates(system)
    if not gates:
        raise NotFound("unknown_gate", "There is no gate yet. A camera watches a gate, so add a gate first.")
    chosen = gate if gate in gates.values() else next(iter(gates.values()))
    return render(
        request,
        "cameras/camera.html",
        person,
        row=None,
        admin=True,
        gates=gates,
        gate=chosen,
        name=_free_name(chosen, {camera.name for camera in system.cameras.all()}),
        url="",
        stored=_stored(Region(), 0),
        missed_by_width=MISSED,
        attached=attached_cameras(),
        add_command=machine.command(
            system.settings.data, "cameras", "add", "hall", "folder:/srv/pictures", "--gate", chosen
        ),
    )


@router.get("/cameras/{camera}", response_class=HTMLResponse)
def one(camera: str, request: Request, system: SystemOf, watching: Watching, person: SecurityPage) -> HTMLResponse:
    found, gates = system.cameras.get(camera), _gates(system)
    view = next((view for view in camera_views(system, watching) if view.camera.id == found.id), None)
    if view is None or found.gate_id not in gates:
        raise NotFound("unknown_camera", "This camera was removed.")
    shown = system.cameras.shown(found)
    alone = len(system.cameras.of_gate(found.gate_id)) == 1
    about = {"id": found.id, "name": found.name, "gate": gates[found.gate_id], "enabled": found.enabled, "alone": alone}
    about["version"] = found.version
    return render(
        request,
        "cameras/camera.html",
        person,
        row=_row(system, view, gates),
        admin=person.principal.may(Role.ADMIN),
        gates=gates,
        url=shown.url,
        attached=attached_cameras(),
        stored=about | _stored(found.region, shown.rotation),
        missed_by_width=MISSED,
    )


def _gates(system: System) -> dict[str, str]:
    return {gate.id: gate.name for gate in system.gates.all()}


def _stored(region: Region, rotation: int) -> dict[str, Any]:
    return {"region": asdict(region), "rotation": rotation}


def _free_name(gate: str, taken: set[str]) -> str:
    """A name that says at which gate the camera is."""
    begin = f"{gate[:58]}-cam"
    return next(name for n in range(len(taken) + 1) if (name := begin if n == 0 else f"{begin}-{n + 1}") not in taken)


def _row(system: System, view: CameraView, gates: dict[str, str]) -> Row:
    problem = system.cameras.shown(view.camera).problem
    state = "broken" if problem else view.state
    kind = "works" if state == WORKING else "off" if state == OFF else "limited" if state in LIMITED else "fails"
    return Row(
        camera=view.camera,
        gate=gates[view.camera.gate_id],
        kind=kind,
        words=CAMERAS[state],
        detail="" if kind == "works" else problem or view.detail,
        since=view.since,
        watched_by=view.watched_by,
        picture=view.watched is not None,
    )
