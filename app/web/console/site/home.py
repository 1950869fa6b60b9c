"""The home page of people who signed in: what a new site still lacks, then today."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from app import machine
from app.core.alerts.alert import CRITICAL, AlertFilter, AlertKind, AlertState
from app.core.gates.commands import DriverKind
from app.core.gates.gate import Gate
from app.core.site.backup import OLD_AFTER, age_in_words
from app.core.site.first_hour import PEOPLE, SiteFacts, StepName, StepState, finished, steps
from app.core.types import Role
from app.services.access.site_clock import WallClocks
from app.services.accounts.sessions import SignedIn
from app.services.site.today import NAMED
from app.web import health
from app.web.console.gates.gates import adding
from app.web.console.hardware import test_gates
from app.web.console.render import MOST_COUNTED, render
from app.web.console.words import REASONS
from app.web.language.catalog import counted, now
from app.web.language.dates import weekday
from app.web.security import is_local
from app.wiring import System


@dataclass(frozen=True)
class StepView:
    """One step in words. line: what is there already, or what to do."""

    name: StepName
    state: StepState
    title: str
    line: str


def home(request: Request, system: System, person: SignedIn) -> HTMLResponse:
    """Everybody sees today; admins see the first hour too, until one of them ends it."""
    checks: dict[str, health.Check] = request.app.state.health_checks()
    state, clocks = health.overall(checks), system.site_clock.read()
    admin = person.principal.may(Role.ADMIN)
    facts = system.first_hour.facts(system.gallery.count)
    found = steps(facts)
    first_hour = admin and not system.site_settings.get().first_hour_over
    shows_today = facts.gates > 0 and (not first_hour or finished(found))
    lacking = [
        words
        for lacks, words in (
            (not facts.gates, "There is no gate yet."),
            (
                bool(facts.gates) and not facts.eyes,
                "Nobody is seen yet: no camera watches, no controller has a key.",
            ),
            (not facts.enrolled, "Nobody can be recognised yet: nobody has a photo."),
        )
        if lacks
    ]
    context: dict[str, Any] = _first_hour(system, facts) if first_hour else {}
    if shows_today:
        context |= _today(system, clocks, admin)
    return render(
        request,
        "site/home.html",
        person,
        checks=checks,
        state=state,
        lacking=lacking,
        admin=admin,
        first_hour=first_hour,
        finished=finished(found),
        steps=[_view(facts, clocks.zone.key, step.name, step.state) for step in found] if first_hour else [],
        first_key=system.first_hour.key() if admin else None,
        doctor=machine.command(system.settings.data, "doctor") if is_local(request) or admin else "",
        shows_today=shows_today,
        **context,
    )


def _first_hour(system: System, facts: SiteFacts) -> dict[str, Any]:
    gates, tests = system.gates.all(), test_gates(system)
    gate = _first(gates, tests)
    return {
        **adding(system),
        "gate": gate,
        "asks_us": gate is not None and gate.driver is DriverKind.PLAIN,
        "enrolled": facts.enrolled,
        "wanted_people": PEOPLE,
    }


def _first(gates: list[Gate], tests: set[str]) -> Gate | None:
    """The gate that the steps are about: one with hardware if there is any, else the first."""
    return next((gate for gate in gates if gate.name not in tests), gates[0] if gates else None)


def _view(facts: SiteFacts, zone: str, name: StepName, state: StepState) -> StepView:
    left = PEOPLE - facts.enrolled
    titles = {
        StepName.SITE: "Name the site",
        StepName.GATE: "Add the first gate",
        StepName.HARDWARE: "Connect its hardware",
        StepName.EYES: "Add a camera",
        StepName.PEOPLE: "Add three people",
        StepName.PASS: "Watch one person pass",
    }
    done = {
        StepName.SITE: f"Its clock is {zone}.",
        StepName.GATE: counted("{count} gate.", "{count} gates.", facts.gates),
        StepName.HARDWARE: counted(
            "{driven} of {count} gate can open.",
            "{driven} of {count} gates can open.",
            facts.gates,
            driven=facts.driven,
        ),
        StepName.EYES: "Somebody is seen there.",
        StepName.PEOPLE: f"{facts.enrolled} people can be recognised.",
        StepName.PASS: "Somebody was recognised and let in.",
    }
    todo = {
        StepName.SITE: "It stands on every printed page, and its clock decides what “today” is.",
        StepName.GATE: "A door, or one lane of a turnstile.",
        StepName.HARDWARE: "Choose what opens it, and open it once. Without any it is a test gate, and you can go on.",
        StepName.EYES: "It sees who comes. A controller that sends pictures itself needs a key instead.",
        StepName.PEOPLE: f"Each with a photo; {left} to go.",
        StepName.PASS: "Let one of them walk up to the gate.",
    }
    skipped = {
        StepName.SITE: "Skipped: the site is called “Site”.",
        StepName.HARDWARE: "Skipped: only a test gate, where nothing opens.",
    }
    words = {StepState.DONE: done, StepState.SKIPPED: skipped}.get(state, todo)
    return StepView(name, state, titles[name], words[name])


def _today(system: System, clocks: WallClocks, admin: bool) -> dict[str, Any]:
    midnight = datetime.combine(clocks.today, time(), clocks.zone)
    week_ago = datetime.combine(clocks.today - timedelta(days=7), time(), clocks.zone)
    backup = system.backups.newest_good() if admin else None
    return {
        "today": system.today.read(midnight.astimezone(UTC), week_ago.astimezone(UTC), clocks.now),
        "today_day": weekday(clocks.today, now().language),
        "alerts": _counted(system),
        "critical": _counted(system, CRITICAL),
        "due": system.today.due(clocks.today) if admin else None,
        "named": NAMED,
        "backup": backup,
        "backup_age": age_in_words(clocks.now - backup.at) if backup else "",
        "backup_is_old": backup is not None and clocks.now - backup.at > OLD_AFTER,
        "reasons": REASONS,
    }


def _counted(system: System, kinds: frozenset[AlertKind] | None = None) -> str:
    """Returns how many alerts of these kinds are open; "99+" for more."""
    count = len(system.alerts.find(AlertFilter(AlertState.OPEN, kinds, limit=MOST_COUNTED + 1)))
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)
