"""Alerts: what somebody must look at. A record of what was wrong, since when, until when, and who looked."""

from dataclasses import dataclass
from datetime import datetime
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
    REPORTED = "reported"
    BACKUP_FAILED = "backup_failed"
    PASSED_WITHOUT_GRANT = "passed_without_grant"
    DURESS = "duress"
    DIRECTORY_SILENT = "directory_silent"
    DIRECTORY_HELD = "directory_held"
    VISITOR_STILL_INSIDE = "visitor_still_inside"
    CONTRACTOR_ENDS_SOON = "contractor_ends_soon"
    FACE_TO_REVIEW = "face_to_review"
    RECEIVER_FAILING = "receiver_failing"


class Severity(StrEnum):
    """CRITICAL: somebody may have got in, or nobody can. WARNING: something works less well than it should."""

    CRITICAL = "critical"
    WARNING = "warning"


CRITICAL = frozenset(
    {
        AlertKind.DOOR_FORCED,
        AlertKind.TAILGATING,
        AlertKind.PASSED_WITHOUT_GRANT,
        AlertKind.DURESS,
        AlertKind.REPEATED_PICTURE,
        AlertKind.GATE_FAILED,
        AlertKind.RECORD_ALTERED,
        AlertKind.LOCKDOWN,
        AlertKind.RELEASE,
        AlertKind.DATABASE_UNWRITABLE,
    }
)

# For guards and admins alone: no tile of a gate shows them, no screen on a wall, and nothing sounds.
SILENT = frozenset({AlertKind.DURESS})
NOT_SILENT = frozenset(AlertKind) - SILENT


def on_screens(kinds: frozenset[AlertKind] | None) -> frozenset[AlertKind]:
    """Of the kinds in a filter, those that a screen on a wall may show. None: every kind."""
    return NOT_SILENT if kinds is None else kinds & NOT_SILENT


OF_CAMERAS = {
    CameraState.DEAD: AlertKind.CAMERA_DEAD,
    CameraState.FROZEN: AlertKind.CAMERA_FROZEN,
    CameraState.BLACK: AlertKind.CAMERA_BLACK,
    CameraState.SLOW: AlertKind.CAMERA_SLOW,
    CameraState.WRONG_SIZE: AlertKind.CAMERA_WRONG_SIZE,
}

# Nothing shows when their cause is over, so an acknowledgement ends them.
TRANSIENT = frozenset({AlertKind.CAMERA_TURNED, AlertKind.REPEATED_PICTURE})


class AlertState(StrEnum):
    """Which alerts a list holds. open: its cause lasts, or nobody has acknowledged it. acknowledged: whether its cause
    lasts or not. all: every alert."""

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
    """A problem that lasts from `at` to `cleared_at`. It stays open until it is over and acknowledged.

    A momentary one, such as tailgating, begins and ends at once, and each is a record of its own. Of all others, at
    most one per kind, gate and camera is uncleared. `detail` is a few words without secrets, addresses or names. An
    alert outlives its camera. That of a duress PIN names its event. A report of a mistake names the event and the actor
    who reported it (the id of a key or user); its `detail` is what they wrote. It is emptied, as is the
    acknowledgement's comment, when the event's person is erased.
    """

    id: str
    at: datetime
    kind: AlertKind
    gate_id: str | None = None
    camera_id: str | None = None
    detail: str = ""
    cleared_at: datetime | None = None
    acknowledged: Acknowledgement | None = None
    event_id: str | None = None
    actor: str | None = None

    @property
    def severity(self) -> Severity:
        return Severity.CRITICAL if self.kind in CRITICAL else Severity.WARNING


@dataclass(frozen=True)
class AlertFilter:
    """Which alerts a list holds. since: inclusive; until: exclusive; both about when it began.

    before: the id of the last alert on the previous page. kinds: None for every kind.
    """

    state: AlertState = AlertState.ALL
    kinds: frozenset[AlertKind] | None = None
    gate_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: str | None = None
    limit: int = 50

    def holds(self, alert: Alert) -> bool:
        """Whether an open alert belongs to the list, its state and the limit aside."""
        return (
            (self.kinds is None or alert.kind in self.kinds)
            and (self.gate_id is None or alert.gate_id == self.gate_id)
            and (self.since is None or alert.at >= self.since)
            and (self.until is None or alert.at < self.until)
            and (self.before is None or alert.id < self.before)
        )


OPEN_ALERTS = AlertFilter(AlertState.OPEN)
