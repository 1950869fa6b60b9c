"""Calendars as iCalendar files: read without storing anything, and written for other programs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from app.core.access.schedules import Calendar
from app.core.errors import NotFound
from app.core.ports.access import CalendarFile
from app.core.ports.store import Store


@dataclass(frozen=True)
class CalendarFiles:
    """parse: turns a file into days around a date, and raises BadInput for what it cannot read. write: the reverse."""

    store: Store
    clock: Callable[[], datetime]
    parse: Callable[[bytes, date], CalendarFile]
    write: Callable[[Calendar, datetime], bytes]

    def read(self, raw: bytes) -> CalendarFile:
        """Returns the days of a file, and what was left out. Raises BadInput('bad_calendar_file')."""
        return self.parse(raw, self.clock().date())

    def export(self, calendar_id: str) -> tuple[str, bytes]:
        """Returns the calendar's name and its file. Raises NotFound."""
        with self.store.read() as tx:
            found = next((one for one in tx.rules.all().calendars if one.id == calendar_id), None)
        if found is None:
            raise NotFound("unknown_entry", "There is no such calendar.")
        return found.name, self.write(found, self.clock())
