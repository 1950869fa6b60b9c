"""Live: each gate's last decisions as they happen, for a guard's phone or a display on the wall."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import HTMLResponse

from app.core.accounts.users import SCREEN_ROLES
from app.core.canonical import instant
from app.core.events.records import EventFilter
from app.core.gates.gate import Gate
from app.core.types import Role
from app.services.accounts.sessions import SignedIn
from app.web.console.events.rule import EXPLAINED, missing
from app.web.console.render import Link, render
from app.web.console.session import ScreenPage
from app.web.console.words import LET_IN_REASONS, for_scripts
from app.web.language.catalog import translated
from app.web.security import SystemOf
from app.wiring import System

router = APIRouter(include_in_schema=False)
LINKS = (Link("/live", "Live", "live", SCREEN_ROLES),)
OF_A_GATE = 6
SHOWN = (
    "decision_id", "gate", "at", "decision", "reason", "employee", "similarity", "threshold", "camera", "snapshot",
    "gate_result", "comment", "method", "answers",
)  # fmt: skip
# A guard's browser shows the same faces all day. Five minutes after an erasure it no longer has them.
BRIEFLY = {"Cache-Control": "private, max-age=300", "X-Content-Type-Options": "nosniff"}


@router.get("/live", response_class=HTMLResponse)
def live(request: Request, system: SystemOf, person: ScreenPage) -> HTMLResponse:
    return _page(request, system, person, wall=False)


@router.get("/live/wall", response_class=HTMLResponse)
def wall(request: Request, system: SystemOf, person: ScreenPage) -> HTMLResponse:
    """Live without navigation and buttons, as large as the screen allows."""
    return _page(request, system, person, wall=True)


def _page(request: Request, system: System, person: SignedIn, *, wall: bool) -> HTMLResponse:
    now, gates = instant(system.clock()), system.gates.all()
    newest = system.events.find(EventFilter(limit=1))
    return render(
        request,
        "events/live.html",
        person,
        gates=gates,
        start={
            "events": _last(system, gates),
            "after": newest[0].id if newest else None,
            "now": now,
            "words": for_scripts(),
            "explained": EXPLAINED,
        },
        by_hand=not wall and person.principal.may(Role.SECURITY, Role.ADMIN),
        wall=wall,
        let_in_reasons=LET_IN_REASONS,
    )


@router.get("/live/last")
def last_events(system: SystemOf, _: ScreenPage) -> dict[str, list[dict[str, Any]]]:
    """The last events of each gate, for a page that missed more than the stream repeats."""
    return {"events": _last(system, system.gates.all())}


@router.get("/live/{event_id}/missing")
def missing_at(event_id: str, system: SystemOf, _: ScreenPage) -> dict[str, str]:
    """What a refused person lacked, in words."""
    return {"words": translated(missing(system, system.events.get(event_id).json()))}


@router.get("/portraits/{employee_id}", response_class=Response)
def portrait(
    employee_id: str, system: SystemOf, _: ScreenPage, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """A small enrolled photo, to compare with the gate's picture."""
    if if_none_match is not None and if_none_match == f'"{system.portraits.photo_id(employee_id)}"':
        return Response(status_code=304, headers={**BRIEFLY, "ETag": if_none_match})
    made = system.portraits.of(employee_id)
    headers = {**BRIEFLY, "ETag": f'"{made.photo_id}"'} if made.cropped else BRIEFLY
    return Response(made.data, media_type="image/jpeg", headers=headers)


def _last(system: System, gates: Iterable[Gate]) -> list[dict[str, Any]]:
    """The last events of each gate, newest first."""
    return [brief(e.json()) for gate in gates for e in system.events.find(EventFilter(gate=gate.name, limit=OF_A_GATE))]


def brief(event: dict[str, Any]) -> dict[str, Any]:
    """Returns only what the page shows of an event, because it is sent for many."""
    return {name: event[name] for name in SHOWN if event.get(name) is not None}
