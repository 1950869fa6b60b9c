"""When rules hold: calendars of dates, and schedules of windows."""

import re
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import AfterValidator, Field

from app.core.access.schedules import (
    MOST_DAYS,
    MOST_WINDOWS,
    WEEKDAYS,
    YEARLY,
    Calendar,
    CalendarDay,
    CalendarHours,
    Hours,
    Schedule,
    Window,
)
from app.core.errors import BadField, BadInput
from app.web.api.access.rules.entries import EntryOut, Id, Kind, Name, add_routes
from app.web.api.schemas import Strict

router = APIRouter(prefix="/v1", tags=["Rules"])

TIME = Field(pattern=r"^[0-9]{2}:[0-5][0-9]$")
Clock = Annotated[str, TIME, Field(examples=["22:00"])]
Length = Annotated[str, TIME, Field(examples=["08:00"], description="hours and minutes, at most 24:00")]
YEARLY_DATE = re.compile(r"[0-9]{2}-[0-9]{2}")


def _date(text: str) -> str:
    try:
        date.fromisoformat(f"{YEARLY}-{text}" if YEARLY_DATE.fullmatch(text) else text)
    except ValueError:
        raise ValueError("send a date such as 2026-12-24, or 12-24 for every year") from None
    return text


class DayIO(Strict):
    date: Annotated[str, AfterValidator(_date)] = Field(
        pattern=r"^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$",
        examples=["2026-12-24"],
        description="a date; without a year it is that day of every year",
    )
    name: Name | None = Field(None, examples=["Christmas Eve"])

    @classmethod
    def of(cls, day: CalendarDay) -> "DayIO":
        return cls(date=f"{day.date:%m-%d}" if day.yearly else day.date.isoformat(), name=day.name or None)

    def made(self) -> CalendarDay:
        """Raises BadField."""
        yearly = YEARLY_DATE.fullmatch(self.date) is not None
        day = date.fromisoformat(f"{YEARLY}-{self.date}" if yearly else self.date)
        try:
            return CalendarDay(day, yearly, self.name or "")
        except BadInput as error:
            raise BadField(error.code, error.detail, "days") from error


class CalendarIn(Strict):
    name: Name = Field(examples=["Public holidays"])
    days: list[DayIO] = Field(default_factory=list, max_length=MOST_DAYS)


class CalendarOut(EntryOut, CalendarIn):
    pass


class HoursIO(Strict):
    start: Clock
    length: Length

    @classmethod
    def of(cls, hours: Hours) -> "HoursIO":
        return cls(start=_clock(hours.start_min), length=_clock(hours.length_min))

    def hours(self) -> Hours:
        return Hours(minutes(self.start), minutes(self.length))


class WindowIO(HoursIO):
    days: list[Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]] = Field(min_length=1, max_length=7)

    @classmethod
    def of_window(cls, window: Window) -> "WindowIO":
        days = [WEEKDAYS[day] for day in window.weekdays]
        return cls.model_validate({**HoursIO.of(window.hours).model_dump(), "days": days})

    def window(self) -> Window:
        return Window(tuple(sorted(WEEKDAYS.index(day) for day in self.days)), self.hours())


class OnCalendarIO(Strict):
    calendar: Id
    windows: list[HoursIO] = Field(max_length=MOST_WINDOWS, description="what holds on its dates; none: closed")

    @classmethod
    def of(cls, entry: CalendarHours) -> "OnCalendarIO":
        return cls(calendar=entry.calendar_id, windows=[HoursIO.of(hours) for hours in entry.hours])

    def made(self) -> CalendarHours:
        return CalendarHours(self.calendar, tuple(sorted(one.hours() for one in self.windows)))


class ScheduleIn(Strict):
    name: Name = Field(examples=["Nights"])
    windows: list[WindowIO] = Field(
        default_factory=list, max_length=MOST_WINDOWS, description="of a week; a window belongs to the day it starts on"
    )
    on_calendar: list[OnCalendarIO] = Field(
        default_factory=list, max_length=100, description="of several calendars with one date the first counts"
    )


class ScheduleOut(EntryOut, ScheduleIn):
    pass


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def _calendar(body: CalendarIn, entry_id: str, _: Calendar | None) -> Calendar:
    return Calendar(entry_id, body.name, tuple(sorted(day.made() for day in body.days)))


def _schedule(body: ScheduleIn, entry_id: str, _: Schedule | None) -> Schedule:
    windows = tuple(sorted(window.window() for window in body.windows))
    return Schedule(entry_id, body.name, windows, tuple(entry.made() for entry in body.on_calendar))


CALENDARS = Kind(
    path="calendars",
    one="a calendar",
    part=Calendar,
    body=CalendarIn,
    out=CalendarOut,
    build=_calendar,
    fields=lambda calendar: {"name": calendar.name, "days": [DayIO.of(day) for day in sorted(calendar.days)]},
)
SCHEDULES = Kind(
    path="schedules",
    one="a schedule",
    part=Schedule,
    body=ScheduleIn,
    out=ScheduleOut,
    build=_schedule,
    fields=lambda schedule: {
        "name": schedule.name,
        "windows": [WindowIO.of_window(window) for window in sorted(schedule.windows)],
        "on_calendar": [OnCalendarIO.of(entry) for entry in schedule.on_calendar],
    },
)

for kind in (CALENDARS, SCHEDULES):
    add_routes(router, kind)
