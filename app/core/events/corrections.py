"""Corrections: people state later that an event shows somebody else. The event itself never changes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from app.core.canonical import canonical, instant
from app.core.events.chain import commitment


class CorrectionKind(StrEnum):
    """NOT_THIS_PERSON: the event does not show the person it names. WAS: the person the event does show."""

    NOT_THIS_PERSON = "not_this_person"
    WAS = "was"


class Verifier(Protocol):
    """The half of `ports.Signer` that corrections need."""

    def verify(self, message: bytes, signature: str) -> bool: ...


@dataclass(frozen=True)
class Correction:
    """One statement about one event, signed by the installation.

    `actor` is a user or key id. `employee_id` and `nonce` are the personal part. Erasing the employee empties both; the
    signature still verifies because it covers only their commitment.
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
        """Canonical JSON of the permanent part. Raises ValueError if the time has no zone."""
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
        """Whether the signature verifies and the personal part is intact or erased."""
        return self.whole and signer.verify(self.signed_part, self.signature)

    @property
    def whole(self) -> bool:
        """Whether the personal part is erased, or is the one that was signed."""
        if self.employee_id is None or self.nonce is None:
            return self.employee_id is None and self.nonce is None
        return committed(self.employee_id, self.nonce) == self.commitment


def committed(employee_id: str, nonce: str) -> str:
    """Hex SHA-256 commitment to the personal part of a correction."""
    return commitment(canonical({"employee_id": employee_id, "nonce": nonce}))
