"""A person's credentials as they are stored, and what a gate waits for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat
from app.core.credentials.pin import PinTries

MOST_OF_ONE = 10  # badges of a person
FACE_WITHIN = timedelta(seconds=5)  # of the badge, where both are asked for
OFFERED_FOR = timedelta(minutes=2)  # how long an unknown badge can be given to somebody


class CredentialKind(StrEnum):
    """BADGE says who somebody is. PIN confirms it; DURESS_PIN does too, and raises a silent alarm."""

    BADGE = "badge"
    QR = "qr"
    PIN = "pin"
    DURESS_PIN = "duress_pin"

    @property
    def is_pin(self) -> bool:
        return self in (CredentialKind.PIN, CredentialKind.DURESS_PIN)


@dataclass(frozen=True)
class Credential:
    """One credential of a person.

    Attributes:
        card_format: in which its number is shown.
        sealed: what is presented, under the person's key. Of a PIN nothing: only its digest is kept.
        actor: who gave it to them.
        starts_at, ends_at: of a QR pass; the end does not belong to it.
        once: it lets its holder in once.
        places: of a QR pass, as its token names them, in hex.
        used_by, used_at: the event that let its holder in with it once, and when they went in; None before.
    """

    id: str
    employee_id: str
    kind: CredentialKind
    card_format: CardFormat
    sealed: bytes
    actor: str
    created_at: datetime
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    once: bool | None = None
    places: str | None = None
    used_by: str | None = None
    used_at: datetime | None = None


@dataclass(frozen=True)
class BadgeRead:
    """The last badge at a gate that nobody has; or, with a credential_id, one that awaits its holder's face."""

    gate_id: str
    at: datetime
    badge: Badge
    credential_id: str | None = None


@dataclass(frozen=True)
class PinWait:
    """Somebody a gate has recognised, who still has to type their PIN.

    Attributes:
        event_id: of the answer that asked for the PIN.
        credential_id: of the badge that said who they are; None for their face.
        read: its bits as they were read.
        last_four: the end of its number.
        similarity, threshold: of their face.
        faces: the most in one frame.
    """

    gate_id: str
    at: datetime
    employee_id: str
    event_id: str
    credential_id: str | None = None
    read: str = ""
    last_four: str = ""
    similarity: float | None = None
    threshold: float | None = None
    faces: int = 0


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
        """Returns the ids of the people who have a badge or QR pass."""
        ...

    def any_pass(self, after: datetime) -> bool:
        """Whether there is a QR pass that ends after an instant."""
        ...

    def delete(self, credential_id: str) -> None: ...
    def extend(self, credential_id: str, ends_at: datetime) -> None:
        """Moves the end of a pass. Its code then says another end; an earlier code keeps its own."""
        ...

    def reserve(self, credential_id: str, event_id: str, used_at: datetime | None) -> None:
        """Notes the opening that uses a pass up: at once, or with used_at None once somebody went through."""
        ...

    def use_up(self, event_ids: Collection[str], at: datetime) -> None:
        """Notes that somebody went through after these openings."""
        ...

    def give_back(self, event_id: str, *, assumed: bool) -> None:
        """Forgets the use of a pass by an opening that never came about. assumed: only if no sensor would report it."""
        ...


class BadgeReads(Protocol):
    """The last such read of each gate."""

    def put(self, read: BadgeRead) -> None: ...
    def of(self, gate_id: str) -> BadgeRead | None: ...
    def any_before(self, before: datetime) -> bool: ...
    def forget(self, *, gate_id: str | None = None, before: datetime | None = None) -> None:
        """Removes the read of a gate, or every read from before an instant."""
        ...


class PinWaits(Protocol):
    """The person whose PIN each gate waits for."""

    def put(self, wait: PinWait) -> None: ...
    def of(self, gate_id: str) -> PinWait | None: ...
    def any_before(self, before: datetime) -> bool: ...
    def forget(self, *, gate_id: str | None = None, before: datetime | None = None) -> None:
        """Removes that of a gate, or every one from before an instant."""
        ...


class PinTallies(Protocol):
    """Wrong tries, by PIN and gate. Whoever writes holds the lock of the employee's row."""

    def of(self, credential_id: str, gate_id: str) -> PinTries | None:
        """Raises CryptoFault for a row that was altered: a PIN must not be unlocked by that."""
        ...

    def put(self, credential_id: str, gate_id: str, tries: PinTries) -> None: ...
    def forget(self, credential_id: str, gate_id: str) -> None: ...
