"""Answers HEAD like GET, without a body, at every address, because monitors ask with HEAD."""

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def head_only(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b""})
            elif message.get("more_body"):
                # A stream might never end by itself, and nobody reads this one.
                answering.cancel()

        async def answer() -> None:
            await self.app({**scope, "method": "GET"}, receive, head_only)

        answering = asyncio.create_task(answer())
        try:
            await asyncio.wait({answering})
        finally:
            answering.cancel()  # if this task was cancelled
        with suppress(asyncio.CancelledError):
            answering.result()
