"""The values of the domain, all frozen: what was seen, who is known and what was decided.

Names carry units if the type cannot. A value that could open a gate if it were wrong is checked on construction.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from app.core.contracts import Contract
from app.core.reasons import BY_PERSON as BY_PERSON
from app.core.reasons import OPENING as OPENING
from app.core.reasons import Advice as Advice
from app.core.reasons import QualityProblem as QualityProblem
from app.core.reasons import Reason as Reason

Pixels = NDArray[np.uint8]  # (height, width, 3), BGR as OpenCV decodes it; never converted on the hot path
Vector = NDArray[np.float32]  # (dimension,), unit length


class Verdict(StrEnum):
    """What a decision does at the gate."""

    OPEN = "open"
    DENY = "deny"


class Role(StrEnum):
    """What a caller may do. A GATE key is bound to one gate. VIEWER is for people and only reads the log.

    DISPLAY is for a screen on the wall, which shows the live page and the alerts and can do nothing. A DIRECTORY key is
    bound to one directory, which sends people and groups.
    """

    GATE = "gate"
    CAMERA = "camera"
    ADMIN = "admin"
    SECURITY = "security"
    VIEWER = "viewer"
    DISPLAY = "display"
    DIRECTORY = "directory"


class Status(StrEnum):
    """Whether an employee may pass at all."""

    ACTIVE = "active"
    INACTIVE = "inactive"


class PersonKind(StrEnum):
    """Who somebody is to the site. Rules for everybody are for employees alone."""

    EMPLOYEE = "employee"
    VISITOR = "visitor"
    CONTRACTOR = "contractor"


# What was seen


@dataclass(frozen=True)
class Box:
    """An axis-aligned rectangle in frame pixels; it may reach outside the frame."""

    x_px: float
    y_px: float
    width_px: float
    height_px: float

    @property
    def centre(self) -> tuple[float, float]:
        return self.x_px + self.width_px / 2, self.y_px + self.height_px / 2


@dataclass(frozen=True, eq=False)
class Face:
    """One detected face.

    Attributes:
        landmarks: (5, 2) float32, in frame pixels: the person's right eye, left eye, nose tip, right and left mouth
            corner, so the first eye is on the left of the picture.
        score: the detector's confidence, 0 to 1.
        confirmed: False if a second look at the place found no face there.
    """

    box: Box
    landmarks: NDArray[np.float32]
    score: float
    confirmed: bool = True


@dataclass(frozen=True)
class Quality:
    """How well a face can be compared. `score`, 0 to 1, weighs it in a mean; one with `problems` must not be used."""

    score: float
    problems: tuple[QualityProblem, ...] = ()
    advice: Advice | None = None

    @property
    def good(self) -> bool:
        return not self.problems


@dataclass(frozen=True, eq=False)
class Detection:
    """One face in one frame. One that is good enough to compare is a Sample."""

    face: Face
    quality: Quality


@dataclass(frozen=True, eq=False)
class Sample(Detection):
    """One usable face in one frame, ready to become evidence. `liveness` is None if it was not measured."""

    embedding: Vector
    liveness: float | None = None


@dataclass(frozen=True, eq=False)
class FrameResult:
    """The result of one frame: the person at the gate, or the reason why there is none.

    Attributes:
        faces: the number of faces found.
        subject: the person's face; set if and only if `reason` is None.
        snapshot: pixels for the record: the face with its surroundings, or the scaled-down frame if there is no face.

    Raises:
        ValueError: not exactly one of `subject` and `reason` is set.
    """

    faces: int
    subject: Sample | None
    reason: Reason | None
    snapshot: Pixels | None = None
    problems: tuple[QualityProblem, ...] = ()
    advice: Advice | None = None

    def __post_init__(self) -> None:
        if (self.subject is None) == (self.reason is None):
            raise ValueError("a frame result has either a subject or a reason")


@dataclass(frozen=True)
class Candidate:
    """An employee found by a search. `similarity` is the cosine, -1 to 1."""

    employee_id: str
    similarity: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """The evidence of one approach: its fused frames and the employee they resemble most.

    Attributes:
        reason: why nobody can be identified, or None.
        best: the nearest employee, or None if the gallery is empty.
        margin: similarity of the best minus that of the runner-up; 1.0 + best if there is no runner-up.
        liveness: from 0 (attack) to 1 (live); None if it was not measured. `liveness_frames` is the number of frames.
        frames: (n, d), the vectors of several frames, oldest first; None for one. Until each was compared with the best
            candidate (`evidence.settled`), AMBIGUOUS may be one person's poor frame.
        frames_apart: how many different pictures the frames are worth (`Tail.apart`).
    """

    faces: int
    frames_used: int
    reason: Reason | None
    embedding: Vector | None = None
    best: Candidate | None = None
    margin: float | None = None
    liveness: float | None = None
    quality: float | None = None
    liveness_frames: int = 0
    frames: NDArray[np.float32] | None = None
    frames_apart: float = 1.0
    advice: Advice | None = None

    @property
    def employee_id(self) -> str | None:
        """The id of the employee it resembles most."""
        return self.best.employee_id if self.best else None


# Who is known


@dataclass(frozen=True)
class Employee:
    """Somebody who may pass. `valid_from` and `valid_until` are inclusive; None means no limit."""

    id: str
    number: str
    name: str
    status: Status = Status.ACTIVE
    email: str | None = None
    valid_from: date | None = None  # a date is a whole day on the gate's clock, both ends included
    valid_until: date | None = None
    groups: tuple[str, ...] = ()
    legal_basis: str | None = None
    consent_at: date | None = None
    created_at: datetime | None = None
    photos: int = 0  # accepted photos in the template; 0 = not enrolled
    card_number: str | None = None  # decimal digits, for hardware that expects a card; unique
    blocked_at: datetime | None = None
    blocked_until: datetime | None = None  # None while blocked: until somebody lifts it
    block_reason: str | None = None
    inactive_since: datetime | None = None
    kind: PersonKind = PersonKind.EMPLOYEE
    contract: Contract | None = None  # of a contractor

    @property
    def is_guest(self) -> bool:
        """Whether rules for everybody leave them out."""
        return self.kind is not PersonKind.EMPLOYEE


@dataclass(frozen=True)
class Photo:
    """An accepted photo. Only the employee's key opens `sealed_image` and `sealed_embedding`."""

    id: str
    employee_id: str
    sealed_image: bytes
    sealed_embedding: bytes
    media_type: str
    quality: float
    created_at: datetime
    digest: bytes | None = None  # of the image, with the employee's key; None if an earlier version kept it


@dataclass(frozen=True)
class Template:
    """What faces are matched against: the sealed, normalised mean of the embeddings of an employee's photos."""

    employee_id: str
    sealed_vector: bytes
    photos: int
    pack_digest: str
    precision: str


@dataclass(frozen=True)
class ApiKey:
    """A stored key: its SHA-256, never the key itself."""

    id: str
    role: Role
    hash: str
    name: str
    gate_id: str | None
    created_at: datetime
    revoked_at: datetime | None = None
    directory_id: str | None = None


# What was decided


@dataclass(frozen=True, slots=True)
class AppliedRule:
    """The rule that let somebody in, or that would have at another time, as it was called then."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class PassbackNote:
    """Somebody enters a zone that they are in since then; leaving: leaves one that they were not in."""

    zone_id: str
    zone: str
    since: datetime
    leaving: bool = False


@dataclass(frozen=True)
class Decision:
    """The decision of the policy. `employee` is the person identified, even if refused; None if nobody was."""

    reason: Reason
    employee: Employee | None = None
    rule: AppliedRule | None = field(default=None, compare=False)

    @property
    def verdict(self) -> Verdict:
        return Verdict.OPEN if self.reason in OPENING else Verdict.DENY
