"""What stands at a site and how it fares: cameras, alerts, what gates did with their commands, lockdown and release."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.approach import Zone
from app.core.camera_health import CameraState
from app.core.chain import canonical, instant
from app.core.gates import Outcome

SITE = "site"  # the subject whose key seals what belongs to the site and to no person


@dataclass(frozen=True)
class Camera:
    """One camera, which watches one gate. `sealed_url` may hold a password, so it opens only with the master key."""

    id: str
    name: str
    gate_id: str
    sealed_url: bytes
    enabled: bool = True
    zone: Zone = field(default_factory=Zone)
    created_at: datetime | None = None


class AlertKind(StrEnum):
    """What somebody should look at. lockdown and release: the site is in that mode."""

    CAMERA_DEAD = "camera_dead"
    CAMERA_FROZEN = "camera_frozen"
    CAMERA_BLACK = "camera_black"
    CAMERA_SLOW = "camera_slow"
    CAMERA_WRONG_SIZE = "camera_wrong_size"
    CAMERA_TURNED = "camera_turned"
    DOOR_HELD = "door_held"
    DOOR_FORCED = "door_forced"
    DOOR_FAULT = "door_fault"
    TAILGATING = "tailgating"
    PICTURE_AGAIN = "picture_again"
    GATE_FAILED = "gate_failed"
    RECORD_ALTERED = "record_altered"
    LOCKDOWN = "lockdown"
    RELEASE = "release"
    DATABASE_UNWRITABLE = "database_unwritable"
    CLOCK_WRONG = "clock_wrong"


OF_CAMERAS = {
    CameraState.DEAD: AlertKind.CAMERA_DEAD,
    CameraState.FROZEN: AlertKind.CAMERA_FROZEN,
    CameraState.BLACK: AlertKind.CAMERA_BLACK,
    CameraState.SLOW: AlertKind.CAMERA_SLOW,
    CameraState.WRONG_SIZE: AlertKind.CAMERA_WRONG_SIZE,
}
# Over when they are told: nothing else ends them.
HINTS = frozenset({AlertKind.TAILGATING, AlertKind.CAMERA_TURNED, AlertKind.PICTURE_AGAIN})
HINT_STANDS = timedelta(minutes=10)


@dataclass(frozen=True)
class Alert:
    """Something that is wrong from `at` until `cleared_at`. Of one kind, gate and camera at most one is uncleared.

    detail: a few words, no secret, no address, no name. An alert outlives its camera.
    """

    id: str
    at: datetime
    kind: AlertKind
    gate_id: str | None = None
    camera_id: str | None = None
    detail: str = ""
    cleared_at: datetime | None = None


@dataclass(frozen=True)
class GateResultRow:
    """What the gate did with the command of an event: the event's second record.

    signature is the installation's, over `signed_part`: who has only the database cannot turn a failure into success.
    """

    event_id: str
    at: datetime
    outcome: Outcome
    detail: str = ""
    signature: str = ""

    @property
    def signed_part(self) -> bytes:
        """Canonical JSON of everything but the signature. Raises ValueError for a time without a zone."""
        return canonical(
            {
                "v": 1,
                "event_id": self.event_id,
                "at": instant(self.at),
                "outcome": self.outcome.value,
                "detail": self.detail,
            }
        )


@dataclass(frozen=True)
class ClockFacts:
    """What is known of the clock. doubt: in words, why it cannot be right, since when; until somebody confirms it.

    covers: records up to this time were made by a clock that was ahead, and count for nothing any more.
    """

    doubt: str | None = None
    doubted_at: datetime | None = None
    covers: datetime | None = None
    confirmed_at: datetime | None = None


class SiteMode(StrEnum):
    """NORMAL: the rules decide. LOCKDOWN: nobody is let in. RELEASE: every gate stands open (fire)."""

    NORMAL = "normal"
    LOCKDOWN = "lockdown"
    RELEASE = "release"


@dataclass(frozen=True)
class SiteState:
    """The mode, who set it (the id of a key or user) and when. gates: the ids it holds for; empty means every gate."""

    mode: SiteMode = SiteMode.NORMAL
    since: datetime | None = None
    by: str | None = None
    gates: tuple[str, ...] = ()

    def mode_at(self, gate_id: str) -> SiteMode:
        """The mode that holds at this gate."""
        return self.mode if not self.gates or gate_id in self.gates else SiteMode.NORMAL
