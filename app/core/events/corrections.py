"""What people say of an event afterwards: that it was not this person, or who it was. The event never changes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from app.core.events.chain import canonical, commitment, instant


class CorrectionKind(StrEnum):
    """NOT_THIS_PERSON: whom the event names, it does not show. WAS: whom it shows."""

    NOT_THIS_PERSON = "not_this_person"
    WAS = "was"


class Verifier(Protocol):
    """The half of `ports.Signer` that is needed here."""

    def verify(self, message: bytes, signature: str) -> bool: ...


@dataclass(frozen=True)
class Correction:
    """One statement on one event, signed by the installation.

    actor: the id of the user or key. employee_id and nonce are the personal part. Erasing the employee empties both;
    the signature covers them by the commitment only, and still holds.
    """

    id: str
    event_id: str
    at: datetime
    actor: str
    kind: CorrectionKind
    commitment: str
    signature: str = ""
    employee_id: str | None = None
    nonce: str | None = None

    @property
    def signed_part(self) -> bytes:
        """Canonical JSON of what stays for ever. Raises ValueError for a time without a zone."""
        return canonical(
            {
                "v": 1,
                "id": self.id,
                "event_id": self.event_id,
                "at": instant(self.at),
                "by": self.actor,  # signed under this name since the first version
                "kind": self.kind.value,
                "commitment": self.commitment,
            }
        )

    def signed_by(self, signer: Verifier) -> bool:
        """Whether it is as this installation signed it."""
        return self.whole and signer.verify(self.signed_part, self.signature)

    @property
    def whole(self) -> bool:
        """Whether the personal part, where it is still there, is the one that was signed."""
        if self.employee_id is None or self.nonce is None:
            return self.employee_id is None and self.nonce is None
        return committed(self.employee_id, self.nonce) == self.commitment


def committed(employee_id: str, nonce: str) -> str:
    return commitment(canonical({"employee_id": employee_id, "nonce": nonce}))
