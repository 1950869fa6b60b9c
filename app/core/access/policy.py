"""Decides who may pass: one pure function from evidence to a decision with its reason.

The checks run in the order in which a guard would make them. The order is part of the contract: the first check that
fails gives the recorded reason. Anything not explicitly allowed is denied.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from app.core.access.factors.standing import standing
from app.core.access.permission import CompiledRules, Denial
from app.core.access.rules import EntryMode, Person
from app.core.credentials.stored import CredentialKind
from app.core.gates.gate import Gate
from app.core.recognition import liveness
from app.core.site.mode import SiteMode
from app.core.types import AppliedRule, Decision, Employee, Evidence, Reason


@dataclass(frozen=True)
class PolicyLimits:
    """What the evidence must reach.

    Attributes:
        threshold: the lowest cosine similarity to the best candidate that is accepted, -1 to 1.
        margin: how far the best candidate must be ahead of the runner-up, in cosine similarity.
        max_frame_age_ms: the oldest frame that counts as fresh.
        liveness_works: the weights of the liveness networks are installed.
        clock_doubted: the clock must be wrong, so nobody with a start or end date passes.

    Raises:
        ValueError: a limit is NaN or out of range.
    """

    threshold: float
    margin: float
    max_frame_age_ms: int
    liveness_works: bool = False
    clock_doubted: bool = False

    def __post_init__(self) -> None:
        # Comparisons with NaN are always false, so a NaN limit has to fail this test.
        if not (-1.0 <= self.threshold <= 1.0 and 0.0 <= self.margin <= 2.0 and self.max_frame_age_ms > 0):
            raise ValueError(f"limits out of range: {self}")


def decide(
    evidence: Evidence,
    employee: Employee | None,
    gate: Gate,
    limits: PolicyLimits,
    captured_at: datetime,
    now: datetime,
    *,
    mode: SiteMode = SiteMode.NORMAL,
    entry: EntryMode = EntryMode.NORMAL,
    rules: CompiledRules,
) -> Decision:
    """Decides whether the gate opens, and why.

    A release opens the gate whatever else is true, even if it is disabled: in a fire, a gate that somebody forgot to
    enable must not be the one that stays shut.

    Args:
        employee: the record of `evidence.best` as the database has it now, never from an index; None if it is gone.
        captured_at: when the newest frame was taken, or received if the sender does not say.
        mode: the site's mode at this gate.
        entry: what the gate's schedule says now.
        rules: who may pass where and when.
    """
    if (reason := for_everybody(gate, mode, entry)) is not None:
        return Decision(reason)
    if _stale(captured_at, now, limits):
        return Decision(Reason.STALE_FRAME)
    if not entry.by_face:
        return Decision(Reason.CREDENTIAL_REQUIRED)
    if evidence.reason is not None:
        return Decision(evidence.reason)
    if evidence.best is None or evidence.margin is None or not evidence.best.similarity >= limits.threshold:
        return Decision(Reason(evidence.advice) if evidence.advice else Reason.NOT_RECOGNISED)
    if not evidence.margin >= limits.margin:
        return Decision(Reason.AMBIGUOUS)
    # The employee may have been erased, or lost their template, since the search.
    if employee is None or not employee.photos or employee.id != evidence.best.employee_id:
        return Decision(Reason.NOT_RECOGNISED)
    # The log names whose picture it is; the answer does not reveal their status.
    if liveness.refuses(gate.liveness, limits.liveness_works, liveness_state(evidence, gate, limits.liveness_works)):
        return Decision(Reason.SPOOF_SUSPECTED, employee)
    return by_standing_and_rules(employee, gate.id, now, rules, limits.clock_doubted)


def decide_by_credential(
    holder: Employee | None,
    refused: Reason | None,
    gate: Gate,
    limits: PolicyLimits,
    presented_at: datetime,
    now: datetime,
    *,
    mode: SiteMode = SiteMode.NORMAL,
    entry: EntryMode = EntryMode.NORMAL,
    rules: CompiledRules,
    by_qr: bool = False,
) -> Decision:
    """Decides whether the gate opens for a credential: the same questions as for a face, but for the face itself.

    Args:
        holder: whose it is, as the database has them now; None if nobody has it.
        refused: why it cannot be taken, whoever has it, such as a misread badge or an expired pass.
        by_qr: whether it is a QR pass.
        presented_at: when it was read, or received if the reader does not say.
    """
    if (reason := for_everybody(gate, mode, entry)) is not None:
        return Decision(reason)
    if _stale(presented_at, now, limits):
        return Decision(Reason.STALE_FRAME)
    if refused is not None or holder is None:
        return Decision(refused or Reason.CREDENTIAL_UNKNOWN, holder)
    decision = by_standing_and_rules(holder, gate.id, now, rules, limits.clock_doubted)
    if decision.reason is not Reason.RECOGNISED:
        return decision
    if enough(holder, entry, by_qr=by_qr):
        return replace(decision, reason=Reason.CREDENTIAL_ACCEPTED)
    return replace(decision, reason=Reason.QR_REQUIRED if entry is EntryMode.QR else Reason.FACE_REQUIRED)


def enough(holder: Employee, entry: EntryMode, *, by_face: bool = False, by_qr: bool = False) -> bool:
    """Whether a face, QR pass, or else a badge says who somebody is, as far as the gate asks.

    Whoever has no template passes by badge or QR pass wherever others pass by their face.
    """
    if by_face:
        return entry.by_face and bool(holder.photos)
    return (entry.by_qr if by_qr else entry.by_badge) or not holder.photos


def decide_by_pin(
    known: Employee | None,
    refused: Reason | None,
    gate: Gate,
    limits: PolicyLimits,
    typed_at: datetime,
    now: datetime,
    *,
    by_face: bool,
    by_qr: bool = False,
    mode: SiteMode = SiteMode.NORMAL,
    entry: EntryMode = EntryMode.NORMAL,
    rules: CompiledRules,
) -> Decision:
    """Decides whether the person at the gate may still pass, before their PIN is checked.

    Args:
        known: the person the gate is waiting for, as stored now; None if there is nobody. A PIN identifies nobody.
        refused: why they cannot be taken, such as a fault.
        by_face, by_qr: whether their face or QR pass said who they are; else their badge did.
    """
    if (reason := for_everybody(gate, mode, entry)) is not None:
        return Decision(reason)
    if _stale(typed_at, now, limits):
        return Decision(Reason.STALE_FRAME)
    if refused is not None or not entry.asks_pin:
        return Decision(refused or Reason.CREDENTIAL_UNKNOWN)
    if known is None or not enough(known, entry, by_face=by_face, by_qr=by_qr):
        return Decision(Reason.FACE_REQUIRED if entry.by_face else Reason.CREDENTIAL_REQUIRED)
    decision = by_standing_and_rules(known, gate.id, now, rules, limits.clock_doubted)
    return replace(decision, reason=Reason.CREDENTIAL_ACCEPTED) if decision.reason is Reason.RECOGNISED else decision


def lacks(employee: Employee, has: Collection[CredentialKind], entry: EntryMode) -> Reason | None:
    """What the gate asks for and this person does not have; None for nothing. has: kinds of their credentials."""
    has_badge = any(not kind.is_pin for kind in has)
    if entry is EntryMode.QR and CredentialKind.QR not in has and (employee.photos or not has_badge):
        return Reason.QR_REQUIRED
    if not has_badge and entry in (EntryMode.BADGE, EntryMode.BADGE_AND_FACE, EntryMode.BADGE_AND_PIN):
        return Reason.CREDENTIAL_REQUIRED
    if not has_badge and not employee.photos and entry in (EntryMode.FACE, EntryMode.PIN_AND_FACE):
        return Reason.FACE_REQUIRED
    return Reason.PIN_REQUIRED if entry.asks_pin and CredentialKind.PIN not in has else None


def decide_by_both(
    evidence: Evidence,
    holder: Employee,
    gate: Gate,
    limits: PolicyLimits,
    captured_at: datetime,
    now: datetime,
    *,
    mode: SiteMode = SiteMode.NORMAL,
    rules: CompiledRules,
) -> Decision:
    """Decides whether the face is that of a badge's holder. It is compared with theirs alone, and never searched for.

    Args:
        evidence: `best` is the holder, with the similarity to their template; None where they have none any more.
        limits: `threshold` is that of a comparison with one person.
        captured_at: when the newest frame was taken.
    """
    if (reason := for_everybody(gate, mode, EntryMode.BADGE_AND_FACE)) is not None:
        return Decision(reason)
    if _stale(captured_at, now, limits):
        return Decision(Reason.STALE_FRAME)
    if evidence.reason is not None:
        return Decision(evidence.reason, holder)
    best = evidence.best
    if best is None or best.employee_id != holder.id or not best.similarity >= limits.threshold:
        return Decision(Reason.CREDENTIAL_MISMATCH, holder)
    if liveness.refuses(gate.liveness, limits.liveness_works, liveness_state(evidence, gate, limits.liveness_works)):
        return Decision(Reason.SPOOF_SUSPECTED, holder)
    decision = by_standing_and_rules(holder, gate.id, now, rules, limits.clock_doubted)
    return replace(decision, reason=Reason.CREDENTIAL_ACCEPTED) if decision.reason is Reason.RECOGNISED else decision


def for_everybody(gate: Gate, mode: SiteMode, entry: EntryMode) -> Reason | None:
    """Returns why the gate opens for everybody or for nobody, whoever stands before it; None if that depends on them.

    Args:
        mode: the site's mode at this gate.
        entry: what the gate's schedule says.
    """
    if mode is SiteMode.RELEASE:
        return Reason.RELEASED
    if not gate.enabled:
        return Reason.GATE_DISABLED
    if not gate.usable:
        return Reason.SYSTEM_FAULT
    if mode is SiteMode.LOCKDOWN:
        return Reason.LOCKDOWN
    if gate.locked:
        return Reason.LOCKED_BY_HAND
    if entry is EntryMode.NO_ENTRY:
        return Reason.NO_ENTRY
    return Reason.FREE_ENTRY if entry is EntryMode.FREE else None


def by_standing_and_rules(
    employee: Employee, gate_id: str, now: datetime, rules: CompiledRules, clock_doubted: bool = False
) -> Decision:
    """Decides whether somebody may pass a gate now, whoever stands before it."""
    leaves = rules.zones.only_leads_out(gate_id)
    if refused := standing(employee, now, rules.day_at(gate_id, now), clock_doubted, leaves=leaves):
        return Decision(refused, employee)
    return by_rules(employee, gate_id, now, rules, clock_doubted)


def by_rules(
    employee: Employee, gate_id: str, now: datetime, rules: CompiledRules, clock_doubted: bool = False
) -> Decision:
    """Decides by the rules alone. Every other question has been asked and passed.

    While the clock must be wrong, only rules without a schedule and without dates let anybody in.
    """
    person = Person(employee.id, rules.group_ids(employee.groups), guest=employee.is_guest)
    permission = rules.may_pass(person, gate_id, now)
    if clock_doubted and permission.denial is not Denial.NO_RULE:
        timeless = rules.timeless.may_pass(person, gate_id, now)
        if not timeless.allowed:
            return Decision(Reason.CLOCK_UNCONFIRMED, employee)
        permission = timeless
    reason = Reason.RECOGNISED if permission.denial is None else Reason(permission.denial.value)
    rule = None if permission.rule is None else AppliedRule(permission.rule.id, permission.rule.name)
    return Decision(reason, employee, rule)


def _stale(at: datetime, now: datetime, limits: PolicyLimits) -> bool:
    # Frames from the future are stale too: after a clock steps back, a frozen picture would stay fresh.
    return abs((now - at).total_seconds()) * 1000 > limits.max_frame_age_ms


def liveness_state(evidence: Evidence, gate: Gate, works: bool) -> liveness.LivenessState:
    """The liveness that a decision at this gate records for the evidence."""
    return liveness.state(gate.liveness, works, evidence.liveness, evidence.liveness_frames)
