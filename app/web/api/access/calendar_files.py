"""Calendars as iCalendar files (RFC 5545): what a file holds, and a calendar as a file."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from app.core.access.schedules import CalendarDay
from app.web.api.describe import BODY_ERRORS, ERRORS
from app.web.finished import left_out
from app.web.security import Admin, SystemOf
from app.web.turns import OneCalendar

router = APIRouter(prefix="/v1", tags=["Rules"])
MEDIA_TYPE = "text/calendar"
TEXT = {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}


class FileDayOut(BaseModel):
    """As the days of a calendar."""

    date: str = Field(examples=["2027-03-26"], description="of every year: month and day alone, such as 12-25")
    name: str | None = Field(examples=["Good Friday"])

    @classmethod
    def of(cls, day: CalendarDay) -> "FileDayOut":
        return cls(date=f"{day.date:%m-%d}" if day.yearly else str(day.date), name=day.name or None)


class CalendarFileOut(BaseModel):
    days: list[FileDayOut]
    left_out: list[str] = Field(examples=[["Summer party: it has a time of day, and a calendar holds whole days."]])


async def sent(request: Request) -> bytes:
    return await request.body()


@router.post(
    "/calendar-files",
    summary="Read an iCalendar file",
    responses=BODY_ERRORS,
    openapi_extra={"requestBody": {"required": True, "content": TEXT}},
)
def read(system: SystemOf, _: Admin, _turn: OneCalendar, raw: Annotated[bytes, Depends(sent)]) -> CalendarFileOut:
    """Nothing is stored: send the days that you want to a calendar. A yearly recurrence becomes a day of every year,
    others become their dates in the next ten years. At most 500 kB and 2000 events."""
    found = system.calendar_files.read(raw)
    return CalendarFileOut(
        days=[FileDayOut.of(day) for day in found.days], left_out=[left_out(one) for one in found.left_out]
    )


@router.get(
    "/calendars/{entry_id}/export.ics",
    summary="Export a calendar as an iCalendar file",
    responses={**ERRORS, 200: {"content": TEXT}},
    response_class=Response,
)
def export(entry_id: str, system: SystemOf, _: Admin) -> Response:
    name, file = system.calendar_files.export(entry_id)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}.ics"}
    return Response(file, media_type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers)
