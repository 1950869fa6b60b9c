"""Corrections of events ("not this person", "this was Ada"), what became of them, and reports of mistakes. The event
itself never changes.
"""

from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.core.canonical import instant
from app.core.events.corrections import CorrectionKind
from app.core.text import MOST_COMMENT_CHARS
from app.core.types import Role
from app.services.events.corrections import CheckedCorrection
from app.web.api.alerts.alerts import AlertOut
from app.web.api.cursors import IdCursor
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Identity, Page, Strict
from app.web.fields import PlainText
from app.web.security import Admin, Reader, SystemOf, Watcher

router = APIRouter(prefix="/v1", tags=["Events"])
OF_EVENT = "/events/{event_id}"


class CorrectionIn(Strict):
    kind: Literal["not_this_person", "was"]
    employee: str | None = Field(
        None, max_length=64, description="for `was`: the id of the employee whom the event shows"
    )


class DecisionIn(Strict):
    comment: PlainText = Field("", max_length=MOST_COMMENT_CHARS, examples=["Compared with both photos"])


class ReportIn(Strict):
    comment: PlainText = Field(min_length=1, max_length=MOST_COMMENT_CHARS, examples=["Ada wears a new beard"])


class SettledOut(BaseModel):
    """What settled a correction: a signed record of its own."""

    kind: Literal["withdrawn", "accepted", "dismissed"]
    at: str
    actor: str = Field(description="id of the key or user")
    comment: str


class CorrectionOut(BaseModel):
    """One correction, signed by the installation."""

    id: str
    event_id: str
    at: str
    actor: str = Field(description="id of the key or user")
    kind: CorrectionKind
    employee: Identity | None = Field(description="the person it is about; null once they are erased")
    forged: bool = Field(description="true: this installation did not sign it; do not believe it")
    settled: SettledOut | None = Field(description="null while an admin has yet to decide")

    @classmethod
    def of(cls, checked: CheckedCorrection) -> Self:
        one, who, by = checked.correction, checked.employee, checked.settled
        settled = by and {"kind": by.kind.value, "at": instant(by.at), "actor": by.actor, "comment": by.comment or ""}
        return cls(
            id=one.id,
            event_id=one.event_id,
            at=instant(one.at),
            actor=one.actor,
            kind=one.kind,
            employee=Identity(id=who.id, name=who.name, number=who.number) if who else None,
            forged=checked.forged,
            settled=None if settled is None else SettledOut.model_validate(settled),
        )


@router.post(OF_EVENT + "/corrections", status_code=201, summary="Correct who an event shows", responses=CONFLICT)
def add(event_id: str, body: CorrectionIn, system: SystemOf, who: Watcher) -> CorrectionOut:
    """Adds a signed record beside the event; sent again, it is the same record. `corrections export` makes labelled
    pictures of such records, without those that were withdrawn or dismissed.
    """
    made = system.corrections.add(event_id, CorrectionKind(body.kind), body.employee, who.id)
    return next(CorrectionOut.of(one) for one in system.corrections.of(event_id) if one.correction.id == made.id)


@router.get(OF_EVENT + "/corrections", summary="List the corrections of an event", responses=ERRORS)
def find(event_id: str, system: SystemOf, _: Reader) -> Page[CorrectionOut]:
    system.events.get(event_id)
    return Page(items=[CorrectionOut.of(one) for one in system.corrections.of(event_id)], next=None)


@router.post(OF_EVENT + "/corrections/{id}/withdraw", summary="Take a correction back", responses=CONFLICT)
def withdraw(event_id: str, id: str, system: SystemOf, who: Watcher) -> CorrectionOut:
    """For whoever made it, and for admins, while it is open. It stays, and `settled` says that it was withdrawn."""
    return CorrectionOut.of(system.corrections.withdraw(event_id, id, who.id, admin=who.may(Role.ADMIN)))


@router.post(OF_EVENT + "/corrections/{id}/accept", summary="Accept a correction", responses=CONFLICT)
def accept(event_id: str, id: str, body: DecisionIn, system: SystemOf, who: Admin) -> CorrectionOut:
    return CorrectionOut.of(system.corrections.decide(event_id, id, who.id, body.comment, accept=True))


@router.post(OF_EVENT + "/corrections/{id}/dismiss", summary="Dismiss a correction", responses=CONFLICT)
def dismiss(event_id: str, id: str, body: DecisionIn, system: SystemOf, who: Admin) -> CorrectionOut:
    return CorrectionOut.of(system.corrections.decide(event_id, id, who.id, body.comment, accept=False))


@router.get("/corrections", summary="List the corrections that are open, newest first", responses=ERRORS)
def inbox(
    system: SystemOf, _: Admin, cursor: IdCursor, limit: Annotated[int, Query(ge=1, le=200)] = 100
) -> Page[CorrectionOut]:
    found = system.corrections.open(limit + 1, cursor)
    more = len(found) > limit
    return Page(
        items=[CorrectionOut.of(one) for one in found[:limit]],
        next=found[limit - 1].correction.id if more else None,
    )


@router.post(OF_EVENT + "/report", status_code=201, summary="Report a mistake", responses=CONFLICT)
def report(event_id: str, body: ReportIn, system: SystemOf, who: Watcher) -> AlertOut:
    """Raises the alert `reported`, which names the event, the reporter and their comment. An event is reported once."""
    return AlertOut.of(system.alerts.named(system.transient_alerts.reported(event_id, who.id, body.comment)))
