"""Puts the HTTP application together: bounds, errors, the API under /v1, operations, the pages."""

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from app.web import errors, health, uploads
from app.web.api import audit, cameras, decisions, employees, events, gates, keys, operations, photos, site, tools
from app.web.console import pages
from app.web.headers import SafeHeaders
from app.web.limits import BodyLimit
from app.web.metrics import Metrics
from app.wiring import System
from app.worker.supervisor import Supervisor

ABOUT = """
Gate hardware, HR systems and scripts are written against this contract; it changes only by addition.

Send `Authorization: Bearer KEY`. Errors look like `{"error": "code", "detail": "what to do"}`. Lists page by `cursor`.
"""


def create_app(system: System, supervisor: Supervisor | None = None) -> FastAPI:
    """The application that serves this system. It owns neither: whoever opened them closes them.

    supervisor: of the cameras that this process watches, if it does.
    """
    app = FastAPI(
        title="Facegate",
        version="1",
        description=ABOUT,
        docs_url=None,  # the generated viewer loads scripts from another site; /docs is our own page
        redoc_url=None,
        redirect_slashes=False,  # a redirect is no answer of the contract, and repeats the Host it was sent
    )
    app.state.system = system
    app.state.supervisor = supervisor
    app.state.glances = health.Glances(system, supervisor)
    app.state.metrics = Metrics(system, supervisor)
    errors.install(app)
    most = system.settings.max_request_mb * 1_000_000
    uploads.keep_in_memory(most)
    app.add_middleware(BodyLimit, most=most)
    app.add_middleware(SafeHeaders)
    for resource in (decisions, employees, photos, gates, cameras, site, keys, events, audit, tools):
        app.include_router(resource.router, prefix="/v1")
    app.include_router(operations.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    return app
