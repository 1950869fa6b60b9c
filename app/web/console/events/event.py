"""The page of one event: how it was decided, what proves it, and corrections."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.core.errors import BadInput, CryptoFault, Forbidden, NotFound, Refusal
from app.core.events.corrections import CorrectionKind
from app.core.types import Reason, Role
from app.services.accounts.sessions import SignedIn
from app.web.console.access.grants import grant_hours
from app.web.console.actors import actor_name, actor_names
from app.web.console.events.activity_filters import read_filters
from app.web.console.events.printed import printed
from app.web.console.events.rule import missing, rule_of
from app.web.console.render import render
from app.web.console.session import AnyPage, SecurityPage
from app.web.console.words import OUTCOMES, REASONS
from app.web.security import SystemOf
from app.wiring import System

router = APIRouter(include_in_schema=False)


@router.get("/activity/{event_id}", response_class=HTMLResponse)
def event(request: Request, event_id: str, system: SystemOf, person: AnyPage) -> HTMLResponse:
    """The event, and beside it those before and after that match the filters in the address."""
    return _event(request, system, person, event_id)


@router.post("/activity/{event_id}", response_class=HTMLResponse)
def correct(
    request: Request,
    event_id: str,
    system: SystemOf,
    person: SecurityPage,
    kind: Annotated[str, Form(max_length=32)],
    number: Annotated[str, Form(max_length=64)] = "",
    photo: Annotated[str, Form(max_length=8)] = "",
    correction: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Records a correction, or takes `correction` back.

    With `photo`, an admin also keeps the picture as a photo, if the settings allow it.
    """
    here = f"/activity/{event_id}" + (f"?{request.url.query}" if request.url.query else "")
    try:
        if kind not in set(CorrectionKind):
            raise BadInput("bad_kind", "The kind of correction is not_this_person or was.")
        if kind == CorrectionKind.WITHDRAWN:
            who = person.principal
            system.corrections.withdraw(event_id, correction, who.id, admin=who.may(Role.ADMIN))
            return RedirectResponse(here, 303)
        employee = system.enrolment.by_number(number.strip()) if number.strip() else None
        if number.strip() and employee is None:
            raise NotFound("unknown_employee", "There is no employee with this number.")
        if photo and not (person.principal.may(Role.ADMIN) and system.settings.enrol_from_gate):
            raise Forbidden(
                "enrol_from_gate_off",
                "Only an admin may keep a gate's picture as a photo, and only if the settings allow it.",
            )
        system.corrections.add(event_id, CorrectionKind(kind), employee.id if employee else None, person.principal.id)
        if photo and employee:
            (kept,) = system.enrolment.add_photos(employee.id, [system.events.snapshot(event_id)])
            if not kept.accepted:
                words = kept.detail or ", ".join(kept.problems)
                raise BadInput(
                    "photo_refused", f"The correction is stored, but the picture is not usable as a photo: {words}"
                )
    except Refusal as refusal:
        return _event(request, system, person, event_id, problem=refusal.detail)
    return RedirectResponse(here, 303)


def _event(request: Request, system: System, person: SignedIn, event_id: str, problem: str = "") -> HTMLResponse:
    found = {"employee": None, "comment": None, "gate_result": None, **system.events.get(event_id).json()}
    filters = read_filters(request.query_params, system)
    newer, older = (None, None) if filters.problems else system.events.neighbours(filters.which(), event_id)
    pictures = _pictures(system, event_id)
    return render(
        request,
        "events/event.html",
        person,
        400 if problem else 200,
        event=found,
        filters=filters,
        newer=newer,
        older=older,
        printed=printed(system, person),
        pictures=pictures or 0,
        picture_altered=pictures is None,
        rule=rule_of(Reason(found["reason"]), found.get("method"), (found.get("rule") or {}).get("name")),
        missing=missing(system, found),
        rule_link=_rule_link(system, person, found.get("rule")),
        proof=system.proofs.of(event_id),
        corrections=system.corrections.of(event_id),
        name_of=actor_names(system),
        mine=lambda actor: actor == person.principal.id or person.principal.may(Role.ADMIN),
        reasons=REASONS,
        outcomes=OUTCOMES,
        actor=actor_name(system, found.get("actor")),
        problem=problem,
        hours=grant_hours(system, person) if found["reason"] in (Reason.NO_RULE, Reason.OUTSIDE_SCHEDULE) else None,
        gate_id=_gate_id(system, found["gate"]),
        may_correct=person.principal.may(Role.SECURITY, Role.ADMIN) and found.get("method") == "face",
        may_keep=person.principal.may(Role.ADMIN) and system.settings.enrol_from_gate,
    )


def _pictures(system: System, event_id: str) -> int | None:
    """Returns how many pictures the event has; None if they are not the ones that were recorded."""
    try:
        return len(system.events.pictures(event_id))
    except NotFound:
        return 0
    except CryptoFault:
        return None


def _gate_id(system: System, name: str) -> str:
    with system.store.read() as tx:
        gate = tx.gates.by_name_or_id(name)
    return gate.id if gate else ""


def _rule_link(system: System, person: SignedIn, rule: dict[str, Any] | None) -> str:
    """Returns the path of the rule's page, for those who may see it while there is such a rule."""
    if rule is None or not person.principal.may(Role.ADMIN):
        return ""
    with system.store.read() as tx:
        there = rule["id"] in {one.id for one in tx.rules.all().rules}
    return f"/access/rules/{rule['id']}" if there else ""
