"""A credential that was just read and is kept for moments: it awaits its holder's face, or somebody to be given to."""

from datetime import datetime

from app.core.credentials.stored import FACE_WITHIN, OFFERED_FOR, BadgeRead
from app.core.gates.gate import Gate
from app.core.ports.store import Transaction
from app.core.types import Reason
from app.services.access.credentials.passes import Here, still_shown
from app.services.access.credentials.presented import Presented

ENDS_WAITING = frozenset({Reason.CREDENTIAL_ACCEPTED, Reason.CREDENTIAL_MISMATCH, Reason.SPOOF_SUSPECTED})


def awaited(tx: Transaction, gate: Gate, here: Here, now: datetime, *, for_update: bool = False) -> Presented | None:
    """The badge that was just read at a gate and awaits its holder's face; None if there is none."""
    read = tx.badge_reads.of(gate.id)
    if read is None or read.credential_id is None or abs(now - read.at) > FACE_WITHIN:
        return None
    found = still_shown(tx, read.credential_id, read.badge, gate, here, now, for_update=for_update)
    return found if found.holder is not None and found.refused is None else None


def keep_read(tx: Transaction, gate: Gate, shown: Presented, reason: Reason, now: datetime) -> None:
    """Keeps a badge that nobody has for a moment, to be given to somebody; or one that awaits its holder's face.

    A recorded answer about badge and face ends the waiting: for another try the badge is read again.
    """
    if reason in ENDS_WAITING:
        tx.badge_reads.forget(gate_id=gate.id)
    unknown = reason is Reason.CREDENTIAL_UNKNOWN and shown.unknown
    if shown.badge is not None and (shown.awaits_face or (unknown and shown.badge.can_be_kept)):
        tx.badge_reads.forget(before=now - OFFERED_FOR)
        tx.badge_reads.put(BadgeRead(gate.id, now, shown.badge, shown.used.id if shown.used else None))
