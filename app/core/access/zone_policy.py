"""What a zone asks of those who enter it: anti-passback, and how many people it holds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.core.access.time_zones import instant
from app.core.errors import BadInput

FORGIVE_AFTER_H = 12
MOST_PEOPLE = 100_000
MOST_TIMED_MIN = 24 * 60
MOST_FORGIVE_H = 14 * 24
DAY_MIN = 24 * 60


class AntiPassback(StrEnum):
    """What happens when somebody enters a zone who is inside already.

    OFF: nothing. SOFT: they are let in, and the event notes it. HARD: they are refused. TIMED: they are refused for
    some minutes after entering.
    """

    OFF = "off"
    SOFT = "soft"
    HARD = "hard"
    TIMED = "timed"


@dataclass(frozen=True)
class ZonePolicy:
    """What is asked of those who enter a zone. Leaving it is never refused.

    Attributes:
        timed_min: how many minutes TIMED refuses; None for the other modes.
        forgive_after_h: where somebody is counts as unknown after so many hours; 0: never.
        daily_reset_min: minutes after midnight on the zone's clock at which everybody inside becomes unknown.
        exempt_groups: ids of groups whose members are not checked.
        limit: the most people inside, those who were just let in among them; None: no limit.

    Raises:
        BadInput: a value is out of bounds.
    """

    anti_passback: AntiPassback = AntiPassback.SOFT
    timed_min: int | None = None
    forgive_after_h: int = FORGIVE_AFTER_H
    daily_reset_min: int | None = None
    exempt_groups: frozenset[str] = frozenset()
    limit: int | None = None

    def __post_init__(self) -> None:
        timed = self.anti_passback is AntiPassback.TIMED
        if not timed and self.timed_min is not None:
            raise BadInput("bad_timed_minutes", "Minutes are only for timed anti-passback.")
        if (timed and self.timed_min is None) or not _within(self.timed_min, 1, MOST_TIMED_MIN):
            raise BadInput("bad_timed_minutes", f"Timed anti-passback lasts 1 to {MOST_TIMED_MIN} minutes.")
        if not 0 <= self.forgive_after_h <= MOST_FORGIVE_H:
            raise BadInput("bad_forgive_after", f"A zone forgives after 1 to {MOST_FORGIVE_H} hours, or never: 0.")
        if not _within(self.daily_reset_min, 0, DAY_MIN - 1):
            raise BadInput("bad_daily_reset", "The daily reset is a time of day, such as 04:00.")
        if not _within(self.limit, 1, MOST_PEOPLE):
            raise BadInput("bad_limit", f"A zone's limit is 1 to {MOST_PEOPLE} people, or none.")

    def forgets(self, since: datetime, now: datetime, clock: ZoneInfo) -> bool:
        """Whether somebody who is inside since then counts as unknown. clock: the zone's."""
        if self.forgive_after_h and now - since >= timedelta(hours=self.forgive_after_h):
            return True
        reset = self.last_reset(now, clock)
        return reset is not None and since < reset

    def last_reset(self, now: datetime, clock: ZoneInfo) -> datetime | None:
        """The last daily reset at or before this instant; None without one."""
        if self.daily_reset_min is None:
            return None
        today = now.astimezone(clock).date()
        at = instant(today, self.daily_reset_min, clock)
        return at if at <= now else instant(today - timedelta(days=1), self.daily_reset_min, clock)

    def refuses_again(self, since: datetime, now: datetime) -> bool:
        """Whether somebody who is inside since then is refused when they enter again."""
        if self.timed_min is not None:
            return now - since < timedelta(minutes=self.timed_min)
        return self.anti_passback is AntiPassback.HARD


def _within(value: int | None, least: int, most: int) -> bool:
    return value is None or least <= value <= most


DEFAULT_POLICY = ZonePolicy()
