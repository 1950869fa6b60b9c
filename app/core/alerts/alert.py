"""Alerts: what somebody must look at."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.cameras.health import CameraState


class AlertKind(StrEnum):
    """The kinds of alert. LOCKDOWN and RELEASE mean that the site is in that mode."""

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
    REPEATED_PICTURE = "repeated_picture"
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

# Momentary incidents: an acknowledgement or time clears them.
TRANSIENT = frozenset({AlertKind.TAILGATING, AlertKind.CAMERA_TURNED, AlertKind.REPEATED_PICTURE})
TRANSIENT_LASTS = timedelta(minutes=10)


class AlertState(StrEnum):
    """Which alerts a list holds. open: not cleared, acknowledged or not. acknowledged: cleared or not. all: both."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ALL = "all"


@dataclass(frozen=True)
class Acknowledgement:
    """Somebody looked at an alert. actor: the id of the key or user. comment: what they had to say, "" for nothing."""

    at: datetime
    actor: str
    comment: str = ""


@dataclass(frozen=True)
class Alert:
    """A problem that lasts from `at` to `cleared_at`. At most one alert per kind, gate and camera is uncleared.

    `detail` is a few words without secrets, addresses or names. An alert outlives its camera.
    """

    id: str
    at: datetime
    kind: AlertKind
    gate_id: str | None = None
    camera_id: str | None = None
    detail: str = ""
    cleared_at: datetime | None = None
    acknowledged: Acknowledgement | None = None
