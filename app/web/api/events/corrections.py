"""Corrections of events: "not this person", "this was Ada". The event itself never changes."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.events.corrections import CorrectionKind
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


@router.post("/corrections", status_code=201, summary="Correct who an event shows", responses=CONFLICT)
def add(event_id: str, body: CorrectionIn, system: SystemOf, who: Watcher) -> CorrectionOut:
    """Adds a signed record beside the event. `corrections export` makes labelled pictures of such records."""
    made = system.corrections.add(event_id, body.kind, body.employee, who.id)
    shown = {one["id"]: one for one in system.corrections.of(event_id)}
    return CorrectionOut.model_validate(shown[made.id])


@router.get("/corrections", summary="List the corrections of an event", responses=ERRORS)
def find(event_id: str, system: SystemOf, _: Reader) -> Page[CorrectionOut]:
    system.events.get(event_id)
    return Page(items=[CorrectionOut.model_validate(one) for one in system.corrections.of(event_id)], next=None)
