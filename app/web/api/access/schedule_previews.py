"""What a schedule comes to before it is saved: for the page that draws one."""

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.access.schedules import MOST_WINDOWS, clock
from app.core.errors import BadInput
from app.services.access.rules.schedule_preview import Preview, PreviewDay
from app.web.api.access.rules.entries import named_field
from app.web.api.access.rules.times import OnCalendarIO, WindowIO
from app.web.api.describe import BODY_ERRORS
from app.web.api.schemas import Moment, Strict
from app.web.fields import Words
from app.web.security import Admin, SystemOf

router = APIRouter(prefix="/v1", tags=["Rules"])


class PreviewIn(Strict):
    """As a schedule's."""

    windows: list[WindowIO] = Field(default_factory=list, max_length=MOST_WINDOWS)
    on_calendar: list[OnCalendarIO] = Field(default_factory=list, max_length=100)


class PreviewDayOut(BaseModel):
    date: date
    weekday: str = Field(examples=["Fri"])
    words: Words = Field(examples=["22:00 to 06:00"], description="the windows that start on it, or closed")
    calendar: str | None = Field(description="the name of the calendar whose hours hold on it")
    open: list[tuple[int, int]] = Field(
        examples=[[[0, 360], [1320, 1440]]], description="minutes of the day that are open; the end is not included"
    )

    @classmethod
    def of(cls, day: PreviewDay) -> "PreviewDayOut":
        words = ", ".join(f"{clock(hours.start_min)} to {clock(hours.end_min)}" for hours in sorted(day.hours))
        return cls(
            date=day.date, weekday=f"{day.date:%a}", words=words or "closed", calendar=day.calendar, open=list(day.open)
        )


class PreviewOut(BaseModel):
    words: Words = Field(examples=["Closed now. Next: opens Mon 07:00."])
    next_opening: Moment | None = Field(description="null while it is open, and if it does not open within a year")
    days: list[PreviewDayOut] = Field(description="the next 14 days on the clock of the first site")
    warnings: list[Words]

    @classmethod
    def of(cls, preview: Preview) -> "PreviewOut":
        days = [PreviewDayOut.of(day) for day in preview.days]
        return cls(words=preview.words, next_opening=preview.next_opening, days=days, warnings=list(preview.warnings))


@router.post("/schedule-previews", summary="See what a schedule comes to", responses=BODY_ERRORS)
def preview(system: SystemOf, _: Admin, body: PreviewIn) -> PreviewOut:
    """Nothing is stored."""
    try:
        windows = tuple(window.window() for window in body.windows)
        calendars = tuple(entry.made() for entry in body.on_calendar)
        return PreviewOut.of(system.schedule_previews.preview(windows, calendars))
    except BadInput as error:
        raise named_field(error, "schedules") from error
