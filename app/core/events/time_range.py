"""Reads a time range as people write it, such as "yesterday 17:00-17:10", on the clock of the site."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.core.errors import BadInput

MOST_CHARS = 64
EXAMPLES = "last hour, today, yesterday 17:00-17:10, monday, 2026-11-20 - 2026-11-25, 2026-11-28 08:00 - now"
_YEARS = range(2000, 2200)
_MOST_BACK = timedelta(days=36_500)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS = {
    "minute": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "h": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
}
_LAST = re.compile(rf"(?:the )?last (?:([0-9]{{1,5}}) ?)?({'|'.join(_UNITS)})s?")
_TOKEN = re.compile(
    r"\s*(?:(?P<iso>[0-9]{4}-[0-9]{2}-[0-9]{2})|(?P<dotted>[0-9]{1,2}\.[0-9]{1,2}\.(?:[0-9]{4})?)"
    rf"|(?P<word>today|yesterday|{'|'.join(_WEEKDAYS)})"
    r"|(?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)|(?P<now>now)|(?P<to>[-\u2013\u2014]|to\b|until\b))\s*",
)


@dataclass(frozen=True)
class TimeRange:
    """From `since` up to but without `until`; None: no bound."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class _Point:
    day: date | None = None
    at: timedelta | None = None  # since midnight; a clock may show 24:00
    open_end: bool = False


def read_range(text: str, now: datetime, zone: ZoneInfo) -> TimeRange:
    """Returns the range in UTC.

    Times without a day are the last ones that began: at nine, "17:00-17:10" means yesterday's. An end that the clock
    shows before the start is on the next day. Where the clock shows a time twice, or never, the range is the widest.

    Raises:
        BadInput: the text is no range, or ends before it starts.
    """
    text = " ".join(text.casefold().split())
    if not text:
        return TimeRange()
    if len(text) > MOST_CHARS:
        raise _bad("This is too long for a time range.")
    today = now.astimezone(zone).date()
    try:
        if last := _LAST.fullmatch(text):
            back = int(last[1] or 1) * _UNITS[last[2]]
            if not timedelta() < back <= _MOST_BACK:
                raise _bad("This is too long ago." if back else "Give a number from 1.")
            return TimeRange(now - back)
        return _between(*_ends(text, today), now, zone)
    except (ValueError, OverflowError):
        raise _bad("There is no such day or time.") from None


def written_range(span: TimeRange, zone: ZoneInfo) -> str:
    """Returns the text that `read_range` reads as this range, to the second, rounded outwards; "" for no bounds."""
    if span.since is None and span.until is None:
        return ""
    since, until = (None if at is None else at.astimezone(zone) for at in (span.since, span.until))
    if until is not None and until.microsecond:
        until = until.replace(microsecond=0) + timedelta(seconds=1)
    form = "%H:%M:%S" if any(at is not None and at.second for at in (since, until)) else "%H:%M"
    if until is None:
        end = "now"
    elif since is not None and since.date() == until.date() and since.time() < until.time():
        end = f"{until:{form}}"
    else:
        end = f"{until:%Y-%m-%d {form}}"
    return f"until {end}" if since is None else f"{since:%Y-%m-%d {form}} - {end}"


def in_parts(since: datetime, until: datetime, most: int, zone: ZoneInfo) -> list[datetime]:
    """Returns the edges of at most `most` equal parts that cover the range, in UTC, at round times of the clock.

    Where the clock changes within the range, parts of hours and days after the change are an hour off.
    """
    offset = (since.astimezone(zone).utcoffset() or timedelta()).total_seconds()
    seconds = max((until - since).total_seconds(), 1.0)
    step = next((one for one in _STEPS_S if seconds / one <= most - 1), None) or _days_s(seconds / (most - 1))
    first = int((since.timestamp() + offset) // step * step - offset)
    edges = [first]
    while edges[-1] < until.timestamp():
        edges.append(edges[-1] + step)
    return [datetime.fromtimestamp(one, UTC) for one in edges]


_STEPS_S = (10, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)


def _days_s(seconds: float) -> int:
    return int(-(-seconds // 86_400)) * 86_400


def _ends(text: str, today: date) -> tuple[_Point | None, _Point | None]:
    """Returns start and end as written. No end: the start is a whole day."""
    sides: list[list[re.Match[str]]] = [[]]
    place = 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            raise _bad(f"“{text[place:].split(' ')[0]}” is not understood.")
        if token.lastgroup == "to":
            sides.append([])
        else:
            sides[-1].append(token)
        place = token.end()
    points = [_point(side, today) for side in sides]
    match points:
        case [_Point(day=date(), at=None) as whole]:
            return whole, None
        case [_Point(at=timedelta())]:
            raise _bad("This is a moment. Give an end too, such as 17:00-17:10.")
        case [start, end] if end is not None and (start is None or not start.open_end):
            return start, end
    raise _bad("This is not a time range.")


def _point(tokens: Sequence[re.Match[str]], today: date) -> _Point | None:
    kinds = ["day" if token.lastgroup in ("iso", "dotted", "word") else token.lastgroup for token in tokens]
    texts = [token[token.lastgroup or 0] for token in tokens]
    match kinds:
        case []:
            return None
        case ["now"]:
            return _Point(open_end=True)
        case ["day"]:
            return _Point(_day(texts[0], today))
        case ["time"]:
            return _Point(None, _time(texts[0]))
        case ["day", "time"]:
            return _Point(_day(texts[0], today), _time(texts[1]))
    raise _bad("Write the day before the time, and a dash between start and end.")


def _between(start: _Point | None, end: _Point | None, now: datetime, zone: ZoneInfo) -> TimeRange:
    today = now.astimezone(zone).date()
    first = None
    if start is not None:
        day, at = start.day or today, start.at or timedelta()
        if start.day is None and _latest(day, at, zone) > now:
            day -= timedelta(days=1)
        start, first = _Point(day, at), _earliest(day, at, zone)
    if end is None:
        assert start is not None and start.day is not None
        return TimeRange(first, _latest(start.day + timedelta(days=1), timedelta(), zone))
    if end.open_end:
        return TimeRange(first, None)
    day = end.day or (start.day if start is not None and start.day is not None else today)
    if end.at is None:
        day, at = day + timedelta(days=1), timedelta()
    else:
        at = end.at
        if end.day is None and start is not None and start.at is not None and at <= start.at:
            day += timedelta(days=1)
    last = _latest(day, at, zone)
    if first is not None and last <= first:
        raise _bad("This ends before it starts.")
    return TimeRange(first, last)


def _earliest(day: date, at: timedelta, zone: ZoneInfo) -> datetime:
    return min(_instants(day, at, zone))


def _latest(day: date, at: timedelta, zone: ZoneInfo) -> datetime:
    return max(_instants(day, at, zone))


def _instants(day: date, at: timedelta, zone: ZoneInfo) -> list[datetime]:
    """Both instants where the clock goes back or ahead; else the same one twice."""
    local = datetime.combine(day, time()) + at
    return [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]


def _day(text: str, today: date) -> date:
    if text == "today":
        return today
    if text == "yesterday":
        return today - timedelta(days=1)
    if text in _WEEKDAYS:
        return today - timedelta(days=(today.weekday() - _WEEKDAYS.index(text)) % 7 or 7)
    if "." in text:
        number, month, year = text.split(".")
        found = date(int(year or today.year), int(month), int(number))
        if not year and found > today:
            found = date(today.year - 1, int(month), int(number))
    else:
        found = date.fromisoformat(text)
    if found.year not in _YEARS:
        raise ValueError("no year of an event")
    return found


def _time(text: str) -> timedelta:
    hours, minutes, seconds = [*map(int, text.split(":")), 0][:3]
    at = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if minutes > 59 or seconds > 59 or at > timedelta(days=1):
        raise ValueError("no time of a day")
    return at


def _bad(why: str) -> BadInput:
    return BadInput("bad_range", f"{why} Write, for example: {EXAMPLES}.")
