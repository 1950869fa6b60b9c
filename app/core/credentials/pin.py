"""A PIN: it confirms who somebody is and never identifies. Wrong ones lock it at the gate, for longer each time."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.errors import BadInput

ISSUED_DIGITS = 6
LEAST_DIGITS, MOST_DIGITS = 4, 12
PIN_WITHIN = timedelta(seconds=5)  # of the badge or face, to its first digit
MOST_TYPING = timedelta(seconds=15)  # from the first digit to the last
WRONG_FREE = 5
FIRST_LOCK = timedelta(seconds=30)
LONGEST_LOCK = timedelta(hours=1)
FORGOTTEN = timedelta(hours=24)
_DIGITS = re.compile(f"[0-9]{{{LEAST_DIGITS},{MOST_DIGITS}}}", re.ASCII)
_UP = "01234567890123456789"


@dataclass(frozen=True, slots=True)
class TypedPin:
    """What somebody typed at a keypad. took: from the first digit to the last.

    Its text never shows the digits. Raises BadInput('bad_pin').
    """

    digits: str
    took: timedelta = timedelta()

    def __post_init__(self) -> None:
        if not _DIGITS.fullmatch(self.digits):
            raise BadInput("bad_pin", f"A PIN has {LEAST_DIGITS} to {MOST_DIGITS} digits.")
        if not timedelta() <= self.took <= MOST_TYPING:
            raise BadInput("bad_pin", f"A PIN is typed within {MOST_TYPING.seconds} seconds.")

    def __repr__(self) -> str:
        return "TypedPin(...)"


class PinCheck(StrEnum):
    """What was found about a typed PIN. DURESS: the holder is forced to open; nobody at the gate may notice."""

    RIGHT = "right"
    DURESS = "duress"
    WRONG = "wrong"
    LOCKED = "locked"

    @property
    def confirms(self) -> bool:
        return self in (PinCheck.RIGHT, PinCheck.DURESS)


@dataclass(frozen=True, slots=True)
class PinTries:
    """Wrong tries of one PIN at one gate since the last right one, and when the last was."""

    wrong: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class CheckedPin:
    """What was found about a typed PIN.

    Attributes:
        credential_id: of the holder's PIN; None where they have none.
        tries: wrong ones at this gate before this.
    """

    check: PinCheck
    credential_id: str | None = None
    tries: PinTries | None = None


def locked_until(tries: PinTries | None) -> datetime | None:
    """Returns when the PIN may be tried again; None for now.

    The fifth wrong try locks it for 30 s, each further one for twice as long, up to an hour.
    """
    if tries is None or tries.wrong < WRONG_FREE:
        return None
    # Bound the exponent before taking the power: whoever guesses chooses the count.
    doublings = min(tries.wrong - WRONG_FREE, 10)
    return tries.last_at + min(FIRST_LOCK * (1 << doublings), LONGEST_LOCK)


def one_more(tries: PinTries | None, now: datetime) -> PinTries:
    """Adds one wrong try; tries more than a day old are forgotten."""
    if tries is None or now - tries.last_at > FORGOTTEN:
        return PinTries(1, now)
    # A clock that was set back must not shorten a lock.
    return PinTries(tries.wrong + 1, max(now, tries.last_at))


def is_obvious(digits: str) -> bool:
    """Whether it is what people guess first: one digit again and again, or digits in a row."""
    return len(set(digits)) == 1 or digits in _UP or digits[::-1] in _UP
