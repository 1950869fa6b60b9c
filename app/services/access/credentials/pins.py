"""The PIN of somebody whom a gate knows by their badge or face: asked for, checked, and locked after wrong tries.

A try is counted in the transaction that records its answer, with the employee's row locked: no restart, and no other
process, gives anybody more tries.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from app.core.access.factors.confirmation import asks, confirmed
from app.core.access.rules import EntryMode
from app.core.alerts.alert import Alert, AlertKind
from app.core.credentials.badge import Badge
from app.core.credentials.pin import PIN_WITHIN, CheckedPin, PinCheck, TypedPin, locked_until, one_more
from app.core.credentials.stored import OFFERED_FOR, CredentialKind, PinWait
from app.core.events.decision import UsedCredential
from app.core.gates.gate import Gate
from app.core.ports.store import Transaction
from app.core.types import Candidate, Employee, Evidence, Reason
from app.services.access.assessment import Assessment
from app.services.access.credentials.passes import Here, still_shown
from app.services.access.credentials.presented import Presented


def presented_pin(employee_id: str, digits: str) -> str:
    """What the digest of a PIN is made of: the same digits of two people have nothing in common."""
    return f"{employee_id} {digits}"


def pin_of(tx: Transaction, employee_id: str, kind: CredentialKind = CredentialKind.PIN) -> str | None:
    """The id of somebody's PIN, or None."""
    return next((one.id for one in tx.credentials.of(employee_id) if one.kind is kind), None)


def check(tx: Transaction, gate: Gate, holder: Employee, typed: TypedPin, now: datetime) -> CheckedPin:
    """Compares what was typed with the holder's PINs, unless they are locked at this gate."""
    own = pin_of(tx, holder.id)
    if own is None:
        return CheckedPin(PinCheck.WRONG)
    tries = tx.pin_tallies.of(own, gate.id)
    until = locked_until(tries)
    if until is not None and now < until:
        return CheckedPin(PinCheck.LOCKED, own, tries)
    text = presented_pin(holder.id, typed.digits)
    right = tx.credentials.presented(CredentialKind.PIN, text) is not None
    duress = tx.credentials.presented(CredentialKind.DURESS_PIN, text) is not None
    found = PinCheck.RIGHT if right else PinCheck.DURESS if duress else PinCheck.WRONG
    return CheckedPin(found, own, tries)


def awaited(tx: Transaction, gate: Gate, typed: TypedPin, now: datetime) -> PinWait | None:
    """Whom the gate waited for when the first digit was typed; None for nobody."""
    wait = tx.pin_waits.of(gate.id)
    if wait is None or now - wait.at > PIN_WITHIN + typed.took or wait.at - now > PIN_WITHIN:
        return None
    return wait


def shown_before(
    tx: Transaction, wait: PinWait, gate: Gate, where: Here, now: datetime, *, for_update: bool
) -> Presented:
    """Whom the gate waits for, as they are now, by what they showed: nobody if they, or their badge, are gone."""
    if wait.credential_id is None:
        return Presented(holder=tx.employees.get(wait.employee_id, for_update=for_update))
    badge = Badge.of_text(wait.read)
    if badge is None:
        return Presented()
    shown = still_shown(tx, wait.credential_id, badge, gate, where, now, for_update=for_update)
    return shown if shown.holder is None or shown.holder.id == wait.employee_id else Presented()


def seen_before(wait: PinWait | None) -> Evidence | None:
    """The face match from before the PIN, for the event about the PIN."""
    if wait is None or wait.similarity is None:
        return None
    return Evidence(wait.faces, 0, None, best=Candidate(wait.employee_id, wait.similarity))


def with_pin(tx: Transaction, assessed: Assessment, entry: EntryMode, typed: TypedPin | None) -> Assessment:
    """The assessment once the PIN was asked for, where the gate asks for one and nothing else is left to ask."""
    holder = assessed.decision.employee
    if holder is None or not asks(assessed.decision, entry):
        return assessed
    pin = None if typed is None else check(tx, assessed.gate, holder, typed, assessed.now)
    decision = confirmed(assessed.decision, entry, None if pin is None else pin.check)
    if pin is None:
        return replace(assessed, decision=decision)
    shown = assessed.presented
    if shown is None or shown.used is None:
        shown = Presented(used=UsedCredential(CredentialKind.PIN, "", 0, pin.credential_id), holder=holder)
    else:
        shown = replace(shown, used=replace(shown.used, pin=pin.check.confirms))
    return replace(assessed, decision=decision, presented=shown, pin=pin)


def keep(tx: Transaction, assessed: Assessment, event_id: str, found: Evidence, new_id: Callable[[], str]) -> None:
    """Counts the try, stores who must type next, and raises the silent alarm for a duress PIN."""
    gate, pin, now, reason = assessed.gate, assessed.pin, assessed.now, assessed.decision.reason
    if pin is not None and pin.credential_id is not None:
        if pin.check is PinCheck.WRONG:
            tx.pin_tallies.put(pin.credential_id, gate.id, one_more(pin.tries, now))
        elif pin.check.confirms and pin.tries is not None:
            tx.pin_tallies.forget(pin.credential_id, gate.id)
    if reason in (Reason.PIN_REQUIRED, Reason.PIN_WRONG):
        tx.pin_waits.forget(before=now - OFFERED_FOR)
        tx.pin_waits.put(_wait(assessed, event_id, assessed.found or found))
    elif pin is not None and reason in (Reason.CREDENTIAL_ACCEPTED, Reason.PIN_LOCKED):
        tx.pin_waits.forget(gate_id=gate.id)
    if pin is not None and pin.check is PinCheck.DURESS:
        tx.alerts.note(Alert(new_id(), now, AlertKind.DURESS, gate.id, None, DURESS_WORDS, now, event_id=event_id))


DURESS_WORDS = "a duress PIN was typed; send help, and do not call or address them"


def _wait(assessed: Assessment, event_id: str, found: Evidence) -> PinWait:
    if assessed.wait is not None:
        return replace(assessed.wait, at=assessed.now)  # another try of the same person
    gate, now, holder = assessed.gate, assessed.now, assessed.decision.employee
    assert holder is not None
    shown = assessed.presented
    if shown is not None and shown.badge is not None and shown.used is not None:
        read, last_four = shown.badge.text, shown.used.last_four
        return PinWait(gate.id, now, holder.id, event_id, shown.used.id, read, last_four)
    best = found.best
    return PinWait(
        gate.id,
        now,
        holder.id,
        event_id,
        similarity=None if best is None else best.similarity,
        threshold=assessed.threshold,
        faces=found.faces,
    )
