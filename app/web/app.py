"""Builds the HTTP application: limits, errors, the API under /v1, operations and the pages."""

from fastapi import FastAPI

from app.web import errors, health
from app.web.api.access import (
    calendar_files,
    decisions,
    directories,
    grants,
    muster,
    rule_questions,
    schedule_previews,
    tools,
    visits,
)
from app.web.api.access.rules import changes, groups, places, rules, times
from app.web.api.accounts import audit_trail, displays, keys, saved_views, users
from app.web.api.alerts import alerts, receivers
from app.web.api.cameras import cameras, previews
from app.web.api.describe import DescribedApp
from app.web.api.events import audit, corrections, events, stream
from app.web.api.gates import by_hand, gates, hardware
from app.web.api.imports import columns, imports
from app.web.api.people import (
    badge_enrolments,
    blocks,
    bulk,
    certificates,
    consents,
    contractors,
    credentials,
    employees,
    exports,
    invitations,
    photo_checks,
    photos,
    self_enrolment,
    subject_exports,
    unknown_faces,
)
from app.web.api.site import assessment, care, first_hour, operations, retention, settings, site
from app.web.console import render
from app.web.console.access import calendars as calendar_pages
from app.web.console.access import grants as grant_pages
from app.web.console.access import groups as group_pages
from app.web.console.access import muster as muster_page
from app.web.console.access import questions as access_questions
from app.web.console.access import rules as rule_pages
from app.web.console.access import schedules as schedule_pages
from app.web.console.access import zones as zone_pages
from app.web.console.accounts import audit_trail as audit_trail_page
from app.web.console.accounts import directories as directory_pages
from app.web.console.accounts import displays as display_pages
from app.web.console.accounts import language, provider, signin
from app.web.console.accounts import users as user_pages
from app.web.console.alerts import alerts as alert_pages
from app.web.console.alerts import corrections as correction_pages
from app.web.console.alerts import receivers as receiver_pages
from app.web.console.alerts.letters import alert_letters
from app.web.console.cameras import cameras as camera_pages
from app.web.console.contractors import contractors as contractor_pages
from app.web.console.contractors import sponsor
from app.web.console.events import activity, event, live, reports, who_is_this
from app.web.console.faults import as_page
from app.web.console.gates import gates as gate_pages
from app.web.console.imports import imports as import_pages
from app.web.console.people import employees as employee_pages
from app.web.console.people import enrolments as enrolment_page
from app.web.console.people import passes as pass_page
from app.web.console.people import person as person_pages
from app.web.console.people import self_enrolment as self_enrolment_page
from app.web.console.people import unknown_faces as unknown_pages
from app.web.console.site import all_settings, contract, quality, status
from app.web.console.site import care as care_page
from app.web.console.site import health as health_page
from app.web.console.site import mode as mode_page
from app.web.console.site import privacy as privacy_page
from app.web.console.site import retention as retention_page
from app.web.console.site import settings as site_page
from app.web.console.visits import own_pass
from app.web.console.visits import visits as visit_pages
from app.web.edge import admission, uploads
from app.web.edge.at_work import WhoIsAtWork
from app.web.edge.head import HeadAsGet
from app.web.edge.headers import SafeHeaders
from app.web.edge.limits import BodyLimit
from app.web.edge.proxies import Forwarded
from app.web.edge.streams import Streams
from app.web.language.choice import SiteLanguage, SpokenLanguage
from app.web.long_work import LongWork
from app.web.metrics import Metrics
from app.web.scim import routes as scim
from app.web.static_files import VersionedFiles
from app.web.warm import warm
from app.wiring import System
from app.wiring.watching import live_views
from app.worker.supervisor import Supervisor

# In the order of the navigation, which lists the pages that define LINKS. A page with a fixed path precedes the one
# that would take it for an id: `activity` precedes `event`, and `employee_pages` and `unknown_pages` `person_pages`.
PAGES = (
    status,
    live,
    muster_page,
    who_is_this,
    alert_pages,
    correction_pages,
    activity,
    event,
    reports,
    health_page,
    mode_page,
    employee_pages,
    self_enrolment_page,
    unknown_pages,
    enrolment_page,
    person_pages,
    pass_page,
    visit_pages,
    own_pass,
    contractor_pages,
    sponsor,
    import_pages,
    rule_pages,
    group_pages,
    schedule_pages,
    calendar_pages,
    zone_pages,
    grant_pages,
    access_questions,
    gate_pages,
    camera_pages,
    site_page,
    quality,
    care_page,
    retention_page,
    privacy_page,
    all_settings,
    signin,
    language,
    provider,
    user_pages,
    directory_pages,
    receiver_pages,
    audit_trail_page,
    display_pages,
    contract,
)

# In the order of the contract. `stream` precedes `events`, where the name would match as an event id, and so does
# `changes` precede `rules`. `columns` precedes `imports`, where its template would match as an import's id.
API = (
    decisions,
    employees,
    bulk,
    photos,
    photo_checks,
    badge_enrolments,
    invitations,
    consents,
    certificates,
    contractors,
    credentials,
    columns,
    unknown_faces,
    imports,
    exports,
    subject_exports,
    blocks,
    places,
    groups,
    times,
    changes,
    rules,
    grants,
    visits,
    muster,
    rule_questions,
    calendar_files,
    schedule_previews,
    gates,
    by_hand,
    hardware,
    cameras,
    previews,
    site,
    settings,
    first_hour,
    retention,
    assessment,
    care,
    alerts,
    receivers,
    keys,
    stream,
    events,
    corrections,
    audit,
    tools,
    users,
    saved_views,
    displays,
    directories,
    audit_trail,
)

ABOUT = """
Gate hardware, HR systems and scripts rely on this contract. It changes only by addition.

Send `Authorization: Bearer KEY`. Errors look like `{"error": "code", "detail": "what to do"}`. Lists page by `cursor`.
"""


def create_app(system: System, supervisor: Supervisor | None = None) -> FastAPI:
    """Returns the application that serves this system. The caller closes system and supervisor.

    supervisor: of the cameras that this process watches, if it watches any.
    """
    app = DescribedApp(
        title="Facegate",
        version="1",
        description=ABOUT,
        docs_url=None,  # the generated viewer loads scripts from another site, so /docs is our own page
        redoc_url=None,
        lifespan=warm,
        redirect_slashes=False,  # the contract has no redirects, and one would repeat the Host that was sent
    )
    app.state.system = system
    app.state.supervisor = supervisor
    app.state.health_checks = health.HealthChecks(system, supervisor)
    app.state.metrics = Metrics(system, supervisor)
    app.state.live_views = live_views(system)
    app.state.long_work = LongWork(system)
    app.state.alert_letters = alert_letters(system)
    app.state.streams = Streams(system.feed)
    system.on_decision.append(app.state.streams.wake)
    errors.install(app, as_page)
    most = system.settings.max_request_mb * 1_000_000
    uploads.keep_in_memory(most)
    app.add_middleware(WhoIsAtWork, system=system)  # the innermost, which sees the route
    app.add_middleware(BodyLimit, most=most, imports=system.settings.max_import_mb * 1_000_000, admit=admission.admit)
    app.add_middleware(SafeHeaders)
    app.add_middleware(SpokenLanguage, of_site=SiteLanguage(lambda: system.site_settings.get().language))
    app.add_middleware(HeadAsGet)
    app.add_middleware(  # the outermost, so that all others see the real caller and path
        Forwarded, trusted=system.settings.trusted_proxies, prefix=system.settings.path_prefix
    )
    # Not `include_router`, which builds every route a second time (0.2 s) and searches for it twice at each request.
    for part in (*API, operations, self_enrolment, scim, *PAGES):
        app.router.routes.extend(part.router.routes)
    app.state.navigation = render.navigation(PAGES)
    app.mount("/static", VersionedFiles(render.STATIC, render.STATIC_VERSION, render.MADE), name="static")
    return app
