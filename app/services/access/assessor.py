"""Applies the policy to a request, with everything as one transaction has it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.core.access import policy
from app.core.access.permission import CompiledRules
from app.core.access.rules import EntryMode
from app.core.credentials.qr_pass import PassKey, is_pass
from app.core.gates.gate import Gate
from app.core.people.eligible import counted
from app.core.ports.store import Clock, Transaction
from app.core.recognition import evidence as evidence_of
from app.core.recognition.evidence import OnePerson
from app.core.site.mode import SiteMode
from app.core.types import Candidate, Employee, Evidence, Reason, Verdict
from app.services.access.assessment import Assessment
from app.services.access.credentials import pins
from app.services.access.credentials.passes import here, presented_pass
from app.services.access.credentials.presented import Presented, presented
from app.services.access.credentials.waiting import awaited
from app.services.access.decision_request import DecisionRequest, Eligible, Threshold
from app.services.access.passages.zone_gate import ZoneGate
from app.services.access.rules.current_rules import CurrentRules
from app.services.people.gallery import Gallery

NEVER = 1.0  # the threshold if there is nobody to compare with
FAULT = Evidence(0, 0, Reason.SYSTEM_FAULT)


@dataclass(frozen=True)
class Assessor:
    """The attributes are those of `DecisionService`."""

    gallery: Gallery
    clock: Clock
    threshold: Threshold
    rules: CurrentRules
    eligible: Eligible
    zones: ZoneGate
    margin: float
    max_frame_age_ms: int
    liveness_works: bool
    clock_doubted: Callable[[], bool]
    pass_key: PassKey | None = None
    one_person: OnePerson | None = None

    def assess(
        self,
        tx: Transaction,
        request: DecisionRequest,
        found: Evidence,
        *,
        for_update: bool = False,
        zones: bool = True,
    ) -> Assessment:
        """Applies the policy to the gate and the person as this transaction has them.

        for_update: nobody changes the person until the commit, so a suspension that comes first is seen.
        """
        gate, rules = tx.gates.get(request.gate.id) or request.gate, self.rules.at(tx)
        if request.pin_alone:
            assessed = self._by_pin(tx, rules, request, found, gate, for_update)
        elif request.credential is None:
            assessed = self._by_face(tx, rules, request, found, gate, for_update)
        else:
            assessed = self._by_credential(tx, rules, request, request.credential, found, gate, for_update)
        if not zones:
            return assessed
        return assessed.after(self.zones.ask(tx, rules, gate, assessed.decision, assessed.now, for_update=for_update))

    def _by_face(
        self,
        tx: Transaction,
        rules: CompiledRules,
        request: DecisionRequest,
        found: Evidence,
        gate: Gate,
        for_update: bool,
    ) -> Assessment:
        if (
            found.reason is not Reason.SYSTEM_FAULT
            and (shown := self._awaited(tx, rules, gate, for_update)) is not None
        ):
            rules = self._again(tx, rules, for_update)
            mode, _ = self._gate_now(tx, rules, gate, self.clock(), self.clock_doubted())
            return self._by_both(tx, rules, request, found, gate, shown, mode)
        employee = tx.employees.get(found.best.employee_id, for_update=for_update) if found.best else None
        now, rules, doubted = self.clock(), self._again(tx, rules, for_update), self.clock_doubted()
        threshold = candidates = None
        if employee is not None and employee.photos:
            permitted = policy.by_standing_and_rules(employee, gate.id, now, rules, doubted).verdict is Verdict.OPEN
            eligible = self.eligible(tx, rules, gate.id, now) if permitted else None
            candidates = counted(eligible, len(self.gallery), permitted=permitted)
            share = request.share * rules.rate_share
            threshold = self.threshold(candidates, employee.photos, found.frames_apart, share)
        found = self._settled(tx, found, employee, threshold)
        if found.best is None:
            threshold = candidates = None
        mode, entry = self._gate_now(tx, rules, gate, now, doubted)
        decision = policy.decide(
            found,
            employee,
            gate,
            self._limits(request, threshold, doubted),
            request.seen_at,
            now,
            mode=mode,
            entry=entry,
            rules=rules,
        )
        assessed = Assessment(gate, decision, threshold, candidates, now, rules.version, found=found)
        return pins.with_pin(tx, assessed, entry, request.pin)

    def _by_pin(
        self,
        tx: Transaction,
        rules: CompiledRules,
        request: DecisionRequest,
        found: Evidence,
        gate: Gate,
        for_update: bool,
    ) -> Assessment:
        """Checks the PIN against the person the gate is waiting for."""
        assert request.pin is not None
        now, doubted = self.clock(), self.clock_doubted()
        mode, entry = self._gate_now(tx, rules, gate, now, doubted)
        refused = found.reason if found.reason is Reason.SYSTEM_FAULT else None
        wait = None if refused else pins.awaited(tx, gate, request.pin, now)
        where = here(rules, gate.id, doubted)
        shown = Presented() if wait is None else pins.shown_before(tx, wait, gate, where, now, for_update=for_update)
        rules = self._again(tx, rules, for_update)
        decision = policy.decide_by_pin(
            shown.holder,
            refused or shown.refused,
            gate,
            self._limits(request, None, doubted),
            request.seen_at,
            now,
            by_face=wait is not None and wait.credential_id is None,
            by_qr=shown.by_qr,
            mode=mode,
            entry=entry,
            rules=rules,
        )
        threshold = None if wait is None else wait.threshold
        assessed = Assessment(gate, decision, threshold, None, now, rules.version, found=pins.seen_before(wait))
        return pins.with_pin(tx, replace(assessed, presented=shown, wait=wait), entry, request.pin)

    def _by_credential(
        self,
        tx: Transaction,
        rules: CompiledRules,
        request: DecisionRequest,
        text: str,
        found: Evidence,
        gate: Gate,
        for_update: bool,
    ) -> Assessment:
        now, doubted = self.clock(), self.clock_doubted()
        fault = found.reason is Reason.SYSTEM_FAULT
        if fault:
            shown = Presented(refused=found.reason)
        elif is_pass(text):
            where = here(rules, gate.id, doubted)
            shown = presented_pass(tx, self.pass_key, text, gate, where, now, for_update=for_update)
        else:
            shown = presented(tx, gate, text, for_update=for_update)
        rules = self._again(tx, rules, for_update)
        mode, entry = self._gate_now(tx, rules, gate, now, doubted)
        decision = policy.decide_by_credential(
            shown.holder,
            shown.refused,
            gate,
            self._limits(request, None, doubted),
            request.seen_at,
            now,
            mode=mode,
            entry=entry,
            rules=rules,
            by_qr=shown.by_qr,
        )
        if decision.reason is Reason.FACE_REQUIRED and entry is EntryMode.BADGE_AND_FACE:
            if request.looks:
                return self._by_both(tx, rules, request, found, gate, shown, mode)
            shown = replace(shown, awaits_face=True)
        assessed = Assessment(gate, decision, None, None, now, rules.version, presented=shown)
        return pins.with_pin(tx, assessed, entry, request.pin)

    def _by_both(
        self,
        tx: Transaction,
        rules: CompiledRules,
        request: DecisionRequest,
        found: Evidence,
        gate: Gate,
        shown: Presented,
        mode: SiteMode,
    ) -> Assessment:
        """Compares the face with that of the badge's holder alone, at the site's rate for one comparison."""
        assert shown.holder is not None
        now, doubted = self.clock(), self.clock_doubted()
        holder, threshold = shown.holder, None
        found = replace(found, best=None, margin=None)
        if found.embedding is not None and holder.photos:
            similarity = self.gallery.similarity(tx, holder.id, found.embedding)
            if similarity is not None:
                found = replace(found, best=Candidate(holder.id, similarity))
                share = request.share * rules.rate_share
                threshold = self.threshold(1, holder.photos, found.frames_apart, share)
        found = self._settled(tx, found, holder, threshold)
        limits = self._limits(request, threshold, doubted)
        decision = policy.decide_by_both(found, holder, gate, limits, request.seen_at, now, mode=mode, rules=rules)
        counts = None if threshold is None else 1
        return Assessment(gate, decision, threshold, counts, now, rules.version, presented=shown, found=found)

    def _settled(self, tx: Transaction, found: Evidence, person: Employee | None, threshold: float | None) -> Evidence:
        """The evidence once it is known whether its frames show this person, the best candidate, or two people."""
        if found.frames is None or self.one_person is None:
            return found if found.reason is None else replace(found, best=None, margin=None)
        who = person.id if person is not None and found.employee_id == person.id else None
        return evidence_of.settled(
            found,
            lambda: None if who is None else self.gallery.template(tx, who),
            0 if person is None else person.photos,
            NEVER if threshold is None else threshold,
            self.one_person,
        )

    def _again(self, tx: Transaction, rules: CompiledRules, for_update: bool) -> CompiledRules:
        """The rules once the person's row is ours: whoever held it meanwhile may have changed them."""
        return self.rules.at(tx) if for_update else rules

    def _awaited(self, tx: Transaction, rules: CompiledRules, gate: Gate, for_update: bool) -> Presented | None:
        """The badge whose holder's face this must be, where the gate asks for both."""
        now = self.clock()
        if rules.mode_at(gate.id, now).mode is not EntryMode.BADGE_AND_FACE:
            return None
        return awaited(tx, gate, here(rules, gate.id, self.clock_doubted()), now, for_update=for_update)

    def _gate_now(
        self, tx: Transaction, rules: CompiledRules, gate: Gate, now: datetime, doubted: bool
    ) -> tuple[SiteMode, EntryMode]:
        """The modes of site and gate, read last, so that an order given while faces were compared applies."""
        mode = tx.site.get().mode_at(gate.id)
        return mode, self.rules.entry(tx, rules, gate.id, now, clock_doubted=doubted)

    def _limits(self, request: DecisionRequest, threshold: float | None, doubted: bool) -> policy.PolicyLimits:
        # The picture must still be fresh when the answer arrives, which may take as long as somebody waits.
        on_its_way_ms = request.left(self.clock()) // timedelta(milliseconds=1) if request.poll else 0
        return policy.PolicyLimits(
            threshold=NEVER if threshold is None else threshold,
            margin=self.margin,
            max_frame_age_ms=self.max_frame_age_ms - on_its_way_ms,
            liveness_works=self.liveness_works,
            clock_doubted=doubted,
        )
