"""Imports: upload a file of people, read its report row by row, apply, follow or cancel it."""

import asyncio
import csv
import io
import shutil
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import contextmanager_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from app.core.errors import FacegateError, TooLarge
from app.core.imports.people_encodings import CODECS
from app.core.imports.reports import OPEN, Import, ImportState, RowFilter, RowOutcome, RowReport
from app.core.types import Role
from app.web.api.cursors import not_ours
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Page
from app.web.edge import import_upload
from app.web.edge.streams import HEADERS
from app.web.fields import Words
from app.web.security import Admin, Credentials, SystemOf, allow, caller
from app.web.turns import FewExports, resting
from app.wiring import System

router = APIRouter(prefix="/v1/imports", tags=["Imports"])

_EVERY_S = 0.5
_STILL_ALLOWED = 30  # after so many looks the follower's role is checked again, and a comment keeps the line open
_ROOM = 500_000_000  # bytes of disk that an upload must leave


class ProblemOut(BaseModel):
    code: str = Field(examples=["blurred"])
    detail: str = Field(examples=["The photo is blurred; hold still and focus."])
    photo: str | None = Field(None, examples=["E-1001_2.jpg"], description="the file that this is about")


class RowOut(BaseModel):
    """What became of a row, or would become of it in a dry run. Nothing of a refused row is applied."""

    line: int = Field(examples=[17], description="line of the CSV; the header is line 1")
    number: str = Field(examples=["E-1001"])
    outcome: RowOutcome
    photos: int = Field(description="accepted photos")
    employee_id: str | None
    name: str = Field(description="empty in reports of earlier versions")
    recognisable: bool | None = Field(description="whether gates can recognise the person afterwards; null if refused")
    has_picture: bool = Field(description="whether `/rows/{line}/picture` has the refused photo")
    problems: list[ProblemOut]

    @classmethod
    def of(cls, row: RowReport) -> "RowOut":
        problems = [ProblemOut(code=p.code, detail=p.detail, photo=p.photo) for p in row.problems]
        return cls(**{**vars(row), "problems": problems})


class ImportOut(BaseModel):
    """How far an import has come. rows and photos are null until its files are read."""

    id: str
    state: ImportState
    dry_run: bool
    actor: str
    created_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    rows: int | None
    photos: int | None
    done: int = Field(description="rows processed")
    done_photos: int
    rows_per_s: float | None = Field(description="in this run")
    eta_s: float | None = Field(description="seconds left at that speed")
    counts: dict[str, int] = Field(
        examples=[{"added": 9990, "changed": 0, "unchanged": 0, "refused": 10, "problems": 31, "unrecognisable": 7}],
        description="rows by outcome, with problems, and of people left without a photo that gates can use",
    )
    encoding: str | None = Field(description="encoding that was named for the CSV")
    notices: list[str] = Field(description="about the files as a whole")
    detail: Words | None = Field(description="why it failed and what to do")

    @classmethod
    def of(cls, system: System, job: Import, counts: dict[str, int]) -> "ImportOut":
        now = system.clock()
        rate, left = job.rate(now), job.eta_s(now)
        fields = {name: getattr(job, name) for name in cls.model_fields if hasattr(job, name)}
        fields |= {
            "rows_per_s": None if rate is None else round(rate, 2),
            "eta_s": None if left is None else round(left, 1),
            "counts": counts,
            "notices": list(job.notices),
        }
        return cls(**fields)


class ImportWithRows(ImportOut):
    problems: Page[RowOut] = Field(description="the chosen rows, by default those with problems")


class Started(BaseModel):
    id: str = Field(examples=["01KAR3T9V5S0W8J6Q2X4Y7Z1AB"])


BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "csv": {"type": "string", "format": "binary", "description": "or people.csv in the zip"},
                        "photos": {"type": "string", "format": "binary", "description": "a zip"},
                        "dry_run": {"type": "boolean", "default": True},
                        "encoding": {
                            "type": "string",
                            "enum": list(CODECS),
                            "description": "of the CSV, and of names in the zip, where it is neither UTF-8 nor UTF-16",
                        },
                        "mapping": {
                            "type": "string",
                            "description": "JSON, if the CSV's columns are not named as ours, as in "
                            "`POST /v1/imports/{id}/mapping`",
                        },
                    },
                }
            }
        },
    }
}


@router.post("", status_code=202, summary="Upload a file of people", responses=CONFLICT, openapi_extra=BODY)
async def create(request: Request, system: SystemOf, who: Admin) -> Started:
    """A dry run, unless `dry_run=false`. It changes nothing, reports on each row and can be applied within a day.

    Where the CSV names its columns in its own way, send `mapping`. Without one, a dry run is `unmapped` until
    `POST /v1/imports/{id}/mapping` says what they mean, unless somebody mapped the same header before. An import that
    is no dry run fails.
    """
    declared = int(request.headers.get("content-length", 0))
    if declared > shutil.disk_usage(system.settings.data).free - _ROOM:
        raise TooLarge("disk_full", "The disk has no room for this upload. Free some space, or split the import.")
    async with contextmanager_in_threadpool(system.imports.receive()) as arriving:
        form = await import_upload.receive(request, arriving)
        submit = partial(system.imports.submit, dry_run=form.dry_run(), actor=who.name)
        job = await run_in_threadpool(partial(submit, encoding=form.encoding(), mapping=form.mapping()), arriving)
    return Started(id=job.id)


@router.get("", summary="List imports, newest first", responses=ERRORS)
def find(system: SystemOf, _: Admin) -> Page[ImportOut]:
    """Lists the last fifty."""
    return Page(items=[ImportOut.of(system, job, counts) for job, counts in system.import_reports.all()], next=None)


@router.get("/{import_id}", summary="Read an import and its rows", responses=ERRORS)
def read(
    import_id: str,
    system: SystemOf,
    _: Admin,
    outcome: RowOutcome | None = None,
    unrecognisable: Annotated[bool, Query(description="only people left without a photo that gates can use")] = False,
    all_rows: Annotated[bool, Query(description="also rows without problems")] = False,
    cursor: Annotated[str | None, Query(max_length=20)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ImportWithRows:
    """State, counts and a report for each row. Reports are kept for thirty days."""
    job, counts = system.import_reports.get(import_id)
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise not_ours()
    only_problems = not all_rows and outcome is None and not unrecognisable
    which = RowFilter(outcome, only_problems, unrecognisable, int(cursor or 0), limit + 1)
    found = system.import_reports.rows(import_id, which)
    rows: Page[RowOut] = Page(
        items=[RowOut.of(r) for r in found[:limit]], next=str(found[limit - 1].line) if found[limit:] else None
    )
    return ImportWithRows(**ImportOut.of(system, job, counts).model_dump(), problems=rows)


@router.get(
    "/{import_id}/report.csv", summary="Every row's report as CSV", responses=ERRORS, response_class=StreamingResponse
)
def report(import_id: str, system: SystemOf, _: Admin, _turn: FewExports) -> StreamingResponse:
    system.import_reports.get(import_id)

    def lines() -> Iterator[str]:
        rest = resting()
        for cells in system.import_reports.table(import_id):
            rest()
            line = io.StringIO()
            csv.writer(line).writerow(cells)
            yield line.getvalue()

    headers = {"Content-Disposition": 'attachment; filename="import.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get(
    "/{import_id}/events", summary="Follow an import as it runs", responses=ERRORS, response_class=StreamingResponse
)
async def events(
    import_id: str, request: Request, system: SystemOf, credentials: Credentials, _: Admin
) -> StreamingResponse:
    """Server-sent events: `progress`, the import without its rows, at each change until it or the service ends."""
    first = await run_in_threadpool(system.import_reports.get, import_id)
    streams = request.app.state.streams

    def still_allowed() -> bool:
        try:
            allow(caller(request, credentials, ""), Role.ADMIN)
        except FacegateError:  # signed out, or the database is gone: the browser reconnects and learns which
            return False
        return True

    async def stream() -> AsyncIterator[str]:
        found, sent, looks = first, "", 0
        while True:
            # Also when there is something to send at every look, as while an import runs.
            if (looks := looks + 1) % _STILL_ALLOWED == 0:
                if not await run_in_threadpool(still_allowed):
                    return
                yield ": still here\n\n"
            progress = ImportOut.of(system, *found).model_dump_json()
            if progress != sent:
                yield f"event: progress\ndata: {progress}\n\n"
                sent = progress
            if found[0].state not in OPEN or streams.closed or await request.is_disconnected():
                return
            await asyncio.sleep(_EVERY_S)
            found = await run_in_threadpool(system.import_reports.get, import_id)

    return StreamingResponse(stream(), media_type="text/event-stream", headers=HEADERS)


@router.post("/{import_id}/apply", status_code=202, summary="Apply a dry run", responses=CONFLICT)
def apply(import_id: str, system: SystemOf, _: Admin) -> Started:
    """Imports what the dry run has checked, from the same files."""
    return Started(id=system.imports.apply(import_id).id)


@router.post("/{import_id}/cancel", summary="Cancel an import", responses=CONFLICT)
def cancel(import_id: str, system: SystemOf, _: Admin) -> ImportOut:
    """What was applied stays. The uploaded files are destroyed."""
    system.imports.cancel(import_id)
    return ImportOut.of(system, *system.import_reports.get(import_id))
