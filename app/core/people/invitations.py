"""A link by which a person enrols from their own phone: single-use, with an end, revocable, stored as a hash."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from app.core.errors import BadInput

LASTS = timedelta(days=7)
LONGEST = timedelta(days=30)
MOST_PHOTOS = 3
MOST_TRIES = 10  # uploads by one link
MOST_AT_ONCE = 500  # people invited by one call


class InvitationState(StrEnum):
    """WAITING for the person, who then either enrols (DONE) or prefers a card (DECLINED). An admin can revoke it."""

    WAITING = "waiting"
    DONE = "done"
    DECLINED = "declined"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Invitation:
    """One link.

    Attributes:
        hash: of its token, in hex.
        actor: who made it.
        tries: uploads so far.
        consent: the text that the person agreed to; None before.
        consented_at, answered_at: None before.
    """

    id: str
    employee_id: str
    hash: str
    actor: str
    created_at: datetime
    ends_at: datetime
    state: InvitationState = InvitationState.WAITING
    tries: int = 0
    consent: str | None = None
    consented_at: datetime | None = None
    answered_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        return self.state is InvitationState.WAITING and now < self.ends_at

    @property
    def consent_version(self) -> str | None:
        """Identifies the text that was agreed to."""
        return version_of(self.consent) if self.consent else None


class Invitations(Protocol):
    """The stored invitations; part of `ports.Transaction`."""

    def add(self, what: Invitation) -> None: ...
    def get(self, invitation_id: str, *, for_update: bool = False) -> Invitation | None: ...
    def by_hash(self, hash_hex: str) -> Invitation | None: ...
    def of(self, employee_id: str) -> list[Invitation]:
        """Returns those of a person, newest first."""
        ...

    def put(self, what: Invitation) -> None:
        """Replaces the stored one."""
        ...

    def revoke_waiting(self, at: datetime) -> int:
        """Revokes whatever nobody has answered, and returns how many those were."""
        ...


def version_of(text: str) -> str:
    """Identifies a text of consent."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def lasting(days: int) -> timedelta:
    """How long a link for so many days works. Raises BadInput."""
    if not 1 <= days <= LONGEST.days:
        raise BadInput("bad_days", f"A link works for 1 to {LONGEST.days} days.")
    return timedelta(days=days)
