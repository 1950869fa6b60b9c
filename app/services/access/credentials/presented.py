"""Whose credential somebody presents at a gate, and why it cannot be taken."""

from dataclasses import dataclass

from app.core.credentials.badge import Badge
from app.core.credentials.formats import Misread, decode, last_four, typed
from app.core.credentials.stored import CredentialKind
from app.core.errors import BadInput
from app.core.events.decision import UsedCredential
from app.core.gates.gate import Gate
from app.core.ports.store import Transaction
from app.core.types import Employee, Reason


@dataclass(frozen=True)
class Presented:
    """A credential at a gate.

    Attributes:
        badge: None where the text is none. A QR pass counts as one whose bits are its id.
        used: what the event says of it.
        holder: as the database has them now.
        refused: why nobody can be its holder.
        awaits_face: whether the gate opens once it sees the holder.
        once: the id of a pass that is used up if its holder goes in now.
    """

    badge: Badge | None = None
    used: UsedCredential | None = None
    holder: Employee | None = None
    refused: Reason | None = None
    awaits_face: bool = False
    once: str | None = None

    @property
    def by_qr(self) -> bool:
        return self.used is not None and self.used.kind is CredentialKind.QR

    @property
    def unknown(self) -> bool:
        """Whether it was read well, and nobody has it."""
        return self.badge is not None and self.holder is None and self.refused is None and not self.by_qr


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
