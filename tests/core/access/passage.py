"""Somebody who may pass, and everything that can be wrong with that."""

from dataclasses import replace
from datetime import timedelta

from app.core.access.policy import PolicyLimits, decide
from app.core.gates.gate import Gate
from app.core.recognition.liveness import LivenessMode
from app.core.site.mode import SiteMode
from app.core.types import Candidate, Decision, Employee, Evidence, Reason, Status
from tests.fakes import NOW, person

NAN = float("nan")
LIMITS = PolicyLimits(threshold=0.5, margin=0.1, max_frame_age_ms=2000)
GATE = Gate("01G", "lobby-1")
ADA = Employee("01A", "E-1001", "Ada Lovelace", photos=3)
EVIDENCE = Evidence(1, 1, None, person(0), Candidate(ADA.id, 0.8), 0.4)
TICK = timedelta(milliseconds=1)


class Scene:
    """Somebody who may pass, and the ways in which that fails, in the order in which a guard asks."""

    def __init__(self) -> None:
        self.evidence = EVIDENCE
        self.employee: Employee | None = ADA
        self.gate = GATE
        self.limits = LIMITS
        self.captured_at = NOW
        self.now = NOW
        self.unknown_credential = False
        self.mode = SiteMode.NORMAL

    def decide(self) -> Decision:
        return decide(
            self.evidence,
            self.employee,
            self.gate,
            self.limits,
            self.captured_at,
            self.now,
            unknown_credential=self.unknown_credential,
            mode=self.mode,
        )

    def changed(self, **changes: object) -> None:
        assert self.employee is not None
        self.employee = replace(self.employee, **changes)  # type: ignore[arg-type]

    def disabled(self) -> None:
        self.gate = replace(self.gate, enabled=False)

    def locked_down(self) -> None:
        self.mode = SiteMode.LOCKDOWN

    def stale(self) -> None:
        self.captured_at = self.now - timedelta(milliseconds=2001)

    def credential(self) -> None:
        self.unknown_credential = True

    def no_face(self) -> None:
        self.evidence = replace(self.evidence, reason=Reason.NO_FACE)

    def dissimilar(self) -> None:
        self.evidence = replace(self.evidence, best=Candidate(ADA.id, 0.49))

    def twin(self) -> None:
        self.evidence = replace(self.evidence, margin=0.09)

    def not_enrolled(self) -> None:
        self.changed(photos=0)

    def picture(self) -> None:
        self.gate = replace(self.gate, liveness=LivenessMode.REQUIRED)
        self.limits = replace(self.limits, liveness_works=True)
        self.evidence = replace(self.evidence, liveness=0.3, liveness_frames=5)

    def inactive(self) -> None:
        self.changed(status=Status.INACTIVE)

    def too_early(self) -> None:
        self.changed(valid_from=self.now + TICK)

    def expired(self) -> None:
        self.changed(valid_until=self.now - TICK)
