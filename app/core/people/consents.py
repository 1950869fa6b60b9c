"""A person's consent to being recognised by their face: what they agreed to, when and how, and whether it stands."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from app.core.people.invitations import version_of


class ConsentHow(StrEnum):
    """LINK: the person did it themselves, by their self-enrolment link. RECORDED: somebody wrote down what they said.

    DATED: only the day is known, from a form or an import that gave `consent_at`.
    """

    LINK = "link"
    RECORDED = "recorded"
    DATED = "dated"


@dataclass(frozen=True)
class Consent:
    """One consent. It stands until it is withdrawn, and goes with the person.

    Attributes:
        given_on: The day, on the site's clock.
        recorded_at: When the record was made.
        actor: Who recorded it, the id of a key or user; None for the person themselves or a command.
        text: What was agreed to; None where only the day is known.
        language: Of the text, such as "en".
        withdrawn_by: As `actor`.
        erased_photos: How many photos the withdrawal erased.
    """

    id: str
    employee_id: str
    given_on: date
    recorded_at: datetime
    how: ConsentHow
    actor: str | None = None
    text: str | None = None
    language: str | None = None
    withdrawn_at: datetime | None = None
    withdrawn_how: ConsentHow | None = None
    withdrawn_by: str | None = None
    erased_photos: int | None = None

    @property
    def stands(self) -> bool:
        return self.withdrawn_at is None

    @property
    def version(self) -> str | None:
        """Identifies the text."""
        return version_of(self.text) if self.text else None


class Consents(Protocol):
    """The stored consents; part of `ports.Transaction`."""

    def add(self, consent: Consent) -> None: ...
    def of(self, employee_id: str) -> list[Consent]:
        """Returns those of a person, newest first."""
        ...

    def put(self, consent: Consent) -> None:
        """Replaces the stored one."""
        ...
