"""The start page: whether the service works, and where to go."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app import machine
from app.core.types import Role
from app.web import health
from app.web.console.render import render
from app.web.console.session import Visitor
from app.web.security import SystemOf, is_local
from app.wiring import System

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Missing:
    """What a new installation lacks before anybody can pass, and where to add it; a command where there is no page."""

    words: str
    path: str = ""
    action: str = ""
    command: str = ""


@router.get("/", response_class=HTMLResponse)
def status(request: Request, system: SystemOf, visitor: Visitor) -> Response:
    """Shows nothing that a stranger may not see: what is missing is for people who signed in, a path for this machine
    and admins."""
    if visitor is not None and visitor.user.is_display:
        return RedirectResponse("/live", 303)
    health_checks: health.HealthChecks = request.app.state.health_checks
    every = health_checks()
    checks = {name: found for name, found in every.items() if visitor or found.essential or found.limited}
    state = health.overall(every)
    trusted = is_local(request) or (visitor is not None and visitor.principal.may(Role.ADMIN))
    return render(
        request,
        "site/status.html",
        visitor,
        checks=checks,
        state=state,
        missing=_missing(system) if state is not health.State.FAILS and visitor else [],
        may_add=visitor is not None and visitor.principal.may(Role.ADMIN),
        doctor=machine.command(system.settings.data, "doctor") if trusted else "",
    )


def _missing(system: System) -> list[Missing]:
    found, gates, cameras = [], system.gates.all(), system.cameras.all()
    if not gates:
        words = machine.command(system.settings.data, "gates", "add", "lobby-1")
        found.append(Missing("There is no gate yet.", command=words))
    elif not cameras and all(key.gate_id is None or key.revoked_at for key in system.keys.all()):
        words = machine.command(
            system.settings.data, "cameras", "add", "lobby-cam", "rtsp://user@10.0.5.7/stream1", "--gate", gates[0].name
        )
        found.append(Missing("Nobody is seen yet: add a camera, or give the gate's hardware a key.", command=words))
    if not len(system.gallery):
        add = Missing("Nobody can be recognised yet: add people with photos.", "/employees/new", "Add a person")
        found.append(add)
    return found
