"""Enrolment by badge: a person who asked for it is photographed by the gate's camera at four of their badge reads.

A badge may be in somebody else's hand. So the pictures must all show one person, and an admin looks at them before a
template is made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations
from typing import Protocol

from app.core.types import Vector

NEEDED = 4
APART = timedelta(minutes=5)  # pictures of one moment say no more than one of them


class GatheringState(StrEnum):
    """READY: the pictures agree, and an admin decides. DISAGREED: they did not, and are thrown away."""

    GATHERING = "gathering"
    READY = "ready"
    DISAGREED = "disagreed"


@dataclass(frozen=True)
class Gathering:
    """changed_at: when the state began. actor: who wrote down that the person asked for it; None for a command."""

    employee_id: str
    state: GatheringState
    started_at: datetime
    changed_at: datetime
    actor: str | None = None


@dataclass(frozen=True)
class GateFace:
    """A picture from one badge read. taken_at: of the read, the event `event_id`. Only the person's key opens it."""

    id: str
    employee_id: str
    event_id: str
    gate_id: str
    taken_at: datetime
    sealed_image: bytes
    sealed_embedding: bytes
    quality: float


class Gatherings(Protocol):
    """Who is enrolled by badge; part of `ports.Transaction`. Whoever changes it holds the lock of the person's row."""

    def put(self, what: Gathering) -> None: ...
    def of(self, employee_id: str) -> Gathering | None: ...
    def all(self) -> list[Gathering]: ...
    def add_face(self, face: GateFace) -> None: ...
    def faces(self, employee_id: str) -> list[GateFace]:
        """Returns a person's pictures, oldest first."""
        ...

    def drop_faces(self, employee_id: str) -> int: ...
    def forget(self, employee_id: str, until: datetime | None = None) -> int:
        """Removes pictures and gathering, and returns how many pictures. until: only if it had begun by then."""
        ...


def far_enough(faces: Sequence[GateFace], at: datetime) -> bool:
    """Whether a read is far enough in time from all that gave a picture."""
    return all(abs(at - face.taken_at) >= APART for face in faces)


def agree(vectors: Sequence[Vector], threshold: float) -> bool:
    """Whether each picture shows the person of each other one. vectors: unit length. threshold: a cosine similarity."""
    return all(float(one @ other) >= threshold for one, other in combinations(vectors, 2))
