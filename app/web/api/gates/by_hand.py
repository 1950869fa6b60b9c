"""Gates opened and locked by hand: by whom and why stands in the log."""

from fastapi import APIRouter
from pydantic import Field

from app.core.events.decision import RecordedDecision
from app.web.api.describe import CONFLICT
from app.web.api.schemas import EventOut, Strict
from app.web.fields import PlainText
from app.web.security import SystemOf, Watcher
from app.wiring import System

router = APIRouter(prefix="/gates/{gate}", tags=["Gates"])


class Order(Strict):
    comment: PlainText = Field(max_length=200, examples=["Ada forgot her badge"])


@router.post("/open", summary="Open a gate by hand", responses=CONFLICT)
def open_(gate: str, body: Order, system: SystemOf, who: Watcher) -> EventOut:
    """For one person, as long as the gate always opens; an event like any other. Sent to the gate once it is recorded.

    Not during a lockdown, nor where the gate is locked or disabled: end that first.
    """
    return _event(system, system.by_hand.open(gate, body.comment, who.id))


@router.post("/lock", summary="Let nobody in at a gate", responses=CONFLICT)
def lock(gate: str, body: Order, system: SystemOf, who: Watcher) -> EventOut:
    """From the next decision on: everybody is denied, `locked_by_hand`. Nobody is kept in: egress is never locked."""
    return _event(system, system.by_hand.lock(gate, body.comment, who.id))


@router.post("/unlock", summary="End that", responses=CONFLICT)
def unlock(gate: str, body: Order, system: SystemOf, who: Watcher) -> EventOut:
    return _event(system, system.by_hand.unlock(gate, body.comment, who.id))


def _event(system: System, order: RecordedDecision) -> EventOut:
    return EventOut.model_validate(system.events.get(order.id).json())
