"""Puts the HTTP application together: bounds, errors, the API under /v1, operations, the pages."""

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from app.web import admission, errors, health, uploads
from app.web.api import (
    audit,
    by_hand,
    cameras,
    corrections,
    decisions,
    employees,
    events,
    exports,
    gates,
    imports,
    keys,
    operations,
    photo_checks,
    photos,
    site,
    stream,
    tools,
    users,
)
from app.web.console import contract, live, log, pictures, provider, render, signin, status
from app.web.console import employees as employee_pages
from app.web.console import health as health_page
from app.web.console import imports as import_pages
from app.web.console import users as user_pages
from app.web.console.faults import as_page
from app.web.head import HeadAsGet
from app.web.headers import SafeHeaders
from app.web.limits import BodyLimit
from app.web.metrics import Metrics
from app.web.proxies import Forwarded
from app.web.streams import Streams
from app.web.warm import warm
from app.wiring import System
from app.worker.supervisor import Supervisor

# In the navigation's order; a page stands in it if it defines LINKS.
PAGES = (
    status,
    live,
    log,
    pictures,
    health_page,
    employee_pages,
    import_pages,
    signin,
    provider,
    user_pages,
    contract,
)

# In the contract's order; `stream` before the events, whose ids its name would look like.
API = (
    decisions,
    employees,
    photos,
    photo_checks,
    imports,
    exports,
    gates,
    by_hand,
    cameras,
    site,
    keys,
    stream,
    events,
    corrections,
    audit,
    tools,
    users,
)

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
        lifespan=warm,
        redirect_slashes=False,  # a redirect is no answer of the contract, and repeats the Host it was sent
    )
    app.state.system = system
    app.state.supervisor = supervisor
    app.state.glances = health.Glances(system, supervisor)
    app.state.metrics = Metrics(system, supervisor)
    app.state.streams = Streams(system.feed)
    system.on_decision.append(app.state.streams.wake)
    errors.install(app, as_page)
    most = system.settings.max_request_mb * 1_000_000
    uploads.keep_in_memory(most)
    app.add_middleware(BodyLimit, most=most, imports=system.settings.max_import_mb * 1_000_000, admit=admission.admit)
    app.add_middleware(SafeHeaders)
    app.add_middleware(HeadAsGet)
    app.add_middleware(  # the outermost: all others see the caller and the path as they are
        Forwarded, trusted=system.settings.trusted_proxies, prefix=system.settings.path_prefix
    )
    for resource in API:
        app.include_router(resource.router, prefix="/v1")
    app.include_router(operations.router)
    for page in PAGES:
        app.include_router(page.router)
    app.state.navigation = render.navigation(PAGES)
    app.mount("/static", StaticFiles(directory=render.STATIC), name="static")
    return app
