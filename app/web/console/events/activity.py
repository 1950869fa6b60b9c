"""Activity: the log for people. Filters are in the address; rows of events, orders and alerts; a timeline; live."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.core.canonical import instant
from app.core.events.time_range import EXAMPLES, TimeRange, written_range
from app.services.accounts.sessions import SignedIn
from app.web.console.events.activity_filters import QUICK, ActivityFilters, read_filters
from app.web.console.events.activity_rows import page_of_rows
from app.web.console.events.live import BRIEFLY
from app.web.console.events.printed import printed
from app.web.console.render import Link, render
from app.web.console.session import AnyPage
from app.web.console.words import REASONS
from app.web.security import SystemOf
from app.web.turns import FewLists

router = APIRouter(include_in_schema=False)
LINKS = (Link("/activity", "Activity", "log"),)
HIGH = 100  # of the timeline's drawing, in its own units


@router.get("/activity", response_class=HTMLResponse)
def activity(request: Request, system: SystemOf, person: AnyPage, _turn: FewLists) -> HTMLResponse:
    filters = read_filters(request.query_params, system)
    rows, after = page_of_rows(system, filters, None)
    return render(
        request,
        "events/activity.html",
        person,
        400 if filters.problems else 200,
        rows=rows,
        next=after,
        filters=filters,
        fields=filters.fields,
        quick=QUICK,
        examples=EXAMPLES,
        views=system.accounts.saved_views.of(person.user.id),
        gates=[(gate.name, gate.name) for gate in system.gates.all()],
        cameras=[(camera.name, camera.name) for camera in system.cameras.all()],
        reasons=REASONS,
        printed=printed(system, person),
    )


@router.get("/activity/rows", response_class=HTMLResponse)
def more_rows(
    request: Request,
    system: SystemOf,
    person: AnyPage,
    _turn: FewLists,
    cursor: Annotated[str, Query(max_length=64)] = "",
) -> HTMLResponse:
    """The rows after an event, which the page loads on scrolling; without one, the newest, when something happened."""
    filters = read_filters(request.query_params, system)
    rows, after = page_of_rows(system, filters, cursor or None)
    return render(request, "events/activity_rows.html", person, rows=rows, next=after, filters=filters, reasons=REASONS)


@router.get("/activity/timeline", response_class=HTMLResponse)
def timeline(request: Request, system: SystemOf, person: AnyPage, _turn: FewLists) -> HTMLResponse:
    """How many events fall into each part of the range. The page loads it when its rows are there."""
    filters = read_filters(request.query_params, system)
    return _timeline(request, system, person, filters)


def _timeline(request: Request, system: SystemOf, person: SignedIn, filters: ActivityFilters) -> HTMLResponse:
    edges = [] if filters.problems else filters.drawn()
    counts = system.events.counts(filters.which(), edges) if edges else []
    ranges = {}
    if edges:
        since, until, zone = edges[0], edges[-1], filters.clocks.zone
        wide = until - since
        ranges = {
            words: filters.with_range(written_range(TimeRange(*ends), zone))
            for words, ends in {
                "Earlier": (since - wide, since),
                "Later": (until, until + wide),
                "Wider": (since - wide, until + wide),
            }.items()
            if ends[0] < filters.clocks.now
        }
    most = max(counts, default=0)
    return render(
        request,
        "events/timeline.html",
        person,
        edges=edges,
        edges_text=[instant(at) for at in edges],
        bars=[HIGH * count / most if most else 0.0 for count in counts],
        counts=counts,
        most=most,
        ranges=ranges,
    )


@router.get("/activity/{event_id}/face", response_class=Response)
def face(event_id: str, system: SystemOf, _: AnyPage) -> Response:
    """The gate's picture as small as a row shows it."""
    return Response(system.event_faces.of(event_id), media_type="image/jpeg", headers=BRIEFLY)


@router.get("/log")
@router.get("/log/{rest:path}")
def former_address(request: Request, rest: str = "") -> RedirectResponse:
    """The page was called Log. Bookmarks lead on, with their filters."""
    path = f"/activity/{quote(rest)}" if rest else "/activity"
    return RedirectResponse(path + (f"?{request.url.query}" if request.url.query else ""), 308)
