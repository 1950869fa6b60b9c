"""Does the slow first-time work before somebody waits for it.

Before a process can be reached: FastAPI prepares its middleware and threads at the first request, and a template
compiles when it is first shown (5 to 25 ms). Afterwards, beside the gates: the first list of 10,000 people would unseal
them all (0.9 s).
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event, Thread
from time import monotonic

from fastapi import FastAPI
from starlette.types import Message, Scope

from app.core.errors import FacegateError
from app.core.ports.store import Store
from app.web.console.render import templates

logger = logging.getLogger(__name__)

# One that a thread answers, and one that matches no route.
PATHS = ("/healthz", "/nothing-is-here")
PEOPLE_AT_ONCE = 100


@asynccontextmanager
async def warm(app: FastAPI) -> AsyncIterator[None]:
    """The application's lifespan. Servers accept no connection before it has begun."""
    for name in templates.list_templates():
        templates.get_template(name)
    for path in PATHS:
        await _ask(app, path)
    ended = Event()
    Thread(target=unseal_people, args=(app.state.system.store, ended), name="unseal-people", daemon=True).start()
    yield
    ended.set()


def unseal_people(store: Store, ended: Event) -> None:
    """Unseals all people, in half of one thread's time. What it does not reach, a list unseals."""
    last: str | None = ""
    try:
        while last is not None:
            began_s = monotonic()
            with store.read() as tx:
                last = tx.employees.open_after(last, PEOPLE_AT_ONCE)
            if ended.wait(monotonic() - began_s):
                return
    except FacegateError as error:
        logger.warning("people_not_unsealed why=%s", type(error).__name__)


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
