"""How long somebody has to wait after wrong passwords: longer each time, never for ever."""

from dataclasses import dataclass
from datetime import datetime, timedelta

FREE_A_NAME = 5  # people mistype
FREE_AN_ADDRESS = 20  # an office shares one
LONGEST = timedelta(minutes=15)
FORGOTTEN = timedelta(hours=24)


@dataclass(frozen=True)
class Tally:
    """Wrong attempts in a row, and when the last one was."""

    wrong: int
    last_at: datetime


def free_at(tally: Tally | None, free: int) -> datetime | None:
    """When the next attempt is looked at; None: at once. `free` wrong ones cost nothing, then 2, 4, 8 s and so on."""
    if tally is None or tally.wrong < free:
        return None
    # The exponent is bounded before the power is taken: the count is an attacker's to choose.
    return tally.last_at + min(timedelta(seconds=2 ** min(tally.wrong - free + 1, 20)), LONGEST)


def one_more(tally: Tally | None, now: datetime) -> Tally:
    """The tally with one more wrong attempt; after a day the old ones are forgotten."""
    if tally is None or now - tally.last_at > FORGOTTEN:
        return Tally(1, now)
    return Tally(tally.wrong + 1, now)
