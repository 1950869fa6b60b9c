"""Puts the HTTP application together: bounds, errors, the API under /v1, operations, the pages."""

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from app.web import errors, uploads
from app.web.api import audit, decisions, employees, events, gates, keys, operations, photos, tools
from app.web.console import pages
from app.web.headers import SafeHeaders
from app.web.limits import BodyLimit
from app.web.metrics import Metrics
from app.wiring import System

ABOUT = """
Gate hardware, HR systems and scripts are written against this contract; it changes only by addition.

Send `Authorization: Bearer KEY`. Errors look like `{"error": "code", "detail": "what to do"}`. Lists page by `cursor`.
"""


def create_app(system: System) -> FastAPI:
    """The application that serves this system. It does not own it: whoever opened the system closes it."""
    app = FastAPI(
        title="Facegate",
        version="1",
        description=ABOUT,
        docs_url=None,  # the generated viewer loads scripts from another site; /docs is our own page
        redoc_url=None,
        redirect_slashes=False,  # a redirect is no answer of the contract, and repeats the Host it was sent
    )
    app.state.system = system
    app.state.metrics = Metrics(system)
    errors.install(app)
    most = system.settings.max_request_mb * 1_000_000
    uploads.keep_in_memory(most)
    app.add_middleware(BodyLimit, most=most)
    app.add_middleware(SafeHeaders)
    for resource in (decisions, employees, photos, gates, keys, events, audit, tools):
        app.include_router(resource.router, prefix="/v1")
    app.include_router(operations.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    return app
