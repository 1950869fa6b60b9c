"""Bounds a request before anything reads it: an upload over the limit is refused while it streams in."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.errors import problem


class BodyLimit:
    """ASGI middleware: 413 for a body over `most` bytes, declared or not."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app = app
        self.most = most
        self.detail = f"The request is larger than {most // 1_000_000} MB; send fewer or smaller images."

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self.most:
            # Closing spares reading the rest of an upload that nobody wants.
            answer = problem(413, "request_too_large", self.detail, {"Connection": "close"})
            await answer(scope, receive, send)
            return
        seen = 0

        async def bounded() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.most:
                # An HTTPException passes through FastAPI's body parsing, which hides every other.
                raise HTTPException(413, self.detail, {"Connection": "close"})
            return message

        await self.app(scope, bounded, send)
