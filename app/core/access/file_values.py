"""One value of a rules file and the path to it, read strictly: what is wrong is named by its place."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from app.core.access.schedules import WEEKDAYS, YEARLY
from app.core.errors import BadInput

Kind = TypeVar("Kind", bound=StrEnum)
Made = TypeVar("Made")
Path = tuple[str | int, ...]
CLOCK = re.compile(r"([0-9]{2}):([0-5][0-9])")
MONTH_AND_DAY = re.compile(r"[0-9]{2}-[0-9]{2}")
Date = date  # `Value.date` hides the name
MOST_BYTES = 2_000_000  # of a rules file; 10,000 rules take about 1.5 MB
MOST_ENTRIES = 10_000
MOST_SAID = 1000  # characters of an error


class BadRulesFile(BadInput):
    """What is wrong in a rules file. path: the keys and list indexes that lead to it, from the top."""

    def __init__(self, path: Path, detail: str) -> None:
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
        # What is wrong may be text that cannot be printed, and long.
        said = f"{where}: {detail}" if where else detail
        super().__init__("bad_rules_file", said[:MOST_SAID].encode(errors="backslashreplace").decode())
        self.path = path


@dataclass(frozen=True)
class Value:
    """A value as a YAML or JSON parser gives it. Every method raises BadRulesFile for a value of another kind."""

    raw: object
    path: Path = ()

    def fail(self, detail: str) -> BadRulesFile:
        return BadRulesFile(self.path, detail)

    def fields(self, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, "Value"]:
        """The entries of a mapping; a key that is not known is an error, and so is a missing one."""
        if not isinstance(self.raw, Mapping):
            raise self.fail(f"Write a mapping with {', '.join(required or optional)}.")
        for key in self.raw:
            if key not in required and key not in optional:
                known = ", ".join((*required, *optional))
                raise BadRulesFile((*self.path, str(key)), f"This key is not known. Known are: {known}.")
        for key in required:
            if self.raw.get(key) is None:
                raise self.fail(f"{key} is missing.")
        return {key: Value(value, (*self.path, key)) for key, value in self.raw.items() if value is not None}

    def items(self) -> Iterator["Value"]:
        """The entries of a list."""
        if not isinstance(self.raw, list):
            raise self.fail("Write a list.")
        if len(self.raw) > MOST_ENTRIES:
            raise self.fail(f"The list has {len(self.raw)} entries; at most {MOST_ENTRIES} are read.")
        return (Value(entry, (*self.path, index)) for index, entry in enumerate(self.raw))

    def text(self) -> str:
        if not isinstance(self.raw, str):
            raise self.fail("Write text, in quotes if it looks like a number or a date.")
        return self.raw

    def minutes(self) -> int:
        """A time of day or a length, HH:MM, as minutes. YAML reads 07:00 without quotes as a number."""
        match = CLOCK.fullmatch(self.raw) if isinstance(self.raw, str) else None
        if match is None:
            raise self.fail('Write hours and minutes in quotes, such as "07:00".')
        return int(match[1]) * 60 + int(match[2])

    def whole(self) -> int:
        if not isinstance(self.raw, int) or isinstance(self.raw, bool):
            raise self.fail("Write a whole number.")
        return self.raw

    def date(self) -> date:
        if isinstance(self.raw, date) and type(self.raw) is date:
            return self.raw
        try:
            return date.fromisoformat(self.text())
        except ValueError as e:
            raise self.fail("Write a date such as 2026-12-25.") from e

    def month_and_day(self) -> Date:
        """A day of every year, MM-DD, in the year that stands for every year."""
        text = self.text()
        try:
            if not MONTH_AND_DAY.fullmatch(text):
                raise ValueError
            return date.fromisoformat(f"{YEARLY}-{text}")
        except ValueError as e:
            raise self.fail('Write a month and a day, such as "12-25".') from e

    def weekday(self) -> int:
        if self.raw not in WEEKDAYS:
            raise self.fail(f"Write one of {', '.join(WEEKDAYS)}.")
        return WEEKDAYS.index(str(self.raw))

    def choice(self, kind: type[Kind]) -> Kind:
        try:
            return kind(self.text())
        except ValueError as e:
            raise self.fail(f"Write one of {', '.join(kind)}.") from e

    def known(self, ids: Mapping[str, str], what: str) -> str:
        """The id of the named entry."""
        name = self.text()
        if name not in ids:
            raise self.fail(f'There is no {what} "{name}".')
        return ids[name]

    def make(self, build: Callable[[], Made]) -> Made:
        """What `build` gives; a value that it refuses is reported with this path."""
        try:
            return build()
        except BadRulesFile:
            raise
        except BadInput as e:
            raise self.fail(e.detail) from e
