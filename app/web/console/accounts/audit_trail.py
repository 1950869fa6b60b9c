"""The page that says who changed what."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from app.core.accounts.trail import Action, TrailEntry, TrailFilter
from app.core.canonical import instant
from app.core.types import Role
from app.services.alerts.alert_list import actors
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.security import SystemOf
from app.wiring import System

LINKS = (Link("/audit-trail", "Audit trail", "log", frozenset({Role.ADMIN}), section="settings"),)
ROWS = 50
ACTIONS = {
    Action.ADDED: ("added", "good"),
    Action.CHANGED: ("changed", "info"),
    Action.REMOVED: ("removed", "warn"),
    Action.SEEN: ("looked at", ""),
    Action.EXPORTED: ("taken as a file", "warn"),
    Action.CALLED: ("ordered", ""),
}
KINDS = {
    "alert": "Alert",
    "audit_trail": "Audit trail",
    "credential": "Badge or PIN",
    "badge": "Badge",  # in entries of earlier versions
    "badge_enrolment": "Enrolment by badge",
    "calendar": "Calendar",
    "call": "Order",
    "camera": "Camera",
    "consent": "Consent",
    "correction": "Correction",
    "document": "Document",
    "erasure": "Erasure",
    "erasure_certificate": "Erasure certificate",
    "event_pictures": "Pictures of an event",
    "events": "Activity",
    "gate": "Gate",
    "gate_mode": "Mode of a gate",
    "gate_place": "Place of a gate",
    "gate_picture": "Picture from a badge read",
    "grant": "Temporary grant",
    "group": "Group",
    "import": "Import",
    "invitation": "Self-enrolment link",
    "key": "API key",
    "lane": "Lane",
    "muster": "Muster list",
    "muster_tick": "Tick of the muster list",
    "people": "All employees",
    "person": "Person",
    "photo": "Photo",
    "qr_pass": "QR pass",
    "photos": "Photos",
    "rule": "Rule",
    "rule_person": "Person in a rule",
    "schedule": "Schedule",
    "shift_report": "Shift report",
    "sign_in_link": "Sign-in link",
    "sign_in_provider": "Sign-in provider",
    "site": "Site",
    "site_mode": "Lockdown and release",
    "site_settings": "Settings",
    "user": "User",
    "visit": "Visit",
    "who_may_pass": "Who may pass",
    "zone": "Zone",
}
router = APIRouter(include_in_schema=False)


def value_words(value: object) -> str:
    """A value of the trail as the page prints it."""
    if value is None:
        return "—"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True)
class Row:
    """by: the name of the user or key. person: the name of the employee it is about; empty once they are erased."""

    entry: TrailEntry
    by: str
    person: str


@router.get("/audit-trail", response_class=HTMLResponse)
def audit_trail(
    request: Request,
    system: SystemOf,
    viewer: AdminPage,
    who: Annotated[str, Query(max_length=64)] = "",
    kind: Annotated[str, Query(max_length=64)] = "",
    person: Annotated[str, Query(max_length=64)] = "",
    since: Annotated[str, Query(alias="from", max_length=10)] = "",
    until: Annotated[str, Query(alias="to", max_length=10)] = "",
    cursor: Annotated[str, Query(max_length=64)] = "",
) -> HTMLResponse:
    zone = system.site_clock.read().zone
    begin, end = _midnight(since, zone), _midnight(until, zone, days=1)
    which = TrailFilter(
        who or None, kind or None, None, person or None, None, begin, end, cursor or None, limit=ROWS + 1
    )
    found = system.trail.find(which)
    with system.store.read() as tx:
        by = actors(tx)
    chosen = {"who": who, "kind": kind, "person": person, "from": since, "to": until}
    asked = {"actor": who, "kind": kind, "person": person}
    asked |= {name: instant(at) for name, at in (("from", begin), ("to", end)) if at is not None}
    return render(
        request,
        "accounts/audit_trail.html",
        viewer,
        rows=_rows(system, found[:ROWS], by),
        older=urlencode({**chosen, "cursor": found[ROWS - 1].id}) if len(found) > ROWS else None,
        csv=urlencode({name: value for name, value in asked.items() if value}),
        chosen=chosen,
        about=_names(system, {person}).get(person, "") if person else "",
        callers=dict(sorted(by.items(), key=lambda one: one[1].casefold())),
        kinds=KINDS,
        actions=ACTIONS,
        value_words=value_words,
    )


def _rows(system: System, found: list[TrailEntry], by: dict[str, str]) -> list[Row]:
    names = _names(system, {entry.person for entry in found if entry.person})
    return [
        Row(entry, by.get(entry.actor or "", entry.actor or ""), names.get(entry.person or "", "")) for entry in found
    ]


def _names(system: System, people: set[str]) -> dict[str, str]:
    with system.store.read() as tx:
        return {person: name.name for person, name in tx.employees.names(people).items()}


def _midnight(day: str, zone: ZoneInfo, days: int = 0) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(day) + timedelta(days=days), time(), zone)
    except (ValueError, OverflowError):  # typed by hand: as if nothing were
        return None
