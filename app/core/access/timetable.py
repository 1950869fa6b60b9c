"""When a schedule is open: at an instant, on a date, and when it opens next.

At an instant the local wall clock is read once; the windows of its date count, and those of the day before with 24
hours added. There is no special case for a change of the clock: an hour that is skipped opens nothing, one that comes
twice opens twice.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from app.core.access.schedules import DAY_MIN, Calendar, Hours, Schedule
from app.core.access.time_zones import clock_change, instant

ONE_DAY = timedelta(days=1)
WHOLE_DAY = (1 << DAY_MIN) - 1
MOST_CACHED_DATES = 1000  # two and a half years as a difference walks them; 180 bytes a date


class Timetable:
    """A schedule together with its calendars, ready to be asked."""

    def __init__(self, schedule: Schedule, calendars: Mapping[str, Calendar]) -> None:
        self.schedule = schedule
        self._week = tuple(
            tuple(sorted(window.hours for window in schedule.windows if day in window.weekdays)) for day in range(7)
        )
        self._calendars = tuple((calendars[entry.calendar_id], entry.hours) for entry in schedule.on_calendar)
        self._masks: dict[int, int] = {}

    @cached_property
    def content(self) -> tuple[object, ...]:
        """What decides when it is open: equal for two timetables that are open at the same times by the same words."""
        calendars = tuple((frozenset(day.when for day in calendar.days), hours) for calendar, hours in self._calendars)
        return self._week, calendars

    def hours_on(self, day: date) -> tuple[Hours, ...]:
        """The windows that start on this date."""
        for calendar, hours in self._calendars:
            if calendar.has(day):
                return hours
        return self._week[day.weekday()]

    def minutes_on(self, day: int) -> int:
        """The minutes of the wall clock that are open on a date, as bits: bit 0 is 00:00.

        Args:
            day: the date's ordinal.
        """
        mask = self._masks.get(day)
        if mask is None:
            today = date.fromordinal(day)
            mask = 0
            for hours in self.hours_on(today):
                mask |= ((1 << hours.length_min) - 1) << hours.start_min
            if day > 1:
                for hours in self.hours_on(today - ONE_DAY):
                    mask |= ((1 << hours.length_min) - 1) << hours.start_min >> DAY_MIN
            mask &= WHOLE_DAY
            if len(self._masks) >= MOST_CACHED_DATES:
                self._masks.clear()
            self._masks[day] = mask
        return mask

    def is_open(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether the schedule is open at this instant, on the wall clock of this zone."""
        local = at.astimezone(zone)
        return bool(self.minutes_on(local.toordinal()) >> (local.hour * 60 + local.minute) & 1)

    def next_opening(self, at: datetime, zone: ZoneInfo, days: int = 400) -> datetime | None:
        """The first instant from `at` on at which the schedule is open, in UTC; None if it is over `days` away."""
        if self.is_open(at, zone):
            return at.astimezone(UTC)
        today = at.astimezone(zone).date()
        for ahead in range(days + 1):
            day = today + timedelta(days=ahead)
            starts = [instant(day, h.start_min, zone, fold) for h in self.hours_on(day) for fold in (0, 1)]
            # Where the clock skips the start of a window, or shows its end a second time, the change itself opens.
            change = clock_change(day, zone)
            if change is not None:
                starts.append(change[0])
            opening = min((start for start in starts if start >= at and self.is_open(start, zone)), default=None)
            if opening is not None:
                return opening
        return None

    def open_since(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """When the window that is open at this instant started, in UTC; the later one of two; None if none is open."""
        local = at.astimezone(zone)
        minute = local.hour * 60 + local.minute
        for day, now in ((local.date(), minute), (local.date() - ONE_DAY, minute + DAY_MIN)):
            starts = [h.start_min for h in self.hours_on(day) if h.start_min <= now < h.end_min]
            if starts:
                return min(instant(day, max(starts), zone), at.astimezone(UTC))
        return None

    def skipped(self, first: date, last: date, zone: ZoneInfo) -> list[tuple[date, Hours]]:
        """Windows that never open on a date, because the clock is put forward over all of them."""
        found = []
        for ordinal in range(first.toordinal(), last.toordinal() + 1):
            day = date.fromordinal(ordinal)
            change = clock_change(day, zone)
            if change is None or change[1] <= timedelta(0):
                continue
            after = change[0].astimezone(zone).replace(tzinfo=None)
            before = after - change[1]
            for hours in self.hours_on(day):
                start = datetime.combine(day, datetime.min.time()) + timedelta(minutes=hours.start_min)
                if before <= start and start + timedelta(minutes=hours.length_min) <= after:
                    found.append((day, hours))
        return found
