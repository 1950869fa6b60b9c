"""Backup and health: what is wrong or could be better, each with a button, and the long work that keeps a site well."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.core.access.rule_edits import version_of
from app.core.accounts.users import Method, SignIn, SignInOutcome
from app.core.site.backup import LEAST_PASSPHRASE, MOST_KEPT, age_in_words
from app.core.types import Role
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.health import State
from app.web.long_work import long_work
from app.web.security import SystemOf
from app.wiring import System
from app.wiring.findings import Finding, Mend, of_running_service
from app.wiring.packs import known_packs

router = APIRouter(include_in_schema=False)
LINKS = (Link("/settings/care", "Backup & health", "health", frozenset({Role.ADMIN}), section="settings"),)
SHOWN = 14
WORST_FIRST = (State.FAILS, State.LIMITED, State.WORKS)
# Where a button leads, for those that only lead somewhere.
PLACES = {
    Mend.SHOW_PEOPLE: ("/employees", "Show people"),
    Mend.SHOW_KEYS: ("/keys", "Show keys"),
    Mend.CHOOSE_FOLDER: ("#backup", "Choose a folder"),
}
BUTTONS = {
    Mend.CONFIRM_CLOCK: "The clock is right",
    Mend.MOVE_TEMPLATES: "Make them again",
    Mend.BACK_UP: "Back up now",
}


@dataclass(frozen=True)
class Provider:
    """How signing in through the provider goes. last: the newest sign-in through it."""

    issuer: str
    last: SignIn | None

    @property
    def state(self) -> State:
        if self.last is None:
            return State.LIMITED
        return State.WORKS if self.last.outcome is SignInOutcome.SIGNED_IN else State.LIMITED


@router.get("/settings/care", response_class=HTMLResponse)
def care(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    settings, work = system.site_settings.get(), long_work(request)
    found = list(of_running_service(system))
    newest, signing_in = system.backups.newest_good(), provider(system)
    states = [*map(state_of, found), *([signing_in.state] if signing_in else [])]
    return render(
        request,
        "site/care.html",
        person,
        found=sorted(found, key=lambda one: WORST_FIRST.index(state_of(one))),
        overall=min(states, key=WORST_FIRST.index),
        state_of=state_of,
        places=PLACES,
        buttons=BUTTONS,
        settings=settings,
        settings_version=version_of(settings),
        backups=system.backups.known(SHOWN),
        backup_work=work.backup.now(),
        newest=newest,
        age=age_in_words(system.clock() - newest.at) if newest else "",
        most_kept=MOST_KEPT,
        least_passphrase=LEAST_PASSPHRASE,
        verification=work.verification.now(),
        packs=known_packs(system.settings),
        served=system.recognition.pack_digest,
        move=work.move.now(),
        provider=signing_in,
    )


def state_of(finding: Finding) -> State:
    if finding.ok is False:
        return State.FAILS
    return State.LIMITED if finding.is_limited else State.WORKS


def provider(system: System) -> Provider | None:
    found = system.accounts.federation.provider()
    if found is None:
        return None
    with system.store.read() as tx:
        last = tx.sign_ins.find(limit=1, method=Method.PROVIDER)
    return Provider(found.issuer, last[0] if last else None)
