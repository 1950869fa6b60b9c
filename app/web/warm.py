"""Does the slow first-time work before a process can be reached, so that no gate waits for it.

FastAPI prepares its routes and threads at the first request (0.2 s), and a template compiles when it is first shown
(5 to 25 ms).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import Message, Scope

from app.web.console.render import templates

# One that a thread answers, and one that matches no route.
PATHS = ("/healthz", "/nothing-is-here")


@asynccontextmanager
async def warm(app: FastAPI) -> AsyncIterator[None]:
    """The application's lifespan. Servers accept no connection before it has begun."""
    for name in templates.list_templates():
        templates.get_template(name)
    for path in PATHS:
        await _ask(app, path)
    yield


async def _ask(app: FastAPI, path: str) -> None:
    """Sends the application a request that touches no data."""
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
        """Drops the answer."""

    await app(scope, receive, send)
