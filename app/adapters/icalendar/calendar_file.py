"""iCalendar files (RFC 5545) as days of a calendar, and back. A file may come from anybody.

Whole days are read. An event with a time of day is left out and reported: a calendar of rules holds whole days.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import icalendar
from icalendar.error import BrokenCalendarProperty

from app.adapters.icalendar.recurrence import NotReadable, Recurrences, every_year
from app.core.access.schedules import MOST_DAYS, NAME_CHARS, YEARLY, Calendar, CalendarDay
from app.core.errors import BadInput
from app.core.ports.access import CalendarFile
from app.core.text import plain_text

MOST_BYTES = 500_000  # ten years of a country's holidays take 50 kB
MOST_EVENTS = 2000  # they take a second
DEEPEST = 4  # an alarm in an event in a calendar, and one more
LONGEST_DAYS = 366  # of one event
MOST_READ = 3 * MOST_DAYS  # days, each as often as events name it
YEARS_BACK, YEARS_AHEAD = 1, 10  # in which recurrences that are not yearly are looked for
MOST_LEFT_OUT = 50  # reported one by one
ONE_DAY = timedelta(days=1)


def read_calendar(raw: bytes, today: date) -> CalendarFile:
    """Reads the days of a file; nothing of it is stored.

    Args:
        today: recurrences are searched around it.

    Raises:
        BadInput: code `bad_calendar_file`. It is too large, not UTF-8, no calendar, or holds no event.
    """
    events = _events(_text(raw))
    recurrences = Recurrences(date(today.year - YEARS_BACK, 1, 1), date(today.year + YEARS_AHEAD, 12, 31))
    yearly: dict[tuple[int, int], CalendarDay] = {}
    single: dict[date, CalendarDay] = {}
    left_out: list[str] = []
    read = 0
    for number, event in enumerate(events, 1):
        name = _name(event.get("SUMMARY"))
        try:
            for day in _days(event, name, recurrences):
                if day.yearly:
                    yearly.setdefault(day.month_and_day, day)
                else:
                    single.setdefault(day.date, day)
                read += 1
                if len(yearly) + len(single) > MOST_DAYS or read > MOST_READ:
                    raise _bad(f"The file holds more than {MOST_DAYS} days. Take some of its years out.")
        except NotReadable as e:
            left_out.append(f"{name or f'Event {number}'}: {e}.")
    days = [*yearly.values(), *(day for at, day in single.items() if (at.month, at.day) not in yearly)]
    more = len(left_out) - MOST_LEFT_OUT
    shown = left_out[:MOST_LEFT_OUT] + ([f"{more} more events."] if more > 0 else [])
    return CalendarFile(tuple(sorted(days)), tuple(shown))


def write_calendar(calendar: Calendar, now: datetime) -> bytes:
    """Returns the calendar as a file. The same calendar at the same time gives the same bytes."""
    made = icalendar.Calendar()
    made.add("prodid", "-//Facegate//Calendar//EN")
    made.add("version", "2.0")
    made.add("x-wr-calname", calendar.name)
    for day in sorted(calendar.days):
        event = icalendar.Event()
        # A date of every year needs a first one. 29 February has its own in the leap year that stands for every year.
        event.add("uid", f"{day.date:%Y%m%d}{'-yearly' if day.yearly else ''}-{calendar.id}@facegate")
        event.add("dtstamp", now.astimezone(UTC))
        event.add("dtstart", day.date)
        event.add("dtend", day.date + ONE_DAY)
        event.add("summary", day.name or calendar.name)
        event.add("transp", "TRANSPARENT")
        if day.yearly:
            event.add("rrule", {"freq": "yearly"})
        made.add_component(event)
    return bytes(made.to_ical())


def _text(raw: bytes) -> str:
    if len(raw) > MOST_BYTES:
        raise _bad(f"The file is too large: at most {MOST_BYTES // 1000} kB are read.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise _bad("The file is not UTF-8. Export it again as UTF-8.") from e
    if not text.lstrip().upper().startswith("BEGIN:VCALENDAR"):
        raise _bad("This is no iCalendar file: it does not begin with BEGIN:VCALENDAR.")
    # The parser builds whatever a file opens, so that is bounded before.
    depth = deepest = events = 0
    for line in text.splitlines():
        word = line[:20].strip().upper()
        if word.startswith("BEGIN:"):
            depth += 1
            deepest = max(deepest, depth)
            events += 1
        elif word.startswith("END:"):
            depth -= 1
    if depth:
        raise _bad("The file breaks off, or a part of it ends twice. Export it again.")
    if deepest > DEEPEST:
        raise _bad("The parts of the file are nested too deep.")
    if events > 2 * MOST_EVENTS:
        raise _bad(f"The file holds too many events: at most {MOST_EVENTS} are read.")
    return text


def _events(text: str) -> list[Any]:
    try:
        calendars = icalendar.Calendar.from_ical(text, multiple=True)
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as e:
        raise _bad("The file cannot be read: it breaks off, or its lines do not follow the format.") from e
    if not events:
        raise _bad("The file holds no events.")
    if len(events) > MOST_EVENTS:
        raise _bad(f"The file holds {len(events)} events; at most {MOST_EVENTS} are read.")
    return events


def _days(event: Any, name: str, recurrences: Recurrences) -> Iterator[CalendarDay]:
    """Raises NotReadable."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        raise NotReadable("it is cancelled")
    start, length = _span(event)
    rule = event.get("RRULE")
    if isinstance(rule, list) or (rule is not None and not isinstance(rule, icalendar.vRecur)):
        raise NotReadable("its recurrence cannot be read")
    without = _dates(event, "EXDATE")
    if rule is not None and not without and every_year(start, rule):
        starts, yearly = [start], True
    else:
        if not 1900 <= start.year <= 2900:
            raise NotReadable(f"its year is {start.year}")
        starts, yearly = [start] if rule is None else list(recurrences.dates(start, rule)), False
        starts = [at for at in (*starts, *_dates(event, "RDATE")) if at not in without]
    for at in starts:
        for offset in range(length):
            yield CalendarDay(_on(at, offset, yearly=yearly), yearly, name)


def _on(start: date, offset: int, *, yearly: bool) -> date:
    # Days after 28 February differ by year; those of an event that comes every year are counted in the year that
    # stands for every year.
    return (start.replace(year=YEARLY) if yearly else start) + timedelta(days=offset)


def _span(event: Any) -> tuple[date, int]:
    """The first day, and how many days there are. Raises NotReadable."""
    first = _moment(event, "DTSTART")
    if first is None:
        raise NotReadable("it has no start")
    last = _moment(event, "DTEND")
    duration = _dt(event.get("DURATION"))
    if last is None and isinstance(duration, timedelta):
        last = first + duration
    if last is None:
        last = first if isinstance(first, datetime) else first + ONE_DAY
    if isinstance(first, datetime) or isinstance(last, datetime):
        if not _midnight(first) or not _midnight(last) or first == last:
            raise NotReadable("it has a time of day, and a calendar holds whole days")
        first, last = (at.date() if isinstance(at, datetime) else at for at in (first, last))
    length = max(1, (last - first).days)
    if length > LONGEST_DAYS:
        raise NotReadable(f"it lasts longer than {LONGEST_DAYS} days")
    return first, length


def _midnight(at: date) -> bool:
    return not isinstance(at, datetime) or at.time() == time()


def _moment(event: Any, key: str) -> Any:
    """A date, a datetime, or None. Raises NotReadable."""
    value = event.get(key)
    if value is None:
        return None
    found = _dt(value)
    if not isinstance(found, date):
        raise NotReadable(f"its {key} cannot be read")
    return found


def _dt(value: Any) -> Any:
    """What a property holds, or None where it is missing, there twice, or broken."""
    try:
        return getattr(value, "dt", None)
    except BrokenCalendarProperty:
        return None


def _dates(event: Any, key: str) -> list[date]:
    """Raises NotReadable."""
    values = event.get(key, [])
    try:
        moments = [one.dt for value in (values if isinstance(values, list) else [values]) for one in value.dts]
    except (BrokenCalendarProperty, AttributeError) as e:
        raise NotReadable(f"its {key} cannot be read") from e
    return [at.date() if isinstance(at, datetime) else at for at in moments if isinstance(at, date)]


def _name(summary: object) -> str:
    """The text of an event, without characters that no name may hold. It is only shown, and decides nothing."""
    if isinstance(summary, list):
        summary = summary[0] if summary else ""
    text = " ".join("".join(c if c.isprintable() else " " for c in str(summary or "")).split())[:NAME_CHARS].strip()
    try:
        plain_text("name", text, NAME_CHARS)
    except BadInput:
        return ""
    return text


def _bad(detail: str) -> BadInput:
    return BadInput("bad_calendar_file", detail)
