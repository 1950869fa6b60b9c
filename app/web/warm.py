"""What a process does once, before it is reached: the first request would wait for it, and may be a gate's.

FastAPI makes the routes ready and loads its threads at the first request (0.2 s), and a page's template is compiled
when it is first shown (5 to 25 ms).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import Message, Scope

from app.web.console.render import templates

# One that a thread answers, and one that every route is asked for in vain.
PATHS = ("/healthz", "/nothing-is-here")


@asynccontextmanager
async def warm(app: FastAPI) -> AsyncIterator[None]:
    """The application's lifespan: servers accept nobody before it has begun."""
    for name in templates.list_templates():
        templates.get_template(name)
    for path in PATHS:
        await _ask(app, path)
    yield


async def _ask(app: FastAPI, path: str) -> None:
    """A request that touches no data, as the server would hand it over."""
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1")],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 0),
        "state": {},
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        """Nobody listens."""

    await app(scope, receive, send)
