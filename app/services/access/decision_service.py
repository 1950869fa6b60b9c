"""Decides and records. Every answer comes from here, for HTTP requests and cameras alike.

Gate, employee, rules and mode are read in the transaction that records the event. An unexpected error keeps the gate
shut and is recorded as `system_fault`.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.core.credentials.qr_pass import PassKey
from app.core.errors import NotRecorded, Refusal, Unconfirmed
from app.core.events.decision import GrantedPassage, RecordedDecision
from app.core.events.histograms import buckets_of
from app.core.events.records import EventFilter
from app.core.gates.commands import CommandOutcome
from app.core.gates.gate import Gate
from app.core.media import bundle
from app.core.ports.store import Clock, Store, Transaction
from app.core.recognition import evidence as evidence_of
from app.core.types import Decision, Evidence, FrameResult, Pixels, Reason, Verdict
from app.services.access.assessment import Assessment, described
from app.services.access.assessor import FAULT, Assessor
from app.services.access.credentials import pins
from app.services.access.credentials.passes import note_use
from app.services.access.credentials.waiting import keep_read
from app.services.access.decision_request import DecisionRequest, Eligible, Threshold
from app.services.access.passages.zone_gate import ZoneGate
from app.services.access.repeats import Repeats, Uptime
from app.services.access.replays import AGAIN, Replays
from app.services.access.rules.current_rules import CurrentRules
from app.services.events.access_log import AccessLog
from app.services.events.answers import Answers
from app.services.events.second_records import NoSecondRecords, TooLate
from app.services.people.gallery import Gallery

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DecisionService:
    """Assesses evidence by the policy, and records the decision.

    Attributes:
        new_id: makes the id of the next event.
        encode: pixels to JPEG bytes, for the record.
        same_person, margin: calibrated similarities.
        pictures: the most that an event keeps.
        liveness_works: the liveness weights are installed.
        on_decision: called with every recorded answer.
        second_records: notes the openings that were recorded too late.
        pass_key: verifies QR passes; without it, none is known.
        apart, one_person: calibrated, of several frames (`recognition.evidence`). Without one_person, two frames less
            alike than same_person always identify nobody.
        eligible: how many may pass a gate now; None for unknown, and the threshold counts the whole gallery.
    """

    store: Store
    gallery: Gallery
    log: AccessLog
    answers: Answers
    clock: Clock
    new_id: Callable[[], str]
    encode: Callable[[Pixels], bytes]
    threshold: Threshold
    replays: Replays
    same_person: float
    margin: float
    max_frame_age_ms: int
    record_deadline_ms: int = 2000
    pictures: int = 1
    liveness_works: bool = False
    on_decision: Callable[[RecordedDecision], None] = lambda _: None
    second_records: TooLate = field(default_factory=NoSecondRecords)
    uptime: Uptime | None = None
    clock_doubted: Callable[[], bool] = bool
    rules: CurrentRules = field(default_factory=CurrentRules)
    eligible: Eligible = lambda tx, rules, gate_id, now: None
    pass_key: PassKey | None = None
    apart: Callable[[float, int], float] = evidence_of.every_frame
    one_person: evidence_of.OnePerson | None = None

    def evidence(self, looks: Sequence[FrameResult], *, search: bool = True) -> Evidence:
        """Combines the frames and searches for the nearest employee. Returns FAULT if anything raises.

        search: False where the face is compared with one person's alone.
        """
        if not looks:
            return Evidence(0, 0, Reason.NO_FACE)
        try:
            folded = evidence_of.fold(looks, self.same_person, self.apart)
            if folded.embedding is None or not search:
                return folded
            return evidence_of.against(folded, self.gallery.search(folded.embedding, k=2))
        except Exception:
            logger.exception("evidence_failed gate=stays_shut")  # and is recorded as system_fault
            return FAULT

    def would_open(self, request: DecisionRequest, found: Evidence) -> bool:
        """Whether recording the request now would open the gate. Raises as `foreseen` does."""
        return self.foreseen(request, found).verdict is Verdict.OPEN

    def foreseen(self, request: DecisionRequest, found: Evidence) -> Decision:
        """Returns what recording the request now would decide. Raises NotRecorded if the database is gone."""
        with self.store.read() as tx:
            return self.assessor.assess(tx, request, found).decision

    def record(self, request: DecisionRequest, found: Evidence) -> RecordedDecision:
        """Decides the request and returns the signed answer once its event is committed.

        Raises:
            NotRecorded: The event was not written, so nothing opens. Its kind Unconfirmed: it may have been.
            GivenUp: Nobody waits for the answer any more, so nothing is recorded.
        """
        try:
            return self._record(request, found)
        except (Refusal, NotRecorded):
            raise
        except Exception:
            # For instance an employee who was just erased, or a calibration without a number. Nothing is recorded yet.
            logger.exception("decision_failed gate=stays_shut")
            return self._record(replace(request, looks=()), FAULT)

    def opened_by_badge(self, gate: Gate, since: datetime) -> bool:
        """Whether a badge has opened the gate since then. Raises NotRecorded."""
        which = EventFilter(gate=gate.name, reason=Reason.CREDENTIAL_ACCEPTED, since=since, limit=1)
        with self.store.read() as tx:
            return bool(tx.events.find(which))

    def still_asks_pin(self, gate: Gate, employee_id: str) -> None:
        """Goes on waiting for the PIN of somebody whom a camera still sees. Raises NotRecorded."""
        with self.store.write() as tx:
            wait = tx.pin_waits.of(gate.id)
            if wait is not None and wait.employee_id == employee_id:
                tx.pin_waits.put(replace(wait, at=self.clock()))

    def refresh(self, tx: Transaction) -> bool:
        """Brings the gallery up to date. Returns False if that fails, for instance at templates of another pack."""
        try:
            self.gallery.refresh(tx)
        except Exception:
            # An index that may be out of date must identify nobody, so the caller records a denial.
            logger.exception("gallery_unreadable gate=stays_shut")
            return False
        return True

    def earlier(self, tx: Transaction, gate: Gate, idempotency_key: str | None, digest: str) -> RecordedDecision | None:
        """See `Repeats.earlier`."""
        return self.repeats.earlier(tx, gate, idempotency_key, digest)

    @property
    def zones(self) -> ZoneGate:
        return ZoneGate(self.new_id)

    @property
    def assessor(self) -> Assessor:
        return Assessor(
            self.gallery,
            self.clock,
            self.threshold,
            self.rules,
            self.eligible,
            self.zones,
            self.margin,
            self.max_frame_age_ms,
            self.liveness_works,
            self.clock_doubted,
            self.pass_key,
            self.one_person,
        )

    @property
    def repeats(self) -> Repeats:
        liveness_works, doubted = self.liveness_works, self.clock_doubted
        return Repeats(
            self.log, self.answers, self.clock, liveness_works, self.second_records, self.rules, self.uptime, doubted
        )

    def again(self, request: DecisionRequest, found: Evidence, event_id: str) -> RecordedDecision | None:
        """The answer of a recorded opening, if this request would open as well. Raises as `record` does."""
        with self.store.write(self._deadline(request)) as tx:
            answer = self.repeats.again(tx, event_id)
            # The zones are not asked: they count this very opening.
            if (
                answer is None
                or self.assessor.assess(tx, request, found, for_update=True, zones=False).decision.verdict
                is not Verdict.OPEN
            ):
                return None
            request.answer_poll(tx, answer)
            self.repeats.remember(tx, request.gate.id, request.idempotency_key, request.digest, event_id)
        return answer

    def _record(self, request: DecisionRequest, found: Evidence) -> RecordedDecision:
        image, event_id = self._image(request.looks), self.new_id()
        try:
            answer, is_new = self._write(request, found, image, event_id)
        except Unconfirmed:
            # The log may say that the gate opened, though nobody is let in.
            self.second_records.too_late(request.gate.id, event_id)
            raise
        if not is_new:
            return answer
        try:
            self.on_decision(answer)
        except Exception:
            # The event is committed, so the answer must reach its caller.
            logger.exception("decision_listener_failed decision=recorded")
        return answer

    def _write(
        self, request: DecisionRequest, found: Evidence, image: bytes | None, event_id: str
    ) -> tuple[RecordedDecision, bool]:
        """Returns the committed answer, and whether it is new."""
        with self.store.write(self._deadline(request)) as tx:
            # Two copies of one request wait here for each other, and the second finds the first one's event. A decision
            # and a lockdown wait here too, because both append to this chain.
            head = tx.events.lock_head(request.gate.id)
            if earlier := self.earlier(tx, request.gate, request.idempotency_key, request.digest):
                request.answer_poll(tx, earlier)
                return earlier, False
            if repeated := self._repeated(tx, request):
                request, found = self._without(repeated, request, found)
                image = self._image(request.looks)
            assessed = self.assessor.assess(tx, request, found, for_update=True)
            open_already = self._open_already(tx, assessed)
            if open_already is not None:
                request.answer_poll(tx, open_already)
                self.repeats.remember(tx, request.gate.id, request.idempotency_key, request.digest, open_already.id)
                pins.keep(tx, assessed, open_already.id, found, self.new_id)
                return open_already, False
            passage = self._granted(tx, assessed, event_id)
            if assessed.presented is not None:
                keep_read(tx, assessed.gate, assessed.presented, assessed.decision.reason, assessed.now)
            decision = described(request, found, assessed, event_id, self.liveness_works, passage)
            request.answer_poll(tx, decision)
            recorded = self.log.append(tx, decision, image, head)
            tx.histograms.add(buckets_of(recorded))
            self.repeats.remember(tx, request.gate.id, request.idempotency_key, request.digest, recorded.id)
            if assessed.presented is not None and recorded.opens:
                note_use(tx, assessed.presented, event_id, assessed.now, reported=passage is not None)
            pins.keep(tx, assessed, recorded.id, found, self.new_id)
            return self.answers.sign(recorded), True

    def _open_already(self, tx: Transaction, assessed: Assessment) -> RecordedDecision | None:
        """The answer that opened this gate for this person a moment ago: they get no second passage.

        None if the gate failed to open: then this attempt opens it, and its passage takes the place of the other.
        """
        earlier = assessed.zoned.earlier if assessed.zoned else None
        if earlier is None:
            return None
        result = tx.gate_results.of([earlier]).get(earlier)
        failed = result is not None and result.outcome is CommandOutcome.FAILED
        return None if failed else self.repeats.again(tx, earlier)

    def _granted(self, tx: Transaction, assessed: Assessment, event_id: str) -> GrantedPassage | None:
        decision = assessed.decision
        if decision.verdict is not Verdict.OPEN:
            return None
        person_id = None if decision.employee is None else decision.employee.id
        return self.zones.grant(tx, assessed.gate, assessed.zoned, event_id, person_id, assessed.now)

    def _repeated(self, tx: Transaction, request: DecisionRequest) -> frozenset[str]:
        """The pictures of this request that are not evidence, because another request brought them before."""
        if not request.pictures or self.repeats.is_known(tx, request.gate, request.idempotency_key):
            return frozenset()  # the same request again is not a replay
        return self.replays.take(tx, request.gate.id, request.pictures, self.clock())

    def _without(
        self, repeated: frozenset[str], request: DecisionRequest, found: Evidence
    ) -> tuple[DecisionRequest, Evidence]:
        """Returns the request and its evidence without these pictures; AGAIN if none is left."""
        if found is FAULT:
            return request, found
        looked_at = zip(request.pictures, request.looks, strict=True) if request.looks else ()
        looks = [look for picture, look in looked_at if picture not in repeated]
        return replace(request, looks=looks), self.evidence(looks) if looks else AGAIN

    def _deadline(self, request: DecisionRequest) -> timedelta:
        return min(timedelta(milliseconds=self.record_deadline_ms), request.left(self.clock()))

    def _image(self, looks: Sequence[FrameResult]) -> bytes | None:
        """Bundles the newest picture and the usable ones before it, as many as an event keeps."""
        shown = [look for look in reversed(looks) if look.snapshot is not None]
        if not shown or not self.pictures:
            return None
        kept = [shown[0], *(look for look in shown[1:] if look.subject is not None)][: self.pictures]
        return bundle([self.encode(look.snapshot) for look in kept if look.snapshot is not None])
