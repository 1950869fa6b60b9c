"""Stands in for recognition: a picture's bytes say whom it shows, so a test reads like the scene that it sets up.

Everybody is an axis of a small space, so similarities are exact: `person(1) @ like(1, 0.8)` is 0.8.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import numpy as np

from app.core.errors import BadInput
from app.core.events.decision import Identity, Method, RecordedDecision
from app.core.gates.gate import Gate
from app.core.types import Box, Employee, Face, FrameResult, Pixels, Quality, QualityProblem, Reason, Sample, Vector

DIMENSION = 16
NOW = datetime(2026, 11, 23, 8, 0, 0, 123000, tzinfo=UTC)
BROKEN = b"a picture at which recognition fails"
FACE = Face(Box(10, 10, 100, 100), np.zeros((5, 2), np.float32), 0.9)
VIEW: Pixels = np.full((2, 2, 3), 7, np.uint8)

_ids = count(1)


def new_id() -> str:
    """Sorts by time, as a real one does."""
    return f"{next(_ids):026d}"


@dataclass
class Clock:
    """Stands still until it is set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


def decided(
    gate: Gate, event_id: str, reason: Reason, at: datetime = NOW, employee: Employee | None = None, **more: Any
) -> RecordedDecision:
    """What the log is given of a decision by face."""
    who = None if employee is None else Identity.of(employee)
    return RecordedDecision(event_id, gate.id, gate.name, at, reason, Method.FACE, employee=who, **more)


def person(axis: int) -> Vector:
    return like(axis, 1.0, axis)


def like(axis: int, similarity: float, other: int = DIMENSION - 1) -> Vector:
    """A unit vector with this similarity to person `axis`, the rest of it towards person `other`."""
    vector = np.zeros(DIMENSION, np.float32)
    vector[other] = np.sqrt(1 - similarity**2)
    vector[axis] = similarity
    return vector


def sample(vector: Vector, quality: float = 0.9, liveness: float | None = None) -> Sample:
    return Sample(FACE, Quality(quality), vector, liveness)


def seen(vector: Vector, quality: float = 0.9, faces: int = 1, liveness: float | None = None) -> FrameResult:
    return FrameResult(faces, sample(vector, quality, liveness), None, VIEW)


def unseen(reason: Reason, faces: int = 0, problems: tuple[QualityProblem, ...] = ()) -> FrameResult:
    return FrameResult(faces, None, reason, VIEW, problems)


_pictures = count(1)


def photo(vector: Vector, quality: float = 0.9, note: str = "", liveness: float | None = None) -> bytes:
    """A new picture of this face: no camera makes the same bytes twice. note: another picture of the same face, the
    same bytes at each call. liveness: how alive it looks."""
    made = {"vector": vector.tolist(), "quality": quality, "note": note or next(_pictures), "liveness": liveness}
    return json.dumps(made).encode()


def empty(reason: Reason = Reason.NO_FACE, *problems: QualityProblem) -> bytes:
    """A picture in which nobody can be compared."""
    return json.dumps({"reason": reason, "problems": problems}).encode()


def look(data: bytes) -> FrameResult:
    """`Recognition.look_bytes` for the pictures above. Raises BadInput for any other bytes."""
    if data == BROKEN:
        raise RuntimeError("the model failed")
    try:
        shown = json.loads(data)
    except ValueError:
        raise BadInput("not_an_image", "Send a JPEG or PNG.") from None
    if "reason" in shown:
        return unseen(Reason(shown["reason"]), 0, tuple(QualityProblem(p) for p in shown["problems"]))
    return seen(np.array(shown["vector"], np.float32), shown["quality"], liveness=shown["liveness"])


def looks(
    frames: Sequence[bytes], *, liveness: bool = False, who: object = None, within_s: float | None = None
) -> list[FrameResult]:
    """The pictures carry their liveness; it is seen if it is asked for."""
    found = [look(frame) for frame in frames]
    if liveness:
        return found
    return [replace(one, subject=one.subject and replace(one.subject, liveness=None)) for one in found]


def encode(pixels: Pixels) -> bytes:
    return b"JPEG" + pixels.tobytes()


@dataclass
class Thresholds:
    """A threshold that remembers what it was asked for."""

    value: float = 0.5
    asked: list[tuple[int, int, float]] = field(default_factory=list)

    def __call__(self, gallery_size: int, photos: int, frames: float, share: float = 1.0) -> float:
        self.asked.append((gallery_size, photos, frames))
        return self.value
