"""Corrections of events: "not this person", "this was Ada". The event itself never changes."""

from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.canonical import instant
from app.core.events.corrections import CorrectionKind
from app.services.events.corrections import CheckedCorrection
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Identity, Page, Strict
from app.web.security import Reader, SystemOf, Watcher

router = APIRouter(prefix="/events/{event_id}", tags=["Events"])


class CorrectionIn(Strict):
    kind: CorrectionKind
    employee: str | None = Field(
        None, max_length=64, description="for `was`: the id of the employee whom the event shows"
    )


class CorrectionOut(BaseModel):
    """One correction, signed by the installation."""

    id: str
    event_id: str
    at: str
    actor: str = Field(description="id of the key or user")
    kind: CorrectionKind
    employee: Identity | None = Field(description="the person it is about; null once they are erased")
    forged: bool = Field(description="true: this installation did not sign it; do not believe it")

    @classmethod
    def of(cls, checked: CheckedCorrection) -> Self:
        one, who = checked.correction, checked.employee
        return cls(
            id=one.id,
            event_id=one.event_id,
            at=instant(one.at),
            actor=one.actor,
            kind=one.kind,
            employee=Identity(id=who.id, name=who.name, number=who.number) if who else None,
            forged=checked.forged,
        )


@router.post("/corrections", status_code=201, summary="Correct who an event shows", responses=CONFLICT)
def add(event_id: str, body: CorrectionIn, system: SystemOf, who: Watcher) -> CorrectionOut:
    """Adds a signed record beside the event. `corrections export` makes labelled pictures of such records."""
    made = system.corrections.add(event_id, body.kind, body.employee, who.id)
    return next(CorrectionOut.of(one) for one in system.corrections.of(event_id) if one.correction.id == made.id)


@router.get("/corrections", summary="List the corrections of an event", responses=ERRORS)
def find(event_id: str, system: SystemOf, _: Reader) -> Page[CorrectionOut]:
    system.events.get(event_id)
    return Page(items=[CorrectionOut.of(one) for one in system.corrections.of(event_id)], next=None)
