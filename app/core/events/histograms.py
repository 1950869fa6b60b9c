"""The figures of a decision that statistics count, in buckets per day and gate, so no single passage is kept.

A similarity stored with the event would survive the person's erasure. A count over hundreds of people reveals nobody.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.core.events.decision import Method, RecordedDecision

BUCKETS = 50  # for similarities from 0 to 1; negative ones count as 0
TOOK_MS = (5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 250, 500, 1000, 2500)  # upper bounds; one more bucket above


class Figure(StrEnum):
    """ACCEPTED, REFUSED: similarity to the nearest employee, by the decision. TOOK: how long the decision took."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    TOOK = "took"


@dataclass(frozen=True)
class Bucket:
    """A count of decisions at one gate on one day (UTC) whose figure is in one bucket."""

    gate_id: str
    day: date
    kind: Figure
    bucket: int
    count: int = 1


def buckets_of(decision: RecordedDecision) -> list[Bucket]:
    """Returns the buckets that a recorded decision adds to, of its gate and its day (UTC)."""
    gate_id, day = decision.gate_id, decision.at.date()
    took = next((i for i, end in enumerate(TOOK_MS) if decision.duration_ms <= end), len(TOOK_MS))
    found = [Bucket(gate_id, day, Figure.TOOK, took)]
    # Compared with a badge's holder alone, a face has no nearest employee.
    if decision.similarity is not None and decision.method is Method.FACE:
        kind = Figure.ACCEPTED if decision.opens else Figure.REFUSED
        found.append(Bucket(gate_id, day, kind, min(max(int(decision.similarity * BUCKETS), 0), BUCKETS - 1)))
    return found
