"""When a rule holds: windows of a week, and calendars that replace them on their dates.

A window is half-open and belongs to the date on which it starts, on the gate's wall clock. A night shift is one window.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise

from app.core.errors import BadInput
from app.core.text import plain_text

DAY_MIN = 24 * 60
WEEK_MIN = 7 * DAY_MIN
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NAME_CHARS = 100
MOST_WINDOWS = 100
MOST_DAYS = 4000
YEARLY = 2000  # a leap year, so that 29 February can be written


@dataclass(frozen=True, order=True)
class Hours:
    """A time of day and how long it lasts, in minutes; the end does not belong to it. Raises BadInput."""

    start_min: int
    length_min: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_min < DAY_MIN:
            raise BadInput("bad_window", "A window starts between 00:00 and 23:59.")
        if not 0 < self.length_min <= DAY_MIN:
            raise BadInput("bad_window", "A window is longer than nothing and at most 24 hours long.")

    def __str__(self) -> str:
        return f"{clock(self.start_min)}-{clock(self.end_min)}"

    @property
    def end_min(self) -> int:
        """Minutes after midnight of the date on which it starts; up to 48 hours."""
        return self.start_min + self.length_min


@dataclass(frozen=True, order=True)
class Window:
    """Hours on days of the week (0 is Monday). Raises BadInput."""

    weekdays: tuple[int, ...]
    hours: Hours

    def __post_init__(self) -> None:
        if not self.weekdays:
            raise BadInput("bad_window", "A window needs at least one day of the week.")
        if list(self.weekdays) != sorted(set(self.weekdays) & set(range(7))):
            raise BadInput("bad_window", "The days of a window are in the order of the week, each at most once.")

    def __str__(self) -> str:
        return f"{' '.join(WEEKDAYS[day] for day in self.weekdays)} {self.hours}"


@dataclass(frozen=True, order=True)
class CalendarDay:
    """One date, or the same day of every year; then the year is YEARLY. 29 February comes only in leap years.

    name: what people call the day, such as Good Friday; it decides nothing. Raises BadInput for a bad one.
    """

    date: date
    yearly: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        if self.name:
            plain_text("name", self.name, NAME_CHARS)
        if self.yearly:
            object.__setattr__(self, "date", self.date.replace(year=YEARLY))

    @property
    def when(self) -> tuple[int, bool]:
        """What makes it another day than the others of its calendar."""
        return self.date.toordinal(), self.yearly

    @property
    def month_and_day(self) -> tuple[int, int]:
        return self.date.month, self.date.day

    def __str__(self) -> str:
        return f"{self.date:%m-%d} of every year" if self.yearly else str(self.date)


@dataclass(frozen=True)
class Calendar:
    """Dates with a name, such as public holidays. Raises BadInput for a date that is there twice."""

    id: str
    name: str
    days: tuple[CalendarDay, ...] = ()

    def __post_init__(self) -> None:
        plain_text("name", self.name, NAME_CHARS)
        if len(self.days) > MOST_DAYS:
            raise BadInput("bad_calendar", f"A calendar has at most {MOST_DAYS} dates.")
        seen: set[tuple[int, bool]] = set()
        for day in self.days:
            if day.when in seen or (not day.yearly and day.month_and_day in self._yearly):
                raise BadInput("duplicate_date", f"{day} is in the calendar twice.")
            seen.add(day.when)

    @cached_property
    def _yearly(self) -> frozenset[tuple[int, int]]:
        return frozenset(day.month_and_day for day in self.days if day.yearly)

    @cached_property
    def _dates(self) -> frozenset[date]:
        return frozenset(day.date for day in self.days if not day.yearly)

    def has(self, day: date) -> bool:
        """Whether this date is one of the calendar's."""
        return day in self._dates or (day.month, day.day) in self._yearly


@dataclass(frozen=True)
class CalendarHours:
    """What holds instead on the dates of a calendar; no hours: closed."""

    calendar_id: str
    hours: tuple[Hours, ...] = ()

    def __post_init__(self) -> None:
        if len(self.hours) > MOST_WINDOWS:
            raise BadInput("bad_schedule", f"A date has at most {MOST_WINDOWS} windows.")
        _refuse_overlap([(h.start_min, h.end_min) for h in self.hours])


@dataclass(frozen=True)
class Schedule:
    """Windows of a week. The first calendar in `on_calendar` that has a date replaces the windows that start on it.

    Raises BadInput for windows that overlap, a calendar that is there twice, and a schedule that never opens.
    """

    id: str
    name: str
    windows: tuple[Window, ...] = ()
    on_calendar: tuple[CalendarHours, ...] = ()

    def __post_init__(self) -> None:
        plain_text("name", self.name, NAME_CHARS)
        if len(self.windows) > MOST_WINDOWS:
            raise BadInput("bad_schedule", f"A schedule has at most {MOST_WINDOWS} windows.")
        if not self.windows and not any(entry.hours for entry in self.on_calendar):
            raise BadInput("bad_schedule", "A schedule needs at least one window.")
        spans = []
        for window in self.windows:
            for day in window.weekdays:
                start = day * DAY_MIN + window.hours.start_min
                # A Sunday night reaches into the Monday on which the week began.
                spans += [(start, start + window.hours.length_min)]
                spans += [(start - WEEK_MIN, start - WEEK_MIN + window.hours.length_min)]
        _refuse_overlap(spans)
        calendars = [entry.calendar_id for entry in self.on_calendar]
        if len(calendars) != len(set(calendars)):
            raise BadInput("duplicate_calendar", "A schedule names each calendar once.")


def in_full(day: date) -> str:
    """Returns a day such as "29 March 2026"."""
    return f"{day.day} {day:%B %Y}"


def clock(minute: int) -> str:
    """Returns minutes after midnight as HH:MM; a whole day and more begins again at 00:00."""
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


def _refuse_overlap(spans: Iterable[tuple[int, int]]) -> None:
    for (_, end), (start, _) in pairwise(sorted(spans)):
        if start < end:
            raise BadInput("overlapping_windows", f"Two windows overlap at {clock(start)}.")
