"""What an order of a person (or of a fire panel) looks like as an event: no face, no decision on anybody, by whom."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core.events.chain import instant
from app.core.types import OPENING, Gate, Reason, Verdict

ORDERED = "command"  # the event's method: nobody stood at the gate


def ordered(
    gate: Gate,
    event_id: str,
    reason: Reason,
    at: datetime,
    actor: str | None,
    open_until: datetime | None = None,
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The payload: the members of every answer, so that one rule checks the signatures of all events, and `actor`."""
    return {
        "decision": (Verdict.OPEN if reason in OPENING else Verdict.DENY).value,
        "reason": reason.value,
        "decision_id": event_id,
        "gate": gate.name,
        "at": instant(at),
        "open_until": None if open_until is None else instant(open_until),
        "employee": None,
        "method": ORDERED,
        "similarity": None,
        "threshold": None,
        "margin": None,
        "liveness": None,
        "faces": 0,
        "camera": None,
        "frames_received": 0,
        "frames_used": 0,
        "duration_ms": 0.0,
        "actor": actor,
        **(more or {}),
    }
