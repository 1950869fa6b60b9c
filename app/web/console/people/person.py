"""The page of one person, and the page that adds one."""

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from app.core.credentials.stored import CredentialKind
from app.core.errors import NotFound
from app.core.events.records import EventFilter
from app.core.people.gathering import NEEDED
from app.core.types import OPENING
from app.services.people.enrolment import MAX_PHOTOS
from app.web.console.access.explanations import why
from app.web.console.access.grants import grant_words
from app.web.console.actors import actor_names
from app.web.console.page_clock import from_field
from app.web.console.people.standing import labels
from app.web.console.people.strength import strength_words
from app.web.console.people.timeline import timeline
from app.web.console.render import render
from app.web.console.session import AdminPage
from app.web.console.words import REASONS
from app.web.fields import PlainText
from app.web.language.catalog import LANGUAGES
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)

PASSAGES = 20  # of the timeline; Activity has all
RECENT = 24  # pictures of gates to choose photos from


@router.get("/employees/new", response_class=HTMLResponse)
def new(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    with system.store.read() as tx:
        groups = [group.name for group in tx.rules.all().groups]
    return render(request, "people/employee_new.html", person, groups=groups)


@router.get("/employees/{employee_id}", response_class=HTMLResponse)
def one(
    employee_id: str,
    request: Request,
    system: SystemOf,
    person: AdminPage,
    at: Annotated[PlainText, Query(max_length=64)] = "",
    gate: Annotated[PlainText, Query(max_length=64)] = "",
) -> HTMLResponse:
    """at: when they may pass where, on the site's clock; none: now. gate: the one to explain."""
    employee, clocks = system.enrolment.get(employee_id), system.site_clock.read()
    moment = from_field(at, clocks.zone)
    gates = system.rule_questions.at_every_gate(employee_id, moment)
    # The only gate is explained at once.
    explained = gate or (gates[0].gate.name if len(gates) == 1 else "")
    answer = system.rule_questions.explain(employee_id, explained, moment) if explained else None
    with system.store.read() as tx:
        rules = system.site_clock.rules.at(tx).rules
    photos, credentials = system.enrolment.photos(employee_id), system.credentials.of(employee_id)
    badges = [one for one in credentials if not one.credential.kind.is_pin]
    passages = system.events.find(EventFilter(employee_id=employee_id, limit=PASSAGES))
    return render(
        request,
        "people/employee.html",
        person,
        employee=employee,
        labels=labels(employee, clocks.today, clocks.now),
        passing=gates,
        open_gates=sum(one.passes for one in gates),
        answer=answer,
        passes=answer is not None and answer.reason in OPENING,
        answer_words=why(answer, clocks.zone_of(answer.gate.name)) if answer else "",
        at=moment or clocks.now,
        asked=moment is not None,
        asked_at=at if moment else "",
        grants=grant_words(system, rules, (one for one in rules.grants if one.person_id == employee_id)),
        gates=[one.gate for one in gates],
        reasons=REASONS,
        photos=photos,
        badges=badges,
        pins=sorted(
            (one for one in credentials if one.credential.kind.is_pin),
            key=lambda one: one.credential.kind != CredentialKind.PIN,
        ),
        consents=system.consents.of(employee_id),
        consent_required=system.site_settings.get().consent_required,
        consent_actor=actor_names(system),
        languages_of_consent=LANGUAGES,
        today=clocks.today,
        by_badge=system.site_settings.get().enrol_by_badge,
        gathering=system.gathering.of(employee_id),
        needed=NEEDED,
        strength=strength_words(system, employee, len(badges)),
        timeline=timeline(employee, photos, passages, clocks.now),
        most_photos=MAX_PHOTOS,
        from_gate=system.settings.enrol_from_gate,
        groups=[group.name for group in rules.groups],
        directory=system.directories.of(employee_id),
    )


@router.get("/employees/{employee_id}/sightings", response_class=HTMLResponse)
def sightings(employee_id: str, request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    """Recent pictures from gates, to choose photos from."""
    found = system.events.find(EventFilter(limit=10 * RECENT))
    seen: list[tuple[dict[str, Any], int]] = []
    for event in found:
        if event.has_picture and len(seen) < RECENT:
            with suppress(NotFound):  # purged since the list was read
                count = len(system.events.pictures(event.id))
                seen += [(event.json(), number) for number in range(1, count + 1)]
    return render(
        request, "people/employee_sightings.html", person, employee=system.enrolment.get(employee_id), seen=seen
    )
