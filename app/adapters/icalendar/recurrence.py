"""When an event of a calendar file comes again: on a day of every year, or on dates in a span of years."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from dateutil import rrule
from icalendar import vRecur

from app.core.errors import BadInput

FREQUENCIES: dict[str, Any] = {
    "YEARLY": rrule.YEARLY,
    "MONTHLY": rrule.MONTHLY,
    "WEEKLY": rrule.WEEKLY,
    "DAILY": rrule.DAILY,
}
PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "WKST"})
# What each frequency may say besides: such a rule comes at least once in eight years, so that looking for its next date
# ends. A rule such as 30 February would be searched for until the year 9999.
BESIDES = {
    "YEARLY": ({"BYMONTH"}, {"BYMONTH", "BYMONTHDAY"}, {"BYMONTH", "BYDAY"}, {"BYDAY"}),
    "MONTHLY": ({"BYMONTHDAY"}, {"BYDAY"}),
    "WEEKLY": ({"BYDAY"},),
    "DAILY": (),
}
SAFE_MONTH_DAYS = frozenset(n for n in range(-28, 29) if n)
SAFE_NTH = frozenset({None, 1, 2, 3, 4, -1, -2, -3, -4})
EARLIEST = 1970  # an event that began before, and does not come every year on its date, is not followed up to now
MOST_STEPS = 20_000  # for all events of a file; 0.1 s


class NotReadable(Exception):
    """The recurrence is of a kind that is not read; the message says why, for the event's line in the report."""


@dataclass
class Recurrences:
    """Reads the recurrences of one file. first, last: the dates between which they are searched."""

    first: date
    last: date
    _steps: int = 0

    def dates(self, start: date, recur: vRecur) -> Iterator[date]:
        """The dates on which an event comes, its first one too. Raises NotReadable; BadInput for too many in a file."""
        if start.year < EARLIEST:
            raise NotReadable(f"it repeats since {start.year}, and dates before {EARLIEST} are not followed")
        rule = _rule(start, recur, self.last)
        if start >= self.first:
            yield start
        for at in rule:
            self._steps += 1
            if self._steps > MOST_STEPS:
                raise BadInput("bad_calendar_file", "The events of this file repeat too often. Send single dates.")
            if at.date() > self.last:
                return
            if at.date() >= self.first and at.date() != start:
                yield at.date()


def every_year(start: date, recur: vRecur) -> bool:
    """Whether a recurrence means the date of its start in every year, without an end."""
    parts = {key.upper(): value for key, value in recur.items()}
    return (
        parts.pop("FREQ", None) == ["YEARLY"]
        and parts.pop("INTERVAL", [1]) == [1]
        and [int(month) for month in parts.pop("BYMONTH", [start.month])] == [start.month]
        and parts.pop("BYMONTHDAY", [start.day]) == [start.day]
        and not parts.keys() - {"WKST"}
    )


def _rule(start: date, recur: vRecur, last: date) -> rrule.rrule:
    parts = {key.upper(): value for key, value in recur.items()}
    frequency = str(parts.get("FREQ", [""])[0]).upper()
    if frequency not in FREQUENCIES or parts.keys() - PARTS:
        raise NotReadable("its recurrence is of a kind that is not read")
    by = {key for key in parts if key.startswith("BY")}
    if by and by not in BESIDES[frequency]:
        raise NotReadable("its recurrence is of a kind that is not read")
    days = [(day.weekday, day.relative) for day in parts.get("BYDAY", [])]
    nth = {relative for _, relative in days}
    in_year = frequency == "YEARLY" and "BYMONTH" not in by
    if not set(parts.get("BYMONTHDAY", [])) <= SAFE_MONTH_DAYS or (not nth <= SAFE_NTH and not in_year):
        raise NotReadable("it names a day that not every month has")
    if "BYMONTH" in by and "BYMONTHDAY" not in by and not days and start.day > max(SAFE_MONTH_DAYS):
        raise NotReadable("it names a day that not every month has")
    if in_year and any(relative is not None and not 1 <= abs(relative) <= 52 for relative in nth):
        raise NotReadable("it names a day that not every year has")
    until = parts.get("UNTIL", [None])[0]
    try:
        return rrule.rrule(
            FREQUENCIES[frequency],
            dtstart=datetime.combine(start, time()),
            interval=max(1, int(parts.get("INTERVAL", [1])[0])),
            count=parts["COUNT"][0] if "COUNT" in parts else None,
            until=None if "COUNT" in parts else _end(until, last),
            wkst=getattr(rrule, str(parts.get("WKST", ["MO"])[0])),
            bymonth=[int(month) for month in parts.get("BYMONTH", [])] or None,
            bymonthday=parts.get("BYMONTHDAY") or None,
            byweekday=[getattr(rrule, weekday)(relative) for weekday, relative in days] or None,
        )
    except (ValueError, TypeError, AttributeError, OverflowError) as e:
        raise NotReadable("its recurrence is of a kind that is not read") from e


def _end(until: date | None, last: date) -> datetime:
    given = until.date() if isinstance(until, datetime) else until
    return datetime.combine(min(given or last, last), time()) + timedelta(hours=23)
