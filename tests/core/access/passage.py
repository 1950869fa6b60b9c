"""Somebody who may pass, and everything that can be wrong with that."""

from dataclasses import replace
from datetime import timedelta

from app.core.access.permission import CompiledRules
from app.core.access.policy import PolicyLimits, decide
from app.core.access.rule_set import RuleSet
from app.core.access.rules import EntryMode, GatePlace, Rule, Site, Where, Who
from app.core.access.schedules import Hours, Schedule, Window
from app.core.contracts import CONFIRMED_FOR, Contract
from app.core.gates.commands import DriverKind
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
DAY = timedelta(days=1)
NIGHTS = Schedule("night", "Nights", (Window((0, 1, 2, 3, 4, 5, 6), Hours(0, 60)),))
ALWAYS = CompiledRules(
    RuleSet(
        7,
        sites=(Site("here", "Here", "UTC"),),
        gates=(GatePlace(GATE.id, GATE.name, "here"),),
        schedules=(NIGHTS,),
        rules=(Rule("01R", "Everybody, everywhere, always", Who(everybody=True), Where(everywhere=True)),),
    )
)


def only(*rules: Rule) -> CompiledRules:
    """The same site with these rules."""
    return CompiledRules(replace(ALWAYS.rules, rules=rules))


class Scene:
    """Somebody who may pass, and the ways in which that fails, in the order in which a guard asks."""

    def __init__(self) -> None:
        self.evidence = EVIDENCE
        self.employee: Employee | None = ADA
        self.gate = GATE
        self.limits = LIMITS
        self.captured_at = NOW
        self.now = NOW
        self.mode = SiteMode.NORMAL
        self.entry = EntryMode.NORMAL
        self.rules = ALWAYS

    def decide(self) -> Decision:
        return decide(
            self.evidence,
            self.employee,
            self.gate,
            self.limits,
            self.captured_at,
            self.now,
            mode=self.mode,
            entry=self.entry,
            rules=self.rules,
        )

    def changed(self, **changes: object) -> None:
        assert self.employee is not None
        self.employee = replace(self.employee, **changes)  # type: ignore[arg-type]

    def disabled(self) -> None:
        self.gate = replace(self.gate, enabled=False)

    def of_a_newer_version(self) -> None:
        self.gate = replace(self.gate, driver=DriverKind.UNKNOWN)

    def locked_down(self) -> None:
        self.mode = SiteMode.LOCKDOWN

    def stale(self) -> None:
        self.captured_at = self.now - timedelta(milliseconds=2001)

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
        self.changed(valid_from=(self.now + DAY).date())

    def expired(self) -> None:
        self.changed(valid_until=(self.now - DAY).date())

    def _contract(self, **changes: object) -> None:
        assert self.employee is not None
        held = self.employee.contract or Contract("01S", self.now, sponsor_active=True)
        self.changed(contract=replace(held, **changes))  # type: ignore[arg-type]

    def sponsor_gone(self) -> None:
        self._contract(sponsor_active=False)

    def unconfirmed(self) -> None:
        self._contract(confirmed_at=self.now - CONFIRMED_FOR)

    def documents_expired(self) -> None:
        self._contract(documents_until=(self.now - DAY).date())

    def locked(self) -> None:
        self.gate = replace(self.gate, locked=True)

    def shut_by_schedule(self) -> None:
        self.entry = EntryMode.NO_ENTRY

    def blocked(self) -> None:
        self.changed(blocked_at=self.now - TICK)

    def no_rule(self) -> None:
        self.rules = only()

    def outside_schedule(self) -> None:
        self.rules = only(Rule("01N", "Nights", Who(everybody=True), Where(everywhere=True), "night"))
