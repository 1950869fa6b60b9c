"""What somebody must look at: kinds of alerts, and one that stands."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.cameras.health import CameraState


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
TRANSIENT = frozenset({AlertKind.TAILGATING, AlertKind.CAMERA_TURNED, AlertKind.PICTURE_AGAIN})


TRANSIENT_LASTS = timedelta(minutes=10)


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
