"""Reads days as people and spreadsheets write them, and finds out whether a column has the day or the month first.

`01.02.2027` is two days. Which one is meant follows from the column's other cells, or a person says it; it is never
guessed, because the wrong one lets somebody in for longer.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

from app.core.errors import BadInput
from app.core.text import folded

_YEARS = range(1900, 10_000)
_COMPACT_YEARS = (*range(1900, 2200), 9999)  # HR systems write "for ever" as 31.12.9999
_TIME = re.compile(
    r"[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)? ?([AP]M)?(?:Z|[+-]\d{2}:?\d{2})?$", re.ASCII | re.IGNORECASE
)
_NUMERIC = re.compile(r"(\d{1,4})([./-]| )(\d{1,2})\2(\d{1,4})", re.ASCII)
_COMPACT = re.compile(r"\d{8}", re.ASCII)
_COUNTED = re.compile(r"\d{4,5}([.,]\d+)?", re.ASCII)  # a spreadsheet's own count of days
_WORD = re.compile(r"[^\W\d_]+|\d+")
_LONGEST = 60  # characters
_MONTHS = (
    "january januar janner janvier enero gennaio januari",
    "february februar feber fevrier febrero febbraio februari",
    "march marz maerz mars marzo maart mrt",
    "april avril abril aprile",
    "may mai mayo maggio mei",
    "june juni juin junio giugno",
    "july juli juillet julio luglio",
    "august aout agosto augustus",
    "september septembre septiembre settembre sept",
    "october oktober octobre octubre ottobre",
    "november novembre noviembre",
    "december dezember decembre diciembre dicembre",
)
_WEEKDAYS = (
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    *("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag"),
)
_SKIPPED = (
    *("of", "the", "de", "del", "den", "der", "st", "nd", "rd", "th"),
    *("so", "mo", "di", "mi", "do", "fr", "sa", "sonntag", "sonnabend"),
)


class DateOrder(StrEnum):
    """Which of two numbers before a year is the day."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


@dataclass(frozen=True)
class WrittenDay:
    """The day that a cell means in either order; None where it is no day in that order."""

    day_first: date | None
    month_first: date | None

    def day(self, order: DateOrder | None) -> date | None:
        """Returns the day in this order. Without one it is None where the orders disagree."""
        if order is None:
            return self.day_first if self.day_first == self.month_first else None
        return self.day_first if order is DateOrder.DAY_FIRST else self.month_first


@dataclass
class ColumnOrder:
    """What the cells of one column say about their order. Each is a line and the cell."""

    column: str
    day_first: tuple[int, str] | None = None
    month_first: tuple[int, str] | None = None
    doubtful: tuple[int, str] | None = None

    def take(self, line: int, cell: str) -> None:
        """Looks at one cell; one that is no date says nothing."""
        written = written_in(self.column, cell)
        if written is None or written.day_first == written.month_first:
            return
        if written.month_first is None:
            self.day_first = self.day_first or (line, cell)
        elif written.day_first is None:
            self.month_first = self.month_first or (line, cell)
        else:
            self.doubtful = self.doubtful or (line, cell)

    def order(self) -> DateOrder | None:
        """Returns the order that the cells prove; None if none of them depends on it.

        Raises:
            BadInput: they contradict each other, or prove nothing and depend on it.
        """
        if self.day_first and self.month_first:
            detail = (
                f"{self.column} has the day first in line {self.day_first[0]} ({self.day_first[1][:30]}) and the month "
                f"first in line {self.month_first[0]} ({self.month_first[1][:30]}). Say which order is meant."
            )
            raise BadInput("ambiguous_dates", detail)
        if self.day_first:
            return DateOrder.DAY_FIRST
        if self.month_first:
            return DateOrder.MONTH_FIRST
        if self.doubtful is None:
            return None
        written = written_in(self.column, self.doubtful[1])
        assert written is not None
        detail = (
            f"{self.column} in line {self.doubtful[0]} is {self.doubtful[1][:30]}: {spoken(written.day_first)}, or "
            f"{spoken(written.month_first)}? Say whether the day or the month is first."
        )
        raise BadInput("ambiguous_dates", detail)


def spoken(day: date | None) -> str:
    """Returns a day in words that no order confuses, as 1 February 2027."""
    return "" if day is None else f"{day.day} {_MONTHS[day.month - 1].split()[0].capitalize()} {day.year}"


def read_day(name: str, cell: str, order: DateOrder | None) -> date:
    """Returns the day that a cell of the column `name` means.

    With a time it is the day as written, if that time is where the day starts or ends. Other systems write a day as its
    midnight, and older exports of this one as its first or last moment. Any other time would be lost without a word,
    and with it when somebody's access ends. Consent is given on a day, at whatever time.

    Raises:
        BadInput: it is no day, or depends on an order that nobody gave.
    """
    written = written_in(name, cell)
    if written is None:
        raise BadInput(f"bad_{name}", f"{name} needs a date such as 2027-12-31{_cure(cell)}.")
    day = written.day(order)
    if day is None and order is not None:
        first = "day" if order is DateOrder.DAY_FIRST else "month"
        raise BadInput(f"bad_{name}", f"{name} is {cell[:30]}, which is no date with the {first} first.")
    if day is None:
        raise BadInput(f"bad_{name}", f"{name} is {cell[:30]}: say whether the day or the month is first.")
    return day


def written_in(name: str, cell: str) -> WrittenDay | None:
    """As `written_day`, for a cell of the column `name`."""
    return written_day(cell, any_time=name == "consent_at")


@lru_cache(maxsize=4096)
def written_day(cell: str, *, any_time: bool = False) -> WrittenDay | None:
    """Returns what a cell means; None if it is no day. A year needs four digits: 01/02/03 could be six days."""
    text = " ".join(unicodedata.normalize("NFKC", cell[: _LONGEST + 1]).split())
    if len(text) > _LONGEST:
        return None
    if at := _TIME.search(text):
        if not any_time and not _bounds_a_day(at):
            return None
        text = text[: at.start()]
    if numeric := _NUMERIC.fullmatch(re.sub(r"([./-]) ", r"\1", text).rstrip(".")):
        return _numeric(numeric[1], numeric[3], numeric[4])
    if _COMPACT.fullmatch(text):
        return _compact(text)
    return _named(text)


def _bounds_a_day(at: re.Match[str]) -> bool:
    hour, minute, second = int(at[1]), int(at[2]), int(at[3] or 0)
    if at[4]:
        if not 1 <= hour <= 12:
            return False
        hour = hour % 12 + (12 if at[4].upper() == "PM" else 0)
    return (hour, minute, second) == (0, 0, 0) or (hour, minute, second) == (23, 59, 59)


def _numeric(first: str, second: str, third: str) -> WrittenDay | None:
    if len(first) == 4 and len(third) <= 2:
        day = _day(first, second, third)
        return WrittenDay(day, day) if day else None
    if len(third) == 4 and len(first) <= 2:
        return _either(_day(third, second, first), _day(third, first, second))
    return None


def _compact(text: str) -> WrittenDay | None:
    """Eight digits with the year at either end. Only one reading may be a day of our times, in either order."""
    year_first = _day(text[:4], text[4:6], text[6:], _COMPACT_YEARS)
    if year_first is None:
        year = text[4:]
        return _either(_day(year, text[2:4], text[:2], _COMPACT_YEARS), _day(year, text[:2], text[2:4], _COMPACT_YEARS))
    return WrittenDay(year_first, year_first)


def _named(text: str) -> WrittenDay | None:
    """A day with the month as a word: 1 Feb 2027, February 1st, 2027, 1. Februar 2027, Mon 01-Feb-2027."""
    numbers: list[str] = []
    month = 0
    for word in _WORD.findall(folded(text)):
        if word.isdigit():
            numbers.append(word)
        elif found := _month(word):
            if month:
                return None
            month = found
        elif word not in _SKIPPED and not any(day.startswith(word) for day in _WEEKDAYS):
            return None
    years = [number for number in numbers if len(number) == 4]
    days = [number for number in numbers if len(number) <= 2]
    if not month or len(numbers) != 2 or len(years) != 1 or len(days) != 1:
        return None
    day = _day(years[0], str(month), days[0])
    return WrittenDay(day, day) if day else None


@lru_cache(maxsize=256)
def _month(word: str) -> int:
    """Returns 1 to 12 for a month's name or a beginning of it that no other month has; else 0."""
    if len(word) < 3:
        return 0
    found = {at for at, names in enumerate(_MONTHS, 1) if any(name.startswith(word) for name in names.split())}
    return found.pop() if len(found) == 1 else 0


def _either(day_first: date | None, month_first: date | None) -> WrittenDay | None:
    return WrittenDay(day_first, month_first) if day_first or month_first else None


def _day(year: str, month: str, day: str, years: range | tuple[int, ...] = _YEARS) -> date | None:
    if int(year) not in years:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _cure(cell: str) -> str:
    """Says what else to do about a cell that is no day."""
    if _COUNTED.fullmatch(cell):
        return f"; {cell} is a spreadsheet's count of days: format the column as a date and save again"
    if re.search(r"\d{1,2}:\d{2}", cell, re.ASCII):
        return ", without a time of day"
    if re.fullmatch(r"\d{1,2}([./ -])\w{1,9}\1\d{2}", cell):
        return "; write the year with four digits"
    return ""
