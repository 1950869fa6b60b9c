"""Dates as a language writes them. English pages write ISO 8601, and all pages 24 hours.

Babel is imported where it is used, because that takes 60 ms, for which no start waits.
"""

import re
from datetime import date

ENGLISH = "en"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME = r"(?P<time>,? \d\d:\d\d.*)?"
_ISO = re.compile(rf"(?P<iso>\d{{4}}-\d\d-\d\d){_TIME}")
_WRITTEN = re.compile(
    rf"((?P<weekday>(?:{'|'.join(WEEKDAYS)})[a-z]*) )?(?P<day>\d{{1,2}}) (?P<month>(?:{'|'.join(MONTHS)})[a-z]*) "
    rf"(?P<year>\d{{4}}){_TIME}"
)
_SPAN = re.compile(r"(?P<count>\d[\d,]*) (?P<unit>second|minute|hour|day|week|month|year)s?")
_WEEKDAY = re.compile(rf"(?P<weekday>{'|'.join(WEEKDAYS)})(?P<time> \d\d:\d\d)")


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


def as_day(text: str, language: str) -> str | None:
    """Returns a day as the language writes it, with a time that may follow; None if the text is anything else.

    Args:
        text: as `core` writes days: "2026-11-23", "Mon 23 November 2026", "23 November 2026, 07:00", "Mon 07:00".
    """
    if found := _WEEKDAY.fullmatch(text):
        return _name(found["weekday"], language) + found["time"]
    try:
        if found := _ISO.fullmatch(text):
            return day_words(found["iso"], language) + (found["time"] or "")
        if found := _WRITTEN.fullmatch(text):
            pattern = {0: "", 3: "EEE, "}.get(len(found["weekday"] or ""), "EEEE, ") + "d. MMMM y"
            day = date(int(found["year"]), MONTHS.index(found["month"][:3]) + 1, int(found["day"]))
            return _written(day, pattern, language) + (found["time"] or "")
    except ValueError:  # it only looked like a date
        pass
    return None


def as_span(text: str, language: str) -> str | None:
    """Returns a time such as "3 hours" as the language writes it; None if the text is anything else."""
    if (found := _SPAN.fullmatch(text)) is None:
        return None
    from babel.units import format_unit

    return format_unit(int(found["count"].replace(",", "")), f"duration-{found['unit']}", locale=language)


def _written(day: date, pattern: str, language: str) -> str:
    from babel.dates import format_date

    return str(format_date(day, pattern, language))


def _name(weekday: str, language: str) -> str:
    from babel.dates import get_day_names

    return str(get_day_names("abbreviated", locale=language)[WEEKDAYS.index(weekday)]).rstrip(".")
