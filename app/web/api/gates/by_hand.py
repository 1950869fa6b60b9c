"""Opens and locks gates by hand. The log names who did it, with a comment."""

from fastapi import APIRouter
from pydantic import Field

from app.core.events.decision import RecordedDecision
from app.web.api.describe import CONFLICT
from app.web.api.schemas import EventOut, Strict
from app.web.fields import PlainText
from app.web.security import SystemOf, Watcher
from app.wiring import System

router = APIRouter(prefix="/v1/gates/{gate}", tags=["Gates"])


class Order(Strict):
    comment: PlainText = Field(max_length=200, examples=["Ada forgot her badge"])


class Opening(Order):
    event: str | None = Field(None, max_length=64, description="the id of the refusal that this answers")
    employee: str | None = Field(
        None, max_length=64, description="the id of whom you let in; null: whom the refusal names, if anybody"
    )


@router.post("/open", summary="Open a gate by hand", responses=CONFLICT)
def open_(gate: str, body: Opening, system: SystemOf, who: Watcher) -> EventOut:
    """Opens the gate for one person, for its usual time. The order is recorded as an event, then sent to the gate.

    With `event` it lets in somebody who was refused: the recorded order names that event in `answers`, and the person.
    It is refused during a lockdown and at a locked or disabled gate: end that first.
    """
    return _event(system, system.by_hand.open(gate, body.comment, who.id, body.event, body.employee))


@router.post("/lock", summary="Lock a gate by hand: it lets nobody in", responses=CONFLICT)
def lock(gate: str, body: Order, system: SystemOf, who: Watcher) -> EventOut:
    """From the next decision on, everybody is denied with `locked_by_hand`. Egress is never locked."""
    return _event(system, system.by_hand.lock(gate, body.comment, who.id))


@router.post("/unlock", summary="Unlock a gate by hand", responses=CONFLICT)
def unlock(gate: str, body: Order, system: SystemOf, who: Watcher) -> EventOut:
    return _event(system, system.by_hand.unlock(gate, body.comment, who.id))


def _event(system: System, order: RecordedDecision) -> EventOut:
    return EventOut.model_validate(system.events.get(order.id).json())
