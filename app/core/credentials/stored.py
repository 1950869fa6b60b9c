"""A person's credentials as they are stored, and the last badge that a gate could do nothing with."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat

MOST_OF_ONE = 10  # credentials of a person
FACE_WITHIN = timedelta(seconds=5)  # of the badge, where both are asked for
OFFERED_FOR = timedelta(minutes=2)  # how long an unknown badge can be given to somebody


class CredentialKind(StrEnum):
    BADGE = "badge"


@dataclass(frozen=True)
class Credential:
    """One credential of a person.

    Attributes:
        card_format: in which its number is shown.
        sealed: what is presented, under the person's key.
        actor: who gave it to them.
    """

    id: str
    employee_id: str
    kind: CredentialKind
    card_format: CardFormat
    sealed: bytes
    actor: str
    created_at: datetime


@dataclass(frozen=True)
class BadgeRead:
    """The last badge at a gate that nobody has; or, with a credential_id, one that awaits its holder's face."""

    gate_id: str
    at: datetime
    badge: Badge
    credential_id: str | None = None


class Credentials(Protocol):
    """The stored credentials. Whoever changes those of a person holds the lock of the employee's row."""

    def add(self, credential: Credential, presented: str) -> None:
        """Raises Conflict('credential_taken') where somebody has the same. presented: what finds it."""
        ...

    def get(self, credential_id: str) -> Credential | None: ...
    def presented(self, kind: CredentialKind, presented: str) -> Credential | None: ...
    def of(self, employee_id: str) -> list[Credential]:
        """Returns those of a person, oldest first."""
        ...

    def holders(self) -> set[str]:
        """Returns the ids of the people who have one."""
        ...

    def delete(self, credential_id: str) -> None: ...


class BadgeReads(Protocol):
    """The last such read of each gate."""

    def put(self, read: BadgeRead) -> None: ...
    def of(self, gate_id: str) -> BadgeRead | None: ...
    def any_before(self, before: datetime) -> bool: ...
    def forget(self, *, gate_id: str | None = None, before: datetime | None = None) -> None:
        """Removes the read of a gate, or every read from before an instant."""
        ...
