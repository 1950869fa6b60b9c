"""What people read instead of codes: one table for pages and their scripts."""

from collections.abc import Mapping
from typing import Any

from app.core.alerts.alert import AlertKind
from app.core.gates.commands import DoorState
from app.core.types import Reason
from app.web.language.catalog import translated

REASONS: dict[str, str] = {
    Reason.RECOGNISED: "Recognised",
    Reason.NO_FACE: "No face in the picture",
    Reason.SEVERAL_FACES: "Several people at once",
    Reason.FACE_TOO_SMALL: "Too far away",
    Reason.POOR_QUALITY: "Face not clear enough",
    Reason.SPOOF_SUSPECTED: "Looks like a picture of a face",
    Reason.NOT_RECOGNISED: "Not recognised",
    Reason.EYES_COVERED: "Not recognised with sunglasses",
    Reason.BACKLIT: "Not recognised against the light",
    Reason.LEFT_TOO_SOON: "Left before the gate could open",
    Reason.AMBIGUOUS: "Could be two people",
    Reason.EMPLOYEE_INACTIVE: "Employee is inactive",
    Reason.NOT_YET_VALID: "Not valid yet",
    Reason.EXPIRED: "No longer valid",
    Reason.CLOCK_UNCONFIRMED: "Validity unknown: the clock may be wrong",
    Reason.BLOCKED: "Blocked",
    Reason.SPONSOR_INACTIVE: "Contractor's sponsor is not active",
    Reason.SPONSOR_UNCONFIRMED: "Contractor was not confirmed for 90 days",
    Reason.DOCUMENTS_EXPIRED: "Contractor's documents have expired",
    Reason.NO_RULE: "No rule lets them in here",
    Reason.OUTSIDE_SCHEDULE: "Outside their hours",
    Reason.ZONE_FULL: "The zone is full",
    Reason.ANTI_PASSBACK: "Inside already",
    Reason.CREDENTIAL_ACCEPTED: "Credential accepted",
    Reason.CREDENTIAL_MISMATCH: "Not the face of the badge's holder",
    Reason.CREDENTIAL_REQUIRED: "A badge is asked for",
    Reason.FACE_REQUIRED: "Badge read, the face is asked for too",
    Reason.CREDENTIAL_MISREAD: "Badge read wrongly",
    Reason.PIN_REQUIRED: "The PIN is asked for",
    Reason.PIN_WRONG: "Wrong PIN",
    Reason.PIN_LOCKED: "PIN locked after wrong tries",
    Reason.CREDENTIAL_UNKNOWN: "Unknown credential",
    Reason.QR_REQUIRED: "A QR pass is asked for",
    Reason.QR_ALTERED: "QR pass is damaged or forged",
    Reason.QR_OF_ANOTHER_SITE: "QR pass of another site",
    Reason.QR_USED: "QR pass was used already",
    Reason.GATE_DISABLED: "Gate is disabled",
    Reason.NO_ENTRY: "No entry by the gate's schedule",
    Reason.FREE_ENTRY: "Free entry by the gate's schedule",
    Reason.STALE_FRAME: "Picture too old",
    Reason.LOCKDOWN: "Lockdown",
    Reason.SYSTEM_FAULT: "System fault",
    Reason.RELEASED: "Released: open for everyone",
    Reason.RESTORED: "Back to normal",
    Reason.OPENED_BY_HAND: "Opened by hand",
    Reason.LOCKED_BY_HAND: "Locked by hand",
    Reason.UNLOCKED_BY_HAND: "Unlocked by hand",
    Reason.GRANT_GIVEN: "Temporary grant given",
    Reason.GRANT_ENDED: "Temporary grant ended",
    Reason.PRESENCE_CORRECTED: "Presence corrected",
    Reason.DID_NOT_ENTER: "Let in, did not enter",
    Reason.PASSED_WITHOUT_GRANT: "Passed without being let in",
}
ALERTS: dict[str, str] = {
    AlertKind.CAMERA_DEAD: "Camera sends no pictures",
    AlertKind.CAMERA_FROZEN: "Camera picture is frozen",
    AlertKind.CAMERA_BLACK: "Camera is dark or covered",
    AlertKind.CAMERA_SLOW: "Camera is too slow",
    AlertKind.CAMERA_WRONG_SIZE: "Camera picture has the wrong size",
    AlertKind.CAMERA_TURNED: "Camera is mounted on its side or upside down",
    AlertKind.DOOR_HELD: "Door is held open",
    AlertKind.DOOR_FORCED: "Door was forced",
    AlertKind.DOOR_FAULT: "Door reports a fault",
    AlertKind.RECORD_ALTERED: "A record was altered in the database; run audit verify",
    AlertKind.TAILGATING: "Somebody may have followed in",
    AlertKind.PASSED_WITHOUT_GRANT: "Somebody went through without being let in",
    AlertKind.DURESS: "Duress: somebody is forced to open",
    AlertKind.VISITOR_STILL_INSIDE: "A visitor is still inside after the end of the visit",
    AlertKind.CONTRACTOR_ENDS_SOON: "A contractor's access ends within 14 days; look at Contractors",
    AlertKind.FACE_TO_REVIEW: "Pictures of somebody wait for an admin; look at Enrolment by badge",
    AlertKind.REPEATED_PICTURE: "The same picture was sent again",
    AlertKind.GATE_FAILED: "Gate does not respond",
    AlertKind.LOCKDOWN: "Lockdown",
    AlertKind.RELEASE: "Gates are released",
    AlertKind.DATABASE_UNWRITABLE: "Nothing can be recorded, so no gate opens",
    AlertKind.CLOCK_WRONG: "The clock is wrong",
    AlertKind.REPORTED: "A guard reported a mistake",
    AlertKind.BACKUP_FAILED: "The nightly backup failed",
    AlertKind.DIRECTORY_SILENT: "A directory sends nothing any more",
    AlertKind.DIRECTORY_HELD: "A directory wants many people off the doors",
    AlertKind.RECEIVER_FAILING: "Alerts do not get through to a receiver",
}
CAMERAS: dict[str, str] = {
    "working": "works",
    "starting": "starting",
    "reconnecting": "connecting again",
    "broken": "address is damaged",
    "not_watched": "not watched",
    "off": "switched off",
    "dead": "no pictures",
    "frozen": "frozen",
    "black": "dark or covered",
    "slow": "too slow",
    "wrong_size": "wrong size",
}
OUTCOMES: dict[str, str] = {
    "opened": "The gate opened",
    "sent": "Sent; the gate did not confirm",
    "failed": "The gate did not open",
    "too_late": "Not sent: too late",
    "dry_run": "Nothing was sent: the gate has no driver",
}

# The door as the hardware reports it.
DOORS: dict[str, str] = {
    DoorState.CLOSED: "closed",
    DoorState.OPEN: "open",
    DoorState.HELD: "held open",
    DoorState.FORCED: "forced",
    DoorState.FAULT: "faulty",
}

# What a guard does after a refusal. A reason that lets in, or that is an order, has none.
NEXT_STEPS: dict[str, str] = {
    Reason.NO_FACE: "Ask them to stand before the camera and look at it.",
    Reason.SEVERAL_FACES: "Ask them to come one at a time.",
    Reason.FACE_TOO_SMALL: "Ask them to come closer.",
    Reason.POOR_QUALITY: "Ask them to stand still and face the camera. Check the light.",
    Reason.SPOOF_SUSPECTED: "Go there: somebody may hold up a picture. Let nobody in from here.",
    Reason.NOT_RECOGNISED: "Ask who they are, then compare faces.",
    Reason.EYES_COVERED: "Ask them to take off their sunglasses.",
    Reason.BACKLIT: "Light shines from behind them: ask them to come closer. Shade the window, or light the faces.",
    Reason.LEFT_TOO_SOON: "Ask them to stand before the camera for a moment longer.",
    Reason.AMBIGUOUS: "Ask who they are, then compare faces.",
    Reason.EMPLOYEE_INACTIVE: "Ask an admin before you let them in.",
    Reason.NOT_YET_VALID: "Ask an admin before you let them in.",
    Reason.EXPIRED: "Ask an admin whether their time goes on.",
    Reason.CLOCK_UNCONFIRMED: "Check their dates by hand, and tell an admin: the clock may be wrong.",
    Reason.BLOCKED: "Keep them out, and call whoever blocked them.",
    Reason.SPONSOR_INACTIVE: "Ask them whom they work for now, and an admin to name a new sponsor.",
    Reason.SPONSOR_UNCONFIRMED: "Call their sponsor: they or an admin confirm that they are still needed.",
    Reason.DOCUMENTS_EXPIRED: "Ask them for the new document, and an admin to enter it.",
    Reason.NO_RULE: "Send them to their own gate, or let them in once.",
    Reason.OUTSIDE_SCHEDULE: "Ask why they come now; let them in once, or ask an admin for a grant.",
    Reason.ZONE_FULL: "Ask them to wait until somebody has left.",
    Reason.ANTI_PASSBACK: "Ask how they got out. Correct where they are on the muster page, or let them in once.",
    Reason.CREDENTIAL_UNKNOWN: "Check their badge: this one belongs to nobody.",
    Reason.QR_REQUIRED: "Ask them for their QR pass.",
    Reason.QR_ALTERED: "Look at their pass: its code says something that we did not sign.",
    Reason.QR_OF_ANOTHER_SITE: "Ask them which site they are invited to.",
    Reason.QR_USED: "Ask them who holds the pass: somebody went in with it. Let them in once if they may.",
    Reason.CREDENTIAL_MISREAD: "Ask them to hold the badge to the reader again.",
    Reason.CREDENTIAL_MISMATCH: "Compare their face with the enrolled photo: the badge may be somebody else's.",
    Reason.CREDENTIAL_REQUIRED: "Ask them to hold their badge to the reader.",
    Reason.FACE_REQUIRED: "Ask them to look at the camera.",
    Reason.PIN_REQUIRED: "Ask them to type their PIN at the keypad.",
    Reason.PIN_WRONG: "Compare their face with the enrolled photo. If it is they, ask them to type it again.",
    Reason.PIN_LOCKED: "Compare their face with the enrolled photo. An admin can issue a new PIN.",
    Reason.GATE_DISABLED: "Send them to another gate.",
    Reason.NO_ENTRY: "Send them to another gate.",
    Reason.LOCKED_BY_HAND: "Unlock the gate first, or send them to another.",
    Reason.LOCKDOWN: "Let nobody in until the lockdown ends.",
    Reason.STALE_FRAME: "Ask them to try again.",
    Reason.SYSTEM_FAULT: "Check their identity by hand, and tell an admin.",
}
LET_IN_REASONS = ("Known to me", "Identity document checked", "Their host or manager confirmed", "Emergency service")

# What stands out of an order that opens nothing.
ORDERS: dict[str, str] = {
    Reason.LOCKED_BY_HAND: "LOCKED",
    Reason.UNLOCKED_BY_HAND: "UNLOCKED",
    Reason.LOCKDOWN: "LOCKDOWN",
    Reason.RESTORED: "NORMAL",
    Reason.PRESENCE_CORRECTED: "CORRECTED",
    Reason.DID_NOT_ENTER: "DID NOT ENTER",
    Reason.PASSED_WITHOUT_GRANT: "PASSED",
}

ALARMING = (Reason.SPOOF_SUSPECTED, Reason.SYSTEM_FAULT)


def for_scripts() -> dict[str, Any]:
    """The tables in the language of the page, for its script."""
    tables = {"reasons": REASONS, "cameras": CAMERAS, "outcomes": OUTCOMES, "orders": ORDERS, "doors": DOORS}
    said = {name: in_words(table) for name, table in {**tables, "next": NEXT_STEPS}.items()}
    return {**said, "alarming": [reason.value for reason in ALARMING]}


def in_words(table: Mapping[str, str]) -> dict[str, str]:
    """A table in the language of the page."""
    return {str(key): translated(words) for key, words in table.items()}


# The parts of the service that are checked, besides cameras.
PARTS = ("database", "gallery", "clock", "time zones", "gates", "models", "liveness")


def part_name(name: str) -> str:
    """The name of a part of the service, in the language of the page."""
    kind, _, camera = name.partition(" ")
    return translated("camera {name}", name=camera) if kind == "camera" else translated(name)


_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def number_word(count: int) -> str:
    """Returns a small count as a sentence has it."""
    return _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"
