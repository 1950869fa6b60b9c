"""What a schedule comes to: whether it is open now, when it opens next, and its hours on the next days."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.core.access.schedules import DAY_MIN, CalendarHours, Hours, Schedule, Window, clock, in_full
from app.core.access.time_zones import time_zone
from app.core.access.timetable import Timetable
from app.core.errors import BadField
from app.core.ports.store import Store

DAYS = 14
YEARS = 2  # in which windows that a clock change skips are looked for


@dataclass(frozen=True)
class PreviewDay:
    """A date at the first site.

    Attributes:
        calendar: the name of the calendar whose hours hold on it, if one does.
        hours: the windows that start on it.
        open: the minutes of the wall clock that are open, as half-open spans, those of the night before among them.
    """

    date: date
    calendar: str | None
    hours: tuple[Hours, ...]
    open: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Preview:
    """next_opening: None if it is open now or does not open within a year. warnings: sentences."""

    words: str
    next_opening: datetime | None
    days: tuple[PreviewDay, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class SchedulePreviews:
    store: Store
    clock: Callable[[], datetime]

    def preview(self, windows: tuple[Window, ...], on_calendar: tuple[CalendarHours, ...]) -> Preview:
        """What such a schedule comes to on the clock of the first site. Raises BadInput as `Schedule` does, and
        BadField for a calendar that does not exist."""
        with self.store.read() as tx:
            rules = tx.rules.all()
        calendars = {calendar.id: calendar for calendar in rules.calendars}
        for entry in on_calendar:
            if entry.calendar_id not in calendars:
                raise BadField("unknown_reference", "One of the calendars was deleted. Remove it here.", "on_calendar")
        timetable = Timetable(Schedule("preview", "preview", windows, on_calendar), calendars)
        zone = time_zone(rules.sites[0].time_zone if rules.sites else "UTC")
        now = self.clock()
        today = now.astimezone(zone).date()
        days = []
        for day in (today + timedelta(days=ahead) for ahead in range(DAYS)):
            named = next((c for c in (calendars[e.calendar_id] for e in on_calendar) if c.has(day)), None)
            spans = tuple(_spans(timetable.minutes_on(day.toordinal())))
            days.append(PreviewDay(day, named.name if named else None, timetable.hours_on(day), spans))
        opening = timetable.next_opening(now, zone)
        is_open = timetable.is_open(now, zone)
        skipped = timetable.skipped(today, today + timedelta(days=365 * YEARS), zone)
        return Preview(
            _open_words(timetable, now.astimezone(zone)) if is_open else _next_words(opening, now, zone.key),
            None if is_open else opening,
            tuple(days),
            tuple(
                f"The window at {clock(hours.start_min)} is not open on {in_full(day)}: the clock is put forward over "
                f"it in {zone.key}."
                for day, hours in skipped
            ),
        )


def _open_words(timetable: Timetable, local: datetime) -> str:
    minute, day = local.hour * 60 + local.minute, local.toordinal()
    for ahead in range(8):
        closed = ~timetable.minutes_on(day + ahead) & ((1 << DAY_MIN) - 1)
        closed = closed >> minute << minute if ahead == 0 else closed
        if closed:
            until = (closed & -closed).bit_length() - 1
            shown = date.fromordinal(day + ahead)
            end = clock(until) if ahead == 0 else f"{shown:%a} {clock(until)}"
            return f"Open now, until {end}."
    return "Open now, and all week."


def _next_words(opening: datetime | None, now: datetime, zone: str) -> str:
    if opening is None:
        return "Closed, and it does not open within a year."
    local = opening.astimezone(time_zone(zone))
    day = f"{local:%a}" if opening - now < timedelta(days=6) else f"{local:%a} {in_full(local)}"
    begin = f"{day} {local:%H:%M}"
    return f"Closed now. Next: opens {begin}."


def _spans(mask: int) -> Iterator[tuple[int, int]]:
    """The runs of bits that are set."""
    start = 0
    while mask:
        zeros = (mask & -mask).bit_length() - 1
        mask >>= zeros
        start += zeros
        ones = (~mask & -~mask).bit_length() - 1
        yield start, start + ones
        mask >>= ones
        start += ones
