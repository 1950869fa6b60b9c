"""What was decided about a request, before it is recorded, and how the log describes it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import perf_counter

from app.core.access import policy
from app.core.credentials.pin import CheckedPin
from app.core.credentials.stored import PinWait
from app.core.events.decision import GrantedPassage, Identity, Method, RecordedDecision, rounded
from app.core.gates.gate import Gate
from app.core.types import Decision, Evidence, Verdict
from app.services.access.credentials.presented import Presented
from app.services.access.decision_request import FROM_CAMERA, DecisionRequest
from app.services.access.passages.zone_gate import Zoned


@dataclass(frozen=True)
class Assessment:
    """What was decided.

    Attributes:
        zoned: what the zones around the gate say; None if they were not asked.
        presented: the credential, if any.
        found: the evidence as it was compared with one person; None if there is nobody to compare with.
        pin: what was found about their PIN; None if none was looked at.
        wait: the person the gate was waiting for, if only a PIN came.
    """

    gate: Gate
    decision: Decision
    threshold: float | None
    candidates: int | None
    now: datetime
    rules_version: int
    zoned: Zoned | None = None
    presented: Presented | None = None
    found: Evidence | None = None
    pin: CheckedPin | None = None
    wait: PinWait | None = None

    def after(self, zoned: Zoned | None) -> "Assessment":
        """The assessment once the zones were asked: they may refuse whoever may pass by the rules."""
        if zoned is None:
            return self
        reason = zoned.answer.reason
        decision = self.decision if reason is None else replace(self.decision, reason=reason)
        return replace(self, decision=decision, zoned=zoned)


def described(
    request: DecisionRequest,
    found: Evidence,
    assessed: Assessment,
    event_id: str,
    liveness_works: bool,
    passage: GrantedPassage | None,
) -> RecordedDecision:
    """The decision as the log keeps it."""
    gate, decision, now = assessed.gate, assessed.decision, assessed.now
    found = assessed.found or found
    opens = decision.verdict is Verdict.OPEN
    return RecordedDecision(
        id=event_id,
        gate_id=gate.id,
        gate=gate.name,
        at=now,
        reason=decision.reason,
        method=Method.FACE if assessed.presented is None else Method.CREDENTIAL,
        open_until=now + timedelta(milliseconds=gate.unlock_ms) if opens else None,
        employee=None if decision.employee is None else Identity.of(decision.employee),
        similarity=rounded(found.best.similarity if found.best else None),
        threshold=rounded(assessed.threshold),
        candidates=assessed.candidates,
        margin=rounded(found.margin),
        liveness=rounded(found.liveness),
        liveness_state=policy.liveness_state(found, gate, liveness_works),
        faces=found.faces,
        camera=request.camera,
        frames_received=request.frames,
        frames_used=found.frames_used,
        # From that of a PIN, the PIN could be guessed.
        request_digest=None if request.digest in ("", FROM_CAMERA) or request.pin is not None else request.digest,
        rule=decision.rule,
        rules_version=assessed.rules_version,
        credential=None if assessed.presented is None else assessed.presented.used,
        answers=None if assessed.wait is None else assessed.wait.event_id,
        passage=passage,
        anti_passback=None if assessed.zoned is None else assessed.zoned.answer.note,
        duration_ms=round((perf_counter() - request.started) * 1000, 1),
    )
