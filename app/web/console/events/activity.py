"""Activity: the log for people, with its filters in the address, and the page of one event."""

from functools import partial
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.core.alerts.alert import AlertFilter
from app.core.canonical import instant, moment
from app.core.errors import BadInput, Forbidden, NotFound, Refusal
from app.core.events.corrections import CorrectionKind
from app.core.events.records import EventFilter
from app.core.types import Reason, Role, Verdict
from app.services.accounts.sessions import SignedIn
from app.web.console.access.grants import grant_hours
from app.web.console.actors import actor_name
from app.web.console.events.rule import missing, rule_of
from app.web.console.page_clock import from_field
from app.web.console.render import Link, render
from app.web.console.session import AnyPage, SecurityPage
from app.web.console.words import OUTCOMES, REASONS
from app.web.security import SystemOf
from app.web.turns import FewLists
from app.wiring import System

router = APIRouter(include_in_schema=False)
LINKS = (Link("/activity", "Activity", "log"),)
PAGE = 50
MOST_ALERTS = 200  # among the events of one page


class Wanted:
    """The filters in the address. Empty and unknown values do not filter."""

    def __init__(self, request: Request, system: System) -> None:
        names = ("gate", "employee", "decision", "reason", "camera", "from", "to")
        self.fields = {name: request.query_params.get(name, "")[:64].strip() for name in names}
        for name, known in (("decision", Verdict), ("reason", Reason)):
            if self.fields[name] not in set(known):
                self.fields[name] = ""
        zone = system.site_clock.read().zone
        self.times = {name: from_field(self.fields[name], zone, latest=name == "to") for name in ("from", "to")}
        for name, at in self.times.items():
            self.fields[name] = instant(at) if at else ""

    def query(self, system: System) -> dict[str, Any]:
        """As /v1/events takes it. The number of an employee becomes their id; nobody's finds nothing."""
        found: dict[str, Any] = {name: value for name, value in self.fields.items() if value}
        if number := found.get("employee"):
            employee = system.enrolment.by_number(number)
            found["employee"] = employee.id if employee else "nobody"
        return found

    def filter(self, system: System, before: str | None) -> EventFilter:
        query = self.query(system)
        return EventFilter(
            query.get("gate"),
            query.get("employee"),
            Verdict(query["decision"]) if "decision" in query else None,
            Reason(query["reason"]) if "reason" in query else None,
            self.times["from"],
            self.times["to"],
            before,
            PAGE + 1,
            query.get("camera"),
        )


@router.get("/activity", response_class=HTMLResponse)
def activity(request: Request, system: SystemOf, person: AnyPage, _turn: FewLists) -> HTMLResponse:
    wanted = Wanted(request, system)
    events, after = _page(system, wanted, None)
    return render(
        request,
        "events/activity.html",
        person,
        events=events,
        next=after,
        fields=wanted.fields,
        times=wanted.times,
        query=urlencode({k: v for k, v in wanted.fields.items() if v}),
        csv=urlencode(wanted.query(system)),
        gates=[(gate.name, gate.name) for gate in system.gates.all()],
        cameras=[(camera.name, camera.name) for camera in system.cameras.all()],
        reasons=REASONS,
    )


@router.get("/log")
@router.get("/log/{rest:path}")
def former_address(request: Request, rest: str = "") -> RedirectResponse:
    """The page was called Log. Bookmarks lead on, with their filters."""
    path = f"/activity/{quote(rest)}" if rest else "/activity"
    return RedirectResponse(path + (f"?{request.url.query}" if request.url.query else ""), 308)


@router.get("/activity/rows", response_class=HTMLResponse)
def rows(
    request: Request,
    system: SystemOf,
    person: AnyPage,
    _turn: FewLists,
    cursor: Annotated[str, Query(max_length=64)] = "",
) -> HTMLResponse:
    """The rows after an event, which the page loads on scrolling."""
    events, after = _page(system, Wanted(request, system), cursor)
    return render(request, "events/activity_rows.html", person, events=events, next=after, reasons=REASONS)


@router.get("/activity/{event_id}", response_class=HTMLResponse)
def event(request: Request, event_id: str, system: SystemOf, person: AnyPage) -> HTMLResponse:
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
    try:
        if kind not in set(CorrectionKind):
            raise BadInput("bad_kind", "The kind of correction is not_this_person or was.")
        if kind == CorrectionKind.WITHDRAWN:
            who = person.principal
            system.corrections.withdraw(event_id, correction, who.id, admin=who.may(Role.ADMIN))
            return RedirectResponse(f"/activity/{event_id}", 303)
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
    return RedirectResponse(f"/activity/{event_id}", 303)


def _event(request: Request, system: System, person: SignedIn, event_id: str, problem: str = "") -> HTMLResponse:
    found = {"employee": None, "comment": None, "gate_result": None, **system.events.get(event_id).json()}
    try:
        pictures = len(system.events.pictures(event_id))
    except NotFound:
        pictures = 0
    return render(
        request,
        "events/event.html",
        person,
        400 if problem else 200,
        event=found,
        pictures=pictures,
        rule=rule_of(Reason(found["reason"]), found.get("method"), (found.get("rule") or {}).get("name")),
        missing=missing(system, found),
        rule_link=_rule_link(system, person, found.get("rule")),
        proof=system.proofs.of(event_id),
        corrections=system.corrections.of(event_id),
        name_of=partial(actor_name, system),
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


def _page(system: System, wanted: Wanted, before: str | None) -> tuple[list[dict[str, Any]], str]:
    """Returns events as the API prints them among the alerts of their time, and where the next page begins, or ""."""
    found = [event.json() for event in system.events.find(wanted.filter(system, before))]
    for one in found:
        for name in ("employee", "similarity", "threshold", "method"):
            one.setdefault(name, None)  # missing for an erased person
    after = found[PAGE - 1]["decision_id"] if len(found) > PAGE else ""
    rows = found[:PAGE] + _alerts(system, wanted, before, found[PAGE - 1]["at"] if after else None)
    return sorted(rows, key=lambda row: str(row["at"]), reverse=True), after


def _alerts(system: System, wanted: Wanted, before: str | None, oldest: str | None) -> list[dict[str, Any]]:
    """Returns the alerts that began between the events of a page, unless a filter asks for decisions alone."""
    if any(wanted.fields[name] for name in ("employee", "decision", "reason", "camera")):
        return []
    gate, since, until = wanted.fields["gate"], wanted.times["from"], wanted.times["to"]
    found = system.alerts.find(
        AlertFilter(
            gate_id=system.alerts.gate_id(gate) if gate else None,
            since=moment(oldest) if oldest else since,
            until=system.events.get(before).at if before else until,
            limit=MOST_ALERTS,
        )
    )
    return [{"at": instant(named.alert.at), "gate": named.gate, "alert": named} for named in found]
