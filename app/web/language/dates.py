"""Dates as a language writes them. English pages write ISO 8601, and all pages 24 hours.

Babel is imported where it is used, because that takes 60 ms, for which no start waits.
"""

import re
from datetime import date

ENGLISH = "en"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ISO = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_WRITTEN = re.compile(
    rf"\b(?P<weekday>(?:{'|'.join(WEEKDAYS)})[a-z]*) (?P<day>\d{{1,2}}) (?P<month>(?:{'|'.join(MONTHS)})[a-z]*) "
    r"(?P<year>\d{4})\b"
)
_WEEKDAY = re.compile(rf"\b({'|'.join(WEEKDAYS)})(?= \d\d:\d\d|$| to |, )")


def day_words(day: date | str, language: str) -> str:
    """Returns a date such as "2026-11-23" or "23.11.2026". day: a text is ISO 8601."""
    if language == ENGLISH:
        return str(day)
    return _written(date.fromisoformat(day) if isinstance(day, str) else day, "medium", language)


def short_day(day: date, language: str) -> str:
    """Returns a day without its year, such as "23 Nov" or "23. Nov."."""
    return f"{day:%d %b}" if language == ENGLISH else _written(day, "d. MMM", language)


def weekday(day: date, language: str) -> str:
    """Returns the day of the week in full."""
    return f"{day:%A}" if language == ENGLISH else _written(day, "EEEE", language)


def with_dates(text: str, language: str) -> str:
    """Returns the text with the dates in it as the language writes them. They are as `core` writes them."""

    def short(found: re.Match[str]) -> str:
        return _found(found[0], int(found[1]), int(found[2]), int(found[3]), "medium", language)

    def long(found: re.Match[str]) -> str:
        pattern = "EEE, d. MMM y" if len(found["weekday"]) == 3 else "EEEE, d. MMMM y"
        month = MONTHS.index(found["month"][:3]) + 1
        return _found(found[0], int(found["year"]), month, int(found["day"]), pattern, language)

    return _WEEKDAY.sub(lambda found: _name(found[1], language), _WRITTEN.sub(long, _ISO.sub(short, text)))


def _found(text: str, year: int, month: int, day: int, pattern: str, language: str) -> str:
    try:
        return _written(date(year, month, day), pattern, language)
    except ValueError:  # it only looked like a date
        return text


def _written(day: date, pattern: str, language: str) -> str:
    from babel.dates import format_date

    return str(format_date(day, pattern, language))


def _name(weekday: str, language: str) -> str:
    from babel.dates import get_day_names

    return str(get_day_names("abbreviated", locale=language)[WEEKDAYS.index(weekday)]).rstrip(".")
