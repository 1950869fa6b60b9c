"""Bounds a request before anything reads it: an upload over the limit is refused while it streams in.

It also has to arrive in time: a body that trickles in holds a connection that somebody at a gate may need.

JSON has a limit of its own: it is parsed before the key is looked at, and 30 MB of brackets take seconds of a core.
"""

import asyncio
from time import perf_counter

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.errors import problem

MOST_JSON = 100_000
IMPORT = ("POST", "/v1/imports")
RECEIVED_S = "received_s"  # in a request's state: set already where its connection waited to be accepted
SLOWEST_BYTES_S = 100_000
BODY_WITHIN_S = 30.0


def received_s(request: Request) -> float:
    """When the request began to arrive, on `time.perf_counter`: waiting for its turn counts as waiting."""
    at: float = getattr(request.state, RECEIVED_S)
    return at


class BodyLimit:
    """ASGI middleware: 413 for a body over `most` bytes, or JSON over `MOST_JSON`, declared or not.

    imports: most bytes of an import, which is streamed to the disk; it may take as long as it keeps its pace.
    """

    def __init__(self, app: ASGIApp, most: int, imports: int) -> None:
        self.app = app
        self.most = most
        self.imports = imports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began_s = perf_counter()
        scope.setdefault("state", {}).setdefault(RECEIVED_S, began_s)
        headers = dict(scope["headers"])
        most, detail = (
            self.most,
            f"The request is larger than {self.most // 1_000_000} MB; send fewer or smaller images.",
        )
        pace = float("inf")
        if (scope["method"], scope["path"]) == IMPORT:
            most, pace = self.imports, SLOWEST_BYTES_S
            detail = f"The import is larger than {most // 1_000_000} MB; split it."
        if b"json" in headers.get(b"content-type", b"").lower():
            most, detail = MOST_JSON, f"JSON of more than {MOST_JSON // 1000} kB is no request of ours; send less."
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit() or len(declared) > 15 or int(declared) > most:
            # Closing spares reading the rest of an upload that nobody wants.
            answer = problem(413, "request_too_large", detail, {"Connection": "close"})
            await answer(scope, receive, send)
            return
        seen = 0
        complete = False

        async def bounded() -> Message:
            nonlocal seen, complete
            if complete:
                return await receive()  # tells of a hang-up, whenever that is
            try:
                message = await asyncio.wait_for(receive(), began_s + BODY_WITHIN_S + seen / pace - perf_counter())
            except TimeoutError:
                raise HTTPException(408, "The body did not arrive in time.", {"Connection": "close"}) from None
            complete = not message.get("more_body", False)
            seen += len(message.get("body", b""))
            if seen > most:
                # An HTTPException passes through FastAPI's body parsing, which hides every other.
                raise HTTPException(413, detail, {"Connection": "close"})
            return message

        await self.app(scope, bounded, send)
