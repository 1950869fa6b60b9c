"""Who may pass: one pure function from evidence to a decision with its reason.

The order of the questions is the order in which a guard would ask them, and it is part of the contract: the first
one that fails is the reason that is recorded. Everything not explicitly allowed is denied.
"""

from dataclasses import dataclass
from datetime import datetime

from app.core.recognition import liveness
from app.core.site.mode import SiteMode
from app.core.types import Decision, Employee, Evidence, Gate, Reason, Status


@dataclass(frozen=True)
class PolicyLimits:
    """What the evidence must reach. threshold and margin: cosine similarity; max_frame_age_ms: age of the frame.

    liveness_works: the weights that tell a person from a picture are here. clock_doubted: the clock cannot be right, so
    nobody passes whose dates matter.
    """

    threshold: float
    margin: float
    max_frame_age_ms: int
    liveness_works: bool = False
    clock_doubted: bool = False

    def __post_init__(self) -> None:
        # NaN compares false with everything, so a NaN threshold would never refuse.
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
    unknown_credential: bool = False,
    mode: SiteMode = SiteMode.NORMAL,
) -> Decision:
    """Open or deny, and why.

    employee: the record of `evidence.best` as the database has it now (None if it is gone); never from an index.
    captured_at: when the newest frame was taken, or received where the sender does not say.
    unknown_credential: a badge, PIN or QR token was presented that belongs to nobody.
    mode: what holds at this gate. A release opens it whatever else is so, also where it is disabled: in a fire a gate
    that somebody forgot to switch on again must not be the shut one.
    """
    if mode is SiteMode.RELEASE:
        return Decision(Reason.RELEASED)
    if not gate.enabled:
        return Decision(Reason.GATE_DISABLED)
    if mode is SiteMode.LOCKDOWN:
        return Decision(Reason.LOCKDOWN)
    if gate.locked:
        return Decision(Reason.LOCKED_BY_HAND)
    # Of the future as well: a clock that stepped back would keep a frozen picture fresh.
    if abs((now - captured_at).total_seconds()) * 1000 > limits.max_frame_age_ms:
        return Decision(Reason.STALE_FRAME)
    if unknown_credential:
        return Decision(Reason.CREDENTIAL_UNKNOWN)
    if evidence.reason is not None:
        return Decision(evidence.reason)
    if evidence.best is None or evidence.margin is None or not evidence.best.similarity >= limits.threshold:
        return Decision(Reason.NOT_RECOGNISED)
    if not evidence.margin >= limits.margin:
        return Decision(Reason.AMBIGUOUS)
    # Erased, or left without a template, since the search.
    if employee is None or not employee.photos or employee.id != evidence.best.employee_id:
        return Decision(Reason.NOT_RECOGNISED)
    # Whose picture it is stands in the log; how they stand with us is nothing that a picture is told.
    if liveness.refuses(gate.liveness, limits.liveness_works, liveness_state(evidence, gate, limits.liveness_works)):
        return Decision(Reason.SPOOF_SUSPECTED, employee)
    return Decision(standing(employee, now, limits.clock_doubted) or Reason.RECOGNISED, employee)


def liveness_state(evidence: Evidence, gate: Gate, works: bool) -> liveness.LivenessState:
    """What a decision of this gate says of the evidence's liveness."""
    return liveness.state(gate.liveness, works, evidence.liveness, evidence.liveness_frames)


def standing(employee: Employee, now: datetime, clock_doubted: bool = False) -> Reason | None:
    """Why this employee may pass nowhere at all right now, or None. Validity includes both of its ends."""
    if employee.status is not Status.ACTIVE:
        return Reason.EMPLOYEE_INACTIVE
    if clock_doubted and (employee.valid_from is not None or employee.valid_until is not None):
        return Reason.CLOCK_UNCONFIRMED
    if employee.valid_from is not None and now < employee.valid_from:
        return Reason.NOT_YET_VALID
    if employee.valid_until is not None and now > employee.valid_until:
        return Reason.EXPIRED
    return None
