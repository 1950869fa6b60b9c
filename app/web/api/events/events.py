"""The log: every decision as it was answered, with its place in the chain."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from app.core.accounts.users import Principal
from app.core.canonical import moment
from app.core.events.records import EventFilter
from app.core.types import Reason, Verdict
from app.services.access.site_clock import WallClocks
from app.services.alerts.alert_list import actors
from app.web.api.cursors import IdCursor
from app.web.api.describe import ERRORS
from app.web.api.people.photos import PRIVATE
from app.web.api.schemas import EventOut, Page, PictureOut, When
from app.web.csv_file import CSV, csv_lines
from app.web.fields import PlainText
from app.web.security import Reader, ScreenReader, SystemOf
from app.web.turns import FewExports, FewLists, resting

router = APIRouter(prefix="/v1", tags=["Events"])

GateName = Annotated[str | None, Query(max_length=64)]
CameraName = Annotated[str | None, Query(max_length=64)]
EmployeeId = Annotated[str | None, Query(max_length=64, description="an employee's id")]
Called = Annotated[
    PlainText | None,
    Query(max_length=200, description="finds people by name or number, at most 200, as their list does"),
]
Since = Annotated[When | None, Query(alias="from")]
Until = Annotated[When | None, Query(alias="to")]
MOST_EXPORTED = 100_000  # about a minute of one core
CSV_PAGE = 200  # a page of 500 took over 5 s on a machine with a load of 15, and the file broke off
CSV_COLUMNS = (
    "at",
    "gate",
    "decision",
    "reason",
    "number",
    "name",
    "similarity",
    "threshold",
    "decision_id",
    "hash",
    "ordered_by",
    "comment",
    "credential",
)


@router.get("/events", summary="List events, newest first", responses=ERRORS)
def find(
    system: SystemOf,
    _: Reader,
    _turn: FewLists,
    cursor: IdCursor,
    gate: GateName = None,
    employee: EmployeeId = None,
    decision: Verdict | None = None,
    reason: Reason | None = None,
    camera: CameraName = None,
    q: Called = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[EventOut]:
    people = system.events.people(employee, q or "")
    which = EventFilter(gate, None, decision, reason, since, until, cursor, limit + 1, camera, people)
    found = system.events.find(which)
    more = len(found) > limit
    return Page(
        items=[EventOut.model_validate(event.json()) for event in found[:limit]],
        next=found[limit - 1].id if more else None,
    )


@router.get("/events.csv", summary="Events as CSV", responses=ERRORS, response_class=StreamingResponse)
def as_csv(
    system: SystemOf,
    who: Reader,
    _turn: FewExports,
    gate: GateName = None,
    employee: EmployeeId = None,
    decision: Verdict | None = None,
    reason: Reason | None = None,
    camera: CameraName = None,
    q: Called = None,
    since: Since = None,
    until: Until = None,
    head: Annotated[
        bool, Query(description="begin with lines `# fact,value`: site, zone, range, filters, made by")
    ] = False,
) -> StreamingResponse:
    """All matching events, newest first, at most 100,000. Times are on the gate's clock, with its offset from UTC."""
    clocks = system.site_clock.read()
    people = system.events.people(employee, q or "")
    which = EventFilter(gate, None, decision, reason, since, until, None, CSV_PAGE, camera, people)
    system.events.check_export(which, MOST_EXPORTED)
    about = _facts(clocks, who, which, q, employee)
    system.trail.exported("events", "; ".join(f"{name} {value}" for name, value in about[2:4]), employee)
    facts = about if head else []

    def rows() -> Iterator[Iterable[object]]:
        for name, value in facts:
            yield (f"# {name}", value)
        yield CSV_COLUMNS
        with system.store.read() as tx:
            names = actors(tx)
        before: str | None = None
        rest = resting()
        while page := system.events.find(replace(which, before=before)):
            for event in page:
                rest()
                person = event.decision.employee if event.decision is not None else None
                flat = {**event.json(), **({} if person is None else {"number": person.number, "name": person.name})}
                local = moment(flat["at"]).astimezone(clocks.zone_of(flat["gate"]))
                flat["at"] = local.isoformat(timespec="milliseconds")
                if used := flat.get("credential"):
                    flat["credential"] = used["last_four"]
                if by := flat.get("actor"):
                    flat["ordered_by"] = names.get(by, by)
                yield [flat.get(column) for column in CSV_COLUMNS]
            before = page[-1].id

    return StreamingResponse(csv_lines(rows()), media_type=CSV, headers=PRIVATE)


@router.get("/events/{event_id}", summary="One event", responses=ERRORS)
def read(event_id: str, system: SystemOf, _: Reader) -> EventOut:
    return EventOut.model_validate(system.events.get(event_id).json())


@router.get("/events/{event_id}/snapshot", summary="The picture of an event", responses=ERRORS, response_class=Response)
def snapshot(event_id: str, system: SystemOf, _: ScreenReader) -> Response:
    return Response(system.events.snapshot(event_id), media_type="image/jpeg", headers=PRIVATE)


@router.get("/events/{event_id}/pictures", summary="The pictures of an event", responses=ERRORS)
def pictures(event_id: str, system: SystemOf, _: Reader) -> Page[PictureOut]:
    """The best picture comes first. FACEGATE_ENROL_FROM_GATE keeps more than one: the best usable frames."""
    kept = system.events.pictures(event_id)
    return Page(items=[PictureOut(number=i, size=len(data)) for i, data in enumerate(kept, 1)], next=None)


@router.get(
    "/events/{event_id}/pictures/{number}", summary="One picture of an event", responses=ERRORS, response_class=Response
)
def picture(event_id: str, number: int, system: SystemOf, _: Reader) -> Response:
    found = system.events.picture(event_id, number)
    system.trail.seen("event_pictures", event_id)
    return Response(found, media_type="image/jpeg", headers=PRIVATE)


def _facts(
    clocks: WallClocks, who: Principal, which: EventFilter, q: str | None, employee: str | None
) -> list[tuple[str, str]]:
    """What somebody must know who is handed the file: where it is from, what it holds, who made it and when."""
    chosen = {
        "gate": which.gate,
        "decision": which.verdict,
        "reason": which.reason,
        "camera": which.camera,
        "name or number": q,
        "employee": employee,
    }
    return [
        ("site", clocks.site),
        ("time zone", clocks.zone.key),
        ("from", "the first event" if which.since is None else _local(which.since, clocks.zone)),
        ("until", "now" if which.until is None else _local(which.until, clocks.zone)),
        ("filters", ", ".join(f"{name} {value}" for name, value in chosen.items() if value) or "none"),
        ("made at", _local(clocks.now, clocks.zone)),
        ("made by", who.name or who.id),
    ]


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")
