"""The figures of a decision that statistics count, in buckets per day and gate, so no single passage is kept.

A similarity stored with the event would survive the person's erasure. A count over hundreds of people reveals nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

BUCKETS = 50  # for similarities from 0 to 1; negative ones count as 0
TOOK_MS = (5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 250, 500, 1000, 2500)  # upper bounds; one more bucket above


class Figure(StrEnum):
    """ACCEPTED, REFUSED: similarity to the nearest employee, by the decision. TOOK: how long the decision took."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    TOOK = "took"


@dataclass(frozen=True)
class Bucket:
    gate_id: str
    day: date
    kind: Figure
    bucket: int
    count: int = 1


def buckets_of(gate_id: str, day: date, answer: Mapping[str, Any]) -> list[Bucket]:
    """Returns the buckets that a recorded decision adds to."""
    took = next((i for i, end in enumerate(TOOK_MS) if answer["duration_ms"] <= end), len(TOOK_MS))
    found = [Bucket(gate_id, day, Figure.TOOK, took)]
    similarity = answer["similarity"]
    if similarity is not None:
        kind = Figure.ACCEPTED if answer["decision"] == "open" else Figure.REFUSED
        found.append(Bucket(gate_id, day, kind, min(max(int(similarity * BUCKETS), 0), BUCKETS - 1)))
    return found
