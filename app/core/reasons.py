"""Why gates open and stay shut. A new one needs words on the pages and a row in the API's README: tests say so."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a gate opened or stayed shut. Every event has one reason; those in OPENING open the gate.

    RELEASED: the gate is open for everybody (fire). RESTORED: a lockdown or release ended. NO_ENTRY, FREE_ENTRY: the
    gate's schedule lets nobody in, or everybody. OPENED_BY_HAND to PRESENCE_CORRECTED: a person ordered it.
    DID_NOT_ENTER, PASSED_WITHOUT_GRANT: the gate's sensor reported it.
    """

    RECOGNISED = "recognised"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    FACE_TOO_SMALL = "face_too_small"
    POOR_QUALITY = "poor_quality"
    SPOOF_SUSPECTED = "spoof_suspected"
    NOT_RECOGNISED = "not_recognised"
    EYES_COVERED = "eyes_covered"
    BACKLIT = "backlit"
    LEFT_TOO_SOON = "left_too_soon"
    AMBIGUOUS = "ambiguous"
    EMPLOYEE_INACTIVE = "employee_inactive"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    CLOCK_UNCONFIRMED = "clock_unconfirmed"
    BLOCKED = "blocked"
    SPONSOR_INACTIVE = "sponsor_inactive"
    SPONSOR_UNCONFIRMED = "sponsor_unconfirmed"
    DOCUMENTS_EXPIRED = "documents_expired"
    NO_RULE = "no_rule"
    OUTSIDE_SCHEDULE = "outside_schedule"
    ZONE_FULL = "zone_full"
    ANTI_PASSBACK = "anti_passback"
    CREDENTIAL_ACCEPTED = "credential_accepted"
    CREDENTIAL_MISREAD = "credential_misread"
    CREDENTIAL_MISMATCH = "credential_mismatch"
    CREDENTIAL_REQUIRED = "credential_required"
    FACE_REQUIRED = "face_required"
    PIN_REQUIRED = "pin_required"
    PIN_WRONG = "pin_wrong"
    PIN_LOCKED = "pin_locked"
    CREDENTIAL_UNKNOWN = "credential_unknown"
    QR_REQUIRED = "qr_required"
    QR_ALTERED = "qr_altered"
    QR_OF_ANOTHER_SITE = "qr_of_another_site"
    QR_USED = "qr_used"
    GATE_DISABLED = "gate_disabled"
    NO_ENTRY = "no_entry"
    FREE_ENTRY = "free_entry"
    STALE_FRAME = "stale_frame"
    LOCKDOWN = "lockdown"
    SYSTEM_FAULT = "system_fault"
    RELEASED = "released"
    RESTORED = "restored"
    OPENED_BY_HAND = "opened_by_hand"
    LOCKED_BY_HAND = "locked_by_hand"
    UNLOCKED_BY_HAND = "unlocked_by_hand"
    GRANT_GIVEN = "grant_given"
    GRANT_ENDED = "grant_ended"
    PRESENCE_CORRECTED = "presence_corrected"
    DID_NOT_ENTER = "did_not_enter"
    PASSED_WITHOUT_GRANT = "passed_without_grant"


class QualityProblem(StrEnum):
    """Why a face is not good enough to compare."""

    FACE_TOO_SMALL = "face_too_small"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    TURNED_AWAY = "turned_away"
    CUT_OFF = "cut_off"


class Advice(StrEnum):
    """What keeps a face from being recognised and can be changed. If it explains a refusal, it is the reason."""

    EYES_COVERED = "eyes_covered"
    BACKLIT = "backlit"


# The gate knows who it is, and lets them in.
BY_PERSON = frozenset({Reason.RECOGNISED, Reason.CREDENTIAL_ACCEPTED})
OPENING = BY_PERSON | {Reason.FREE_ENTRY, Reason.RELEASED, Reason.OPENED_BY_HAND}
