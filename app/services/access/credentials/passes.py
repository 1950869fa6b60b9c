"""Whose QR pass somebody presents, and why it cannot be taken: read and verified before the database is asked."""

from dataclasses import dataclass
from datetime import datetime

from app.core.access.permission import CompiledRules
from app.core.credentials.badge import Badge
from app.core.credentials.formats import last_four
from app.core.credentials.qr_pass import ID_BYTES, PassKey, QrPass, Unreadable, place, read
from app.core.credentials.stored import Credential, CredentialKind
from app.core.events.decision import UsedCredential
from app.core.gates.gate import Gate
from app.core.ports.store import Transaction
from app.core.types import Reason
from app.services.access.credentials.presented import Presented

BITS = 8 * ID_BYTES


@dataclass(frozen=True)
class Here:
    """Where a pass is presented.

    Attributes:
        site_id: None for a gate that stands nowhere, which takes no pass.
        ids: of the gate, the zones that it connects, and the site.
        leads_out: it leads out of zones and into none. A pass lets its holder out after its end, and after its use.
        clock_doubted: the clock must be wrong, so nothing with dates is taken.
    """

    site_id: str | None
    ids: tuple[str | None, ...]
    leads_out: bool = False
    clock_doubted: bool = False


def here(rules: CompiledRules, gate_id: str, clock_doubted: bool) -> Here:
    found = next((one for one in rules.rules.gates if one.id == gate_id), None)
    if found is None:
        return Here(None, ())
    ids = (gate_id, found.zone_from, found.zone_to, found.site_id)
    return Here(found.site_id, ids, rules.zones.only_leads_out(gate_id), clock_doubted)


def presented_pass(
    tx: Transaction,
    key: PassKey | None,
    text: str,
    gate: Gate,
    where: Here,
    now: datetime,
    *,
    for_update: bool = False,
) -> Presented:
    """Finds the holder of a pass. for_update: nobody takes it from them, or uses it up, until the commit."""
    if key is None:
        return Presented(refused=Reason.CREDENTIAL_UNKNOWN)
    try:
        token = read(text, key)
    except Unreadable as error:
        return Presented(refused=error.reason)
    if where.site_id is None or token.site != place(where.site_id):
        return Presented(refused=Reason.QR_OF_ANOTHER_SITE)
    badge = badge_of(token.id)
    found = tx.credentials.presented(CredentialKind.QR, badge.text)
    if found is None:
        return Presented(badge, _used(badge), refused=_dates(token, now, where) or Reason.CREDENTIAL_UNKNOWN)
    shown = held_pass(tx, found, badge, gate, where, now, for_update=for_update)
    refused = shown.refused or _dates(token, now, where)
    if refused is None and not token.takes(*where.ids):
        refused = Reason.NO_RULE
    return shown if refused is None else Presented(badge, shown.used, shown.holder, refused)


def still_shown(
    tx: Transaction, credential_id: str, badge: Badge, gate: Gate, where: Here, now: datetime, *, for_update: bool
) -> Presented:
    """What somebody showed moments ago, as it is now: nobody's if it is gone.

    for_update: nobody takes it from its holder until the commit.
    """
    kept = tx.credentials.get(credential_id)
    if kept is None:
        return Presented()
    if kept.kind is CredentialKind.QR:
        return held_pass(tx, kept, badge, gate, where, now, for_update=for_update)
    used = UsedCredential(CredentialKind.BADGE, last_four(badge, kept.card_format), badge.bits, kept.id)
    holder = tx.employees.get(kept.employee_id, for_update=for_update)
    if for_update and tx.credentials.get(kept.id) is None:  # taken back while we waited for their row
        return Presented(used=used)
    return Presented(badge, used, holder)


def held_pass(
    tx: Transaction, found: Credential, badge: Badge, gate: Gate, where: Here, now: datetime, *, for_update: bool
) -> Presented:
    """The holder of a stored pass, and why it cannot be taken now."""
    holder = tx.employees.get(found.employee_id, for_update=for_update)
    kept = tx.credentials.get(found.id) if for_update else found  # as it is once nobody else uses it
    if holder is None or kept is None or kept.starts_at is None or kept.ends_at is None:
        return Presented(badge, _used(badge), refused=Reason.CREDENTIAL_UNKNOWN)
    refused = None
    if where.clock_doubted:
        refused = Reason.CLOCK_UNCONFIRMED
    elif not where.leads_out:
        refused = Reason.EXPIRED if now >= kept.ends_at else _spent(tx, kept, gate, now)
    once = found.id if kept.once and not where.leads_out else None
    return Presented(badge, _used(badge, found.id), holder, refused, once=once)


def badge_of(pass_id: bytes) -> Badge:
    """A pass's id as the bits of a badge."""
    return Badge(BITS, int.from_bytes(pass_id))


def note_use(tx: Transaction, shown: Presented, event_id: str, now: datetime, *, reported: bool) -> None:
    """Notes that an opening uses up the pass. reported: only once the gate's sensor saw its holder go in."""
    if shown.once is not None:
        tx.credentials.reserve(shown.once, event_id, None if reported else now)


def _spent(tx: Transaction, kept: Credential, gate: Gate, now: datetime) -> Reason | None:
    if not kept.once or kept.used_by is None:
        return None
    # At the gate that is open for them, they get the same answer again.
    waiting = [one for one in tx.passages.of_person(kept.employee_id) if one.event_id == kept.used_by]
    elsewhere = any(one.until > now and one.gate_id != gate.id for one in waiting)
    return Reason.QR_USED if kept.used_at is not None or elsewhere else None


def _dates(token: QrPass, now: datetime, where: Here) -> Reason | None:
    if where.clock_doubted:
        return Reason.CLOCK_UNCONFIRMED
    if now < token.starts_at:
        return Reason.NOT_YET_VALID
    return Reason.EXPIRED if now >= token.ends_at else None


def _used(badge: Badge, credential_id: str | None = None) -> UsedCredential:
    return UsedCredential(CredentialKind.QR, badge.hex[-4:], badge.bits, credential_id)
