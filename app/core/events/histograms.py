"""Which figures of a decision are counted for statistics: in buckets a day and gate, so nobody's passage is kept.

A similarity in the event's own row would outlive the erasure of whose it was; a count of hundreds cannot.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

BUCKETS = 50  # of a similarity from 0 to 1; below 0 counts as 0
TOOK_MS = (5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 250, 500, 1000, 2500)  # upper ends; beyond: one bucket more


class Figure(StrEnum):
    """ACCEPTED, REFUSED: the similarity to the nearest employee, of faces that were let in or not. TOOK: the time."""

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
    """What a recorded answer adds."""
    took = next((i for i, end in enumerate(TOOK_MS) if answer["duration_ms"] <= end), len(TOOK_MS))
    found = [Bucket(gate_id, day, Figure.TOOK, took)]
    similarity = answer["similarity"]
    if similarity is not None:
        kind = Figure.ACCEPTED if answer["decision"] == "open" else Figure.REFUSED
        found.append(Bucket(gate_id, day, kind, min(max(int(similarity * BUCKETS), 0), BUCKETS - 1)))
    return found
