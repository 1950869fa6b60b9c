"""Checks what an admin writes about an employee before it is stored or shown."""

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from app.core.errors import BadInput
from app.core.text import EMAIL, plain_text
from app.core.types import Employee, Status

NAME_CHARS = 200
NUMBER = re.compile(r"[^\s](?:.{0,62}[^\s])?")
CARD_NUMBER = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True)
class Details:
    """The details of an employee, checked on construction. Raises BadInput, which names the field and the rule.

    A date is a whole day on the clock of the gate that decides; `valid_until` is the last day.
    """

    number: str
    name: str
    status: Status = Status.ACTIVE
    email: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    groups: tuple[str, ...] = field(default=())
    legal_basis: str | None = None
    consent_at: date | None = None
    card_number: str | None = None

    @classmethod
    def of(cls, employee: Employee, **changed: Any) -> "Details":
        """Returns the stored details of an employee, changed in some fields. Raises BadInput."""
        return cls(**{name: getattr(employee, name) for name in cls.__dataclass_fields__} | changed)

    def __post_init__(self) -> None:
        plain_text("number", self.number, 64)
        if not NUMBER.fullmatch(self.number):
            raise BadInput("bad_number", "A number has 1 to 64 characters and does not begin or end with a space.")
        plain_text("name", self.name, NAME_CHARS)
        if self.email is not None:
            plain_text("email", self.email, 320)
            if not EMAIL.fullmatch(self.email):
                raise BadInput("bad_email", "The e-mail address needs the form name@domain.")
        if len(self.groups) > 50:
            raise BadInput("bad_groups", "An employee can be in at most 50 groups.")
        for group in self.groups:
            plain_text("groups", group, 64)
        if self.legal_basis is not None:
            plain_text("legal_basis", self.legal_basis, NAME_CHARS)
        if self.card_number is not None and not CARD_NUMBER.fullmatch(self.card_number):
            raise BadInput("bad_card_number", "A card number has 1 to 20 decimal digits.")
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise BadInput("bad_valid_until", "valid_until is before valid_from.")


def fields_of(details: Details) -> dict[str, Any]:
    return {name: getattr(details, name) for name in details.__dataclass_fields__}


def amended(before: Employee, details: Details, now: datetime) -> Employee:
    """The employee with these details. Whoever is deactivated by them is inactive since now."""
    since = None
    if details.status is Status.INACTIVE:
        since = before.inactive_since if before.status is Status.INACTIVE else now
    return replace(before, **fields_of(details), inactive_since=since)
