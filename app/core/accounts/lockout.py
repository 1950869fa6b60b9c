"""How long somebody waits after wrong passwords: longer each time, but never for ever."""

from dataclasses import dataclass
from datetime import datetime, timedelta

FREE_A_NAME = 5  # people mistype
FREE_AN_ADDRESS = 20  # an office shares one
LONGEST = timedelta(minutes=15)
FORGOTTEN = timedelta(hours=24)


@dataclass(frozen=True)
class Tally:
    """Consecutive wrong attempts, and the time of the last one."""

    wrong: int
    last_at: datetime


def free_at(tally: Tally | None, free: int) -> datetime | None:
    """Returns when the next attempt is allowed; None means now.

    The first `free` wrong attempts cost nothing; later ones cost 2, 4, 8 s and so on, up to LONGEST.
    """
    if tally is None or tally.wrong < free:
        return None
    # Bound the exponent before taking the power, because an attacker chooses the count.
    return tally.last_at + min(timedelta(seconds=2 ** min(tally.wrong - free + 1, 20)), LONGEST)


def one_more(tally: Tally | None, now: datetime) -> Tally:
    """Adds one wrong attempt; attempts more than a day old are forgotten."""
    if tally is None or now - tally.last_at > FORGOTTEN:
        return Tally(1, now)
    return Tally(tally.wrong + 1, now)
