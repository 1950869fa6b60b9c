"""The live stream of what happens at the site."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from app.core.accounts.users import SCREEN_ROLES
from app.web.api.describe import ERRORS
from app.web.edge.streams import EventStream, Streams
from app.web.security import Credentials, ScreenReader, allow, caller

router = APIRouter(prefix="/v1", tags=["Events"])
STREAM = {**ERRORS, 200: {"description": "server-sent events", "content": {"text/event-stream": {}}}}


@router.get("/events/stream", summary="Events as they happen", responses=STREAM, response_class=StreamingResponse)
async def stream(
    request: Request,
    credentials: Credentials,
    _: ScreenReader,
    after: Annotated[str | None, Query(max_length=64, description="the id of the event to begin after")] = None,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> EventStream:
    """Server-sent events. `decision` holds an event as in the list; its id is the event's. `gate_result`, `alert`,
    `camera` and `gate` hold what changed; the present state comes first. `gap`: you missed more than is sent, so list
    the events. `fault`: the service cannot read the database, or can again. `beat`: the service lives, every 5 s.
    After a break, at most 200 decisions are repeated, some of which you may have seen.
    """
    streams: Streams = request.app.state.streams
    return EventStream(streams, last_event_id or after, lambda: allow(caller(request, credentials, ""), *SCREEN_ROLES))
