"""The inbox of corrections: what guards say about events, with both faces, for an admin to accept or dismiss."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.core.errors import CryptoFault, Refusal
from app.core.events.logged import LoggedEvent
from app.core.types import Role
from app.services.accounts.sessions import SignedIn
from app.services.events.corrections import CheckedCorrection
from app.web.console.actors import actor_names
from app.web.console.render import CORRECTIONS, Link, render
from app.web.console.session import AdminPage
from app.web.console.words import REASONS
from app.web.security import SystemOf
from app.wiring import System

router = APIRouter(include_in_schema=False)
LINKS = (Link(CORRECTIONS, "Corrections", "people", frozenset({Role.ADMIN}), section="alerts"),)
SHOWN = 20


@router.get(CORRECTIONS, response_class=HTMLResponse)
def inbox(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    return _inbox(request, system, person)


@router.post(CORRECTIONS, response_class=HTMLResponse)
def decide(
    request: Request,
    system: SystemOf,
    person: AdminPage,
    event: Annotated[str, Form(max_length=64)],
    correction: Annotated[str, Form(max_length=64)],
    decision: Annotated[Literal["accept", "dismiss"], Form()],
    note: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    try:
        system.corrections.decide(event, correction, person.principal.id, note, accept=decision == "accept")
    except Refusal as refusal:
        return _inbox(request, system, person, refusal.detail, correction)
    return RedirectResponse(CORRECTIONS, 303)


def _inbox(request: Request, system: System, person: SignedIn, problem: str = "", about: str = "") -> HTMLResponse:
    found = system.corrections.open(SHOWN + 1)
    return render(
        request,
        "alerts/corrections.html",
        person,
        400 if problem else 200,
        found=[(one, _event(system, one)) for one in found[:SHOWN]],
        more=len(found) > SHOWN,
        reasons=REASONS,
        name_of=actor_names(system),
        problem=problem,
        about=about,
    )


def _event(system: System, one: CheckedCorrection) -> LoggedEvent | None:
    """Returns the event that it is about; None for one that was altered, which must not keep the others from a page."""
    try:
        return system.events.get(one.correction.event_id)
    except CryptoFault:
        return None
