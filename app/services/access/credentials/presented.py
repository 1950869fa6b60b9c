"""Whose credential somebody presents at a gate, and why it cannot be taken."""

from dataclasses import dataclass, replace
from datetime import datetime

from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat, Misread, decode, last_four, typed
from app.core.credentials.stored import FACE_WITHIN, OFFERED_FOR, BadgeRead, CredentialKind
from app.core.errors import BadInput
from app.core.events.decision import UsedCredential
from app.core.gates.gate import Gate
from app.core.ports.store import Transaction
from app.core.types import Employee, Reason

ENDS_WAITING = frozenset({Reason.CREDENTIAL_ACCEPTED, Reason.CREDENTIAL_MISMATCH, Reason.SPOOF_SUSPECTED})


@dataclass(frozen=True)
class Presented:
    """A credential at a gate.

    Attributes:
        badge: None where the text is none.
        used: what the event says of it.
        holder: as the database has them now.
        refused: why nobody can be its holder.
        awaits_face: whether the gate opens once it sees the holder.
    """

    badge: Badge | None = None
    used: UsedCredential | None = None
    holder: Employee | None = None
    refused: Reason | None = None
    awaits_face: bool = False

    @property
    def unknown(self) -> bool:
        """Whether it was read well, and nobody has it."""
        return self.badge is not None and self.holder is None and self.refused is None


def presented(tx: Transaction, gate: Gate, text: str, *, for_update: bool = False) -> Presented:
    """Finds the holder of what was presented: a badge's bits as read, or its number in the gate's format.

    for_update: nobody takes it from them until the commit.
    """
    try:
        badge = typed(text, gate.badge_format)
    except BadInput:
        return Presented(refused=Reason.CREDENTIAL_UNKNOWN)
    stranger = UsedCredential(CredentialKind.BADGE, last_four(badge, gate.badge_format), badge.bits)
    try:
        decode(badge, gate.badge_format)
    except Misread as error:
        # A badge of another length is no mistake of the reader: whoever sets it up must see it.
        return Presented(badge, stranger, refused=Reason.CREDENTIAL_MISREAD if error.parity else None)
    found = tx.credentials.presented(CredentialKind.BADGE, badge.text)
    if found is None:
        return Presented(badge, stranger)
    holder = tx.employees.get(found.employee_id, for_update=for_update)
    if holder is None or (for_update and tx.credentials.get(found.id) is None):
        return Presented(badge, stranger)
    used = UsedCredential(CredentialKind.BADGE, last_four(badge, found.card_format), badge.bits, found.id)
    return Presented(badge, used, holder)


def awaited(tx: Transaction, gate: Gate, now: datetime, *, for_update: bool = False) -> Presented | None:
    """The badge that was just read at a gate and awaits its holder's face; None if there is none."""
    read = tx.badge_reads.of(gate.id)
    if read is None or read.credential_id is None or abs(now - read.at) > FACE_WITHIN:
        return None
    found = presented(tx, replace(gate, badge_format=CardFormat.RAW), read.badge.text, for_update=for_update)
    return found if found.holder is not None else None


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
