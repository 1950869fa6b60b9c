"""Corrections: people state later that an event shows somebody else. The event itself never changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from app.core.canonical import canonical, instant
from app.core.events.chain import commitment


class CorrectionKind(StrEnum):
    """NOT_THIS_PERSON: the event does not show the person it names. WAS: the person the event does show.

    The others settle such a statement: WITHDRAWN by whoever made it, or ACCEPTED or DISMISSED by an admin.
    """

    NOT_THIS_PERSON = "not_this_person"
    WAS = "was"
    WITHDRAWN = "withdrawn"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"


STATEMENTS = frozenset({CorrectionKind.NOT_THIS_PERSON, CorrectionKind.WAS})
TAKEN_BACK = frozenset({CorrectionKind.WITHDRAWN, CorrectionKind.DISMISSED})


class Verifier(Protocol):
    """The half of `ports.Signer` that corrections need."""

    def verify(self, message: bytes, signature: str) -> bool: ...


@dataclass(frozen=True)
class Correction:
    """One statement about one event, or what settles it, signed by the installation.

    `actor` is a user or key id. `employee_id`, `nonce` and `comment` are the personal part. Erasing the employee
    empties them; the signature still verifies because it covers only their commitment. `about` is the id of the
    statement that this settles; None for a statement.
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
    about: str | None = None
    comment: str | None = None

    @property
    def signed_part(self) -> bytes:
        """Canonical JSON of the permanent part. Raises ValueError if the time has no zone."""
        settles = {} if self.about is None else {"v": 2, "about": self.about}
        return canonical(
            {
                "v": 1,
                "id": self.id,
                "event_id": self.event_id,
                "at": instant(self.at),
                "by": self.actor,  # signed under this name since the first version
                "kind": self.kind.value,
                "commitment": self.commitment,
                **settles,
            }
        )

    def signed_by(self, signer: Verifier) -> bool:
        """Whether the signature verifies and the personal part is intact or erased."""
        return self.whole and signer.verify(self.signed_part, self.signature)

    @property
    def whole(self) -> bool:
        """Whether the personal part is erased, or is the one that was signed."""
        if self.employee_id is None or self.nonce is None:
            return self.employee_id is None and self.nonce is None and self.comment is None
        return committed(self.employee_id, self.nonce, self.comment) == self.commitment


def standing(made: Iterable[Correction]) -> list[Correction]:
    """Returns the statements that nobody took back. made: with whatever settles them."""
    made = list(made)
    taken_back = {one.about for one in made if one.kind in TAKEN_BACK}
    return [one for one in made if one.kind in STATEMENTS and one.id not in taken_back]


def committed(employee_id: str, nonce: str, comment: str | None = None) -> str:
    """Hex SHA-256 commitment to the personal part of a correction."""
    said = {} if comment is None else {"comment": comment}
    return commitment(canonical({"employee_id": employee_id, "nonce": nonce, **said}))
