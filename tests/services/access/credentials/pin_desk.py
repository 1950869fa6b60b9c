"""People with PINs at a gate, for tests of what a typed PIN does."""

from datetime import timedelta
from typing import Any

from app.core.access.rules import EntryMode, GateMode
from app.core.alerts.alert import AlertFilter
from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat
from app.core.credentials.pin import TypedPin
from app.core.credentials.stored import CredentialKind
from app.core.events.decision import RecordedDecision
from app.core.types import Employee
from app.services.access.credentials.credential_book import CredentialBook
from app.services.access.credentials.pin_book import IssuedPin, PinBook
from tests.fakes import new_id, person, photo
from tests.services.process import Process

ADA = person(0)
ADAS = Badge(32, 0xADA)


def enrol_ada(site: Process) -> Employee:
    """Has a template and a badge."""
    ada = site.enrol("E-1", photo(ADA))
    CredentialBook(site.store, site.vault, site.clock, new_id).give(ada.id, ADAS, CardFormat.RAW, "admin")
    return ada


def issue(site: Process, who: Employee, kind: CredentialKind = CredentialKind.PIN) -> IssuedPin:
    return PinBook(site.store, site.clock, new_id).issue(who.id, kind, "admin")


def asks(site: Process, mode: EntryMode, gate: str = "lobby-1") -> None:
    with site.store.write() as tx:
        found = tx.gates.by_name_or_id(gate)
        assert found is not None
        tx.rules.put(GateMode(f"M-{gate}", found.id, mode))


def typed(site: Process, digits: str, *frames: bytes, took_s: float = 0.0, **more: Any) -> RecordedDecision:
    return site.decide(*frames, pin=TypedPin(digits, timedelta(seconds=took_s)), **more)


def badge(site: Process, which: Badge = ADAS, **more: Any) -> RecordedDecision:
    return site.decide(credential=which.text, **more)


def wrong(pin: str, by: int = 1) -> str:
    return f"{(int(pin) + by) % 1_000_000:06}"


def alerts(site: Process) -> list[tuple[str, str | None]]:
    with site.store.read() as tx:
        return [(one.kind.value, one.event_id) for one in tx.alerts.find(AlertFilter())]
