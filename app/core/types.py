"""The words of the domain as frozen values: what was seen, who is known, what was decided.

Units stand in names where a type cannot carry them. Everything here is checked on construction where a wrong
value could open a gate.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (height, width, 3), BGR as OpenCV decodes it; never converted on the hot path
Vector = NDArray[np.float32]  # (dimension,), unit length


class Reason(StrEnum):
    """Why a gate opened or stayed shut: one of these stands in every event. Which of them open: OPENING.

    RELEASED: the gate stands open for everybody (fire). RESTORED is no decision on anybody: lockdown or release ended.
    OPENED_BY_HAND, LOCKED_BY_HAND, UNLOCKED_BY_HAND: a person ordered it. A locked gate denies
    everybody with LOCKED_BY_HAND.
    """

    RECOGNISED = "recognised"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    FACE_TOO_SMALL = "face_too_small"
    POOR_QUALITY = "poor_quality"
    SPOOF_SUSPECTED = "spoof_suspected"
    NOT_RECOGNISED = "not_recognised"
    AMBIGUOUS = "ambiguous"
    NOT_ENROLLED = "not_enrolled"
    EMPLOYEE_INACTIVE = "employee_inactive"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    CLOCK_UNCONFIRMED = "clock_unconfirmed"
    NO_RULE = "no_rule"
    OUTSIDE_SCHEDULE = "outside_schedule"
    CREDENTIAL_UNKNOWN = "credential_unknown"
    GATE_DISABLED = "gate_disabled"
    STALE_FRAME = "stale_frame"
    LOCKDOWN = "lockdown"
    SYSTEM_FAULT = "system_fault"
    RELEASED = "released"
    RESTORED = "restored"
    OPENED_BY_HAND = "opened_by_hand"
    LOCKED_BY_HAND = "locked_by_hand"
    UNLOCKED_BY_HAND = "unlocked_by_hand"


OPENING = frozenset({Reason.RECOGNISED, Reason.RELEASED, Reason.OPENED_BY_HAND})


class Verdict(StrEnum):
    OPEN = "open"
    DENY = "deny"


class Role(StrEnum):
    """What a caller may do. A gate key is bound to one gate. VIEWER is for people: reads the log only."""

    GATE = "gate"
    CAMERA = "camera"
    ADMIN = "admin"
    SECURITY = "security"
    VIEWER = "viewer"


class Status(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"


class QualityProblem(StrEnum):
    """Why a face is not good enough to be compared."""

    FACE_TOO_SMALL = "face_too_small"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    TURNED_AWAY = "turned_away"
    CUT_OFF = "cut_off"


# What was seen


@dataclass(frozen=True)
class Box:
    """An axis-aligned rectangle in frame pixels; may reach outside the frame."""

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

    landmarks: (5, 2) float32 frame pixels: right eye, left eye, nose tip, right and left mouth corner, of the person,
    so the first eye is on the left of the picture. score: the detector's, 0 to 1.
    """

    box: Box
    landmarks: NDArray[np.float32]
    score: float


@dataclass(frozen=True)
class Quality:
    """How far a face can be compared. score 0 to 1 weighs it in a mean; problems say why it must not be used."""

    score: float
    problems: tuple[QualityProblem, ...] = ()

    @property
    def good(self) -> bool:
        return not self.problems


@dataclass(frozen=True, eq=False)
class Sample:
    """One face in one frame, understood: what evidence is made of. liveness: None where it was not measured."""

    face: Face
    quality: Quality
    embedding: Vector
    liveness: float | None = None


@dataclass(frozen=True, eq=False)
class FrameResult:
    """What one frame gave: the sighting of the person at the gate, or the reason there is none.

    faces: how many faces were found. subject: set if and only if reason is None.
    snapshot: pixels for the record (the face with its surroundings, or the scaled-down frame where there is no face).
    """

    faces: int
    subject: Sample | None
    reason: Reason | None
    snapshot: Pixels | None = None
    problems: tuple[QualityProblem, ...] = ()

    def __post_init__(self) -> None:
        if (self.subject is None) == (self.reason is None):
            raise ValueError("a look has either a subject or a reason")


@dataclass(frozen=True)
class Candidate:
    """An employee whom a search proposes. similarity: cosine, -1 to 1."""

    employee_id: str
    similarity: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """What one approach shows: the fused frames, and who they most resemble.

    reason: why nobody can be identified, or None. best: the nearest employee, or None for an empty gallery.
    margin: best minus runner-up similarity; 1.0 + best where there is no runner-up.
    liveness: 0 an attack to 1 live, None where it was not measured; liveness_frames: of how many frames.
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

    @property
    def employee_id(self) -> str | None:
        """Whom it most resembles."""
        return self.best.employee_id if self.best else None


# Who is known


@dataclass(frozen=True)
class Employee:
    id: str
    number: str
    name: str
    status: Status = Status.ACTIVE
    email: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    groups: tuple[str, ...] = ()
    legal_basis: str | None = None
    consent_at: datetime | None = None
    created_at: datetime | None = None
    photos: int = 0  # how many accepted photos the template is made of; 0 = not enrolled
    card_number: str | None = None  # decimal digits, for hardware that wants to be shown a card; nobody else's


@dataclass(frozen=True)
class Photo:
    """An accepted photo. `sealed_image` and `sealed_embedding` open only with the employee's key."""

    id: str
    employee_id: str
    sealed_image: bytes
    sealed_embedding: bytes
    media_type: str
    quality: float
    created_at: datetime


@dataclass(frozen=True)
class Template:
    """What an employee is matched by: the normalised mean of the photos' embeddings, sealed."""

    employee_id: str
    sealed_vector: bytes
    photos: int
    pack_digest: str
    precision: str


@dataclass(frozen=True)
class Gate:
    """door and door_at: what the door last reported (a gates.DoorState); a gate's update leaves them alone."""

    id: str
    name: str
    enabled: bool = True
    unlock_ms: int = 5000  # how long an opening lasts
    created_at: datetime | None = None
    driver: str = "dry_run"
    sealed_config: bytes | None = None  # the driver's settings; may hold secrets
    fail_mode: str = "secure"  # or "safe": without power or orders the gate stands open
    door_held_after_ms: int = 15000  # a door open for longer is held
    door: str | None = None
    door_at: datetime | None = None
    liveness: str = "auto"  # a liveness.LivenessMode
    locked: bool = False  # by hand: lets nobody in until it is unlocked; egress is not touched


@dataclass(frozen=True)
class ApiKey:
    """A key as it is stored: its SHA-256, never the key."""

    id: str
    role: Role
    hash: str
    name: str
    gate_id: str | None
    created_at: datetime
    revoked_at: datetime | None = None


# What was decided


@dataclass(frozen=True)
class Decision:
    """The verdict of the policy. `employee` is who was identified, also when refused; None when nobody was."""

    reason: Reason
    employee: Employee | None = None

    @property
    def verdict(self) -> Verdict:
        return Verdict.OPEN if self.reason in OPENING else Verdict.DENY
