"""What an order of a person (or of a fire panel) looks like as an event: no face, no decision, by whom."""

from datetime import datetime

from app.core.events.decision import Identity, Method, RecordedDecision
from app.core.gates.gate import Gate
from app.core.types import Reason


def ordered(
    gate: Gate,
    event_id: str,
    reason: Reason,
    at: datetime,
    actor: str | None,
    open_until: datetime | None = None,
    comment: str | None = None,
    employee: Identity | None = None,
    answers: str | None = None,
) -> RecordedDecision:
    """The order, ready to be appended to its gate's chain.

    actor: the id of the user or key that gave it. employee: the person it is for, if any.
    answers: the id of the refusal that it answers, if any.
    """
    return RecordedDecision(
        id=event_id,
        gate_id=gate.id,
        gate=gate.name,
        at=at,
        reason=reason,
        method=Method.COMMAND,
        open_until=open_until,
        actor=actor,
        comment=comment,
        employee=employee,
        answers=answers,
    )
