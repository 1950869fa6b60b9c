"""Settings of the site: name, time zone, what guards may do, what people agree to, the language."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.access.rule_edits import version_of
from app.core.access.time_zones import zone_names
from app.core.site.settings import CONSENT, MOST_CONSENT_CHARS, MOST_GRANT_HOURS
from app.core.types import Role
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.language.catalog import ENGLISH, translated
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
LINKS = (Link("/settings/site", "Site", "gear", frozenset({Role.ADMIN}), section="settings"),)


@router.get("/settings/site", response_class=HTMLResponse)
def site(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    with system.store.read() as tx:
        rules = tx.rules.all()
    settings = system.site_settings.get()
    elsewhere = [gate for gate in rules.gates if gate.time_zone is not None]
    return render(
        request,
        "site/settings.html",
        person,
        sites=rules.sites,
        zones=sorted(zone_names()),
        elsewhere=elsewhere,
        guards_may_lock_down=settings.guards_may_lock_down,
        guard_hours=settings.guard_grant_max_hours,
        settings_version=version_of(settings),
        most_hours=MOST_GRANT_HOURS,
        consent_text=settings.consent_text or "",
        consent_required=settings.consent_required,
        our_consent=translated(CONSENT),
        most_consent=MOST_CONSENT_CHARS,
        site_language=settings.language or ENGLISH,
    )
