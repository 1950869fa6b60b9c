"""Windows and days of calendars as a rules file has them, both ways."""

from collections.abc import Mapping

from app.core.access.file_values import Value
from app.core.access.schedules import CalendarDay, Hours, Window


def calendar_day(value: Value, *, yearly: bool) -> CalendarDay:
    """A day is written by itself, or with its name as a mapping. Raises BadRulesFile."""
    read = Value.month_and_day if yearly else Value.date
    if not isinstance(value.raw, Mapping):
        return CalendarDay(read(value), yearly)
    fields = value.fields(("date", "name"))
    day, name = read(fields["date"]), fields["name"].text()
    return value.make(lambda: CalendarDay(day, yearly, name))


def day_written(day: CalendarDay) -> str | dict[str, str]:
    """As `calendar_day` reads it."""
    text = f"{day.date:%m-%d}" if day.yearly else str(day.date)
    return {"date": text, "name": day.name} if day.name else text


def window_of(value: Value) -> Window:
    """Raises BadRulesFile."""
    fields = value.fields(("days", "start", "length"))
    hours = hours_of(value, fields)
    days = tuple(sorted(day.weekday() for day in fields["days"].items()))
    return value.make(lambda: Window(days, hours))


def hours_of(value: Value, fields: Mapping[str, Value]) -> Hours:
    """Raises BadRulesFile. Args: fields: of the value."""
    start, length = fields["start"].minutes(), fields["length"].minutes()
    return value.make(lambda: Hours(start, length))


def hours_written(hours: Hours) -> dict[str, str]:
    """As `hours_of` reads them."""
    return {key: f"{m // 60:02}:{m % 60:02}" for key, m in (("start", hours.start_min), ("length", hours.length_min))}
