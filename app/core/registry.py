"""What an admin may write about an employee or gate: one place that checks text before it is stored or shown."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime

from app.core.errors import BadInput
from app.core.types import Status

NAME_CHARS = 200
NUMBER = re.compile(r"[^\s](?:.{0,62}[^\s])?")
GATE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LONGEST_OPEN_MS = 60_000
CARD_NUMBER = re.compile(r"[0-9]{1,20}")
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")

# Control, surrogate, private and unassigned characters, line and paragraph separators.
HIDDEN = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
OVERRIDES = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@dataclass(frozen=True)
class Details:
    """What is known of an employee, checked on construction. Raises BadInput naming the field and the rule."""

    number: str
    name: str
    status: Status = Status.ACTIVE
    email: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    groups: tuple[str, ...] = field(default=())
    legal_basis: str | None = None
    consent_at: datetime | None = None
    card_number: str | None = None

    def __post_init__(self) -> None:
        plain_text("number", self.number, 64)
        if not NUMBER.fullmatch(self.number):
            raise BadInput("bad_number", "A number has 1 to 64 characters and neither begins nor ends with a space.")
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
        for name in ("valid_from", "valid_until", "consent_at"):
            moment: datetime | None = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise BadInput(f"bad_{name}", f"{name} needs a time zone, such as 2026-11-23T08:00:00Z.")
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise BadInput("bad_valid_until", "valid_until lies before valid_from.")


# Letters that are no base letter with an accent to take off.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "\u0131": "i"})


def folded(text: str) -> str:
    """What a search compares: without case and accents, so that "eva sorensen" finds "Éva Sørensen"."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in letters if not unicodedata.combining(c)).translate(_PLAIN)


def gate_name(name: str) -> str:
    """The name if it can stand in an address. Raises BadInput."""
    if not GATE_NAME.fullmatch(name):
        raise BadInput("bad_gate_name", "A gate's name has 1 to 64 letters, digits, dots, dashes or underscores.")
    return name


def plain_text(name: str, value: str, most: int) -> None:
    """Raises BadInput, naming the field, for what is empty, too long or cannot be shown as it is."""
    if len(value) > most:
        raise BadInput(f"bad_{name}", f"{name} is {len(value)} characters long; at most {most} are kept.")
    # Bidirectional overrides and line separators disguise a name in a log.
    categories = [unicodedata.category(c) for c in value]
    if HIDDEN.intersection(categories) or any(unicodedata.bidirectional(c) in OVERRIDES for c in value):
        raise BadInput(f"bad_{name}", f"{name} contains control characters; send plain text.")
    # Spaces and zero-width characters alone show nothing.
    if not any(category[0] in "LNPS" for category in categories):
        raise BadInput(f"bad_{name}", f"{name} must not be empty.")


def open_ms(value: int) -> int:
    """How long a gate stays open for one person, if that is sensible. Raises BadInput."""
    if not 500 <= value <= LONGEST_OPEN_MS:
        raise BadInput("bad_open_ms", f"A gate opens for 500 to {LONGEST_OPEN_MS} milliseconds.")
    return value


def held_after_ms(value: int) -> int:
    """How long a door may be open before it counts as held, if that is sensible. Raises BadInput."""
    if not 1000 <= value <= 3_600_000:
        raise BadInput("bad_held_after_ms", "A door counts as held after 1000 to 3600000 milliseconds.")
    return value
