"""Decides a case and records it: the one way in which an answer comes about, for HTTP requests and cameras alike.

What holds (gate, employee, rules) is read in the transaction that records, and only what is committed is answered. What
raises on the way is a closed gate with the reason `system_fault`.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Protocol

from app.core import evidence as evidence_of
from app.core import liveness, policy
from app.core.chain import instant
from app.core.errors import Busy, Conflict, NotRecorded, Refusal
from app.core.gates import Question
from app.core.histograms import buckets_of
from app.core.media import bundle
from app.core.ports import Clock, Store, Transaction
from app.core.records import EventRow
from app.core.site import SiteMode
from app.core.types import Decision, Evidence, Gate, Look, Pixels, Reason, Verdict
from app.services.access_log import AccessLog
from app.services.answers import Answer, Answers
from app.services.gallery import Gallery

logger = logging.getLogger(__name__)

IDEMPOTENT_FOR = timedelta(seconds=60)
FROM_CAMERA = "from_camera"  # the digest of every request for what the gate's own camera sees
NEVER = 1.0  # the threshold where nobody could be identified anyway
FAULT = Evidence(0, 0, Reason.SYSTEM_FAULT)


class GivenUp(Busy):
    """Nobody waits for the answer any more."""

    def __init__(self) -> None:
        super().__init__("given_up", "Nobody waits for the answer any more.")


class Threshold(Protocol):
    """The similarity that keeps strangers' accepts at a share of the operator's rate (from the pack's calibration)."""

    def __call__(self, gallery_size: int, photos: int, frames: int, share: float = 1.0) -> float: ...


@dataclass(frozen=True, eq=False)
class Case:
    """What one decision is about.

    looks: what its frames show, oldest first. frames: how many were sent or seen. seen_at: when the newest frame was
    taken, or received where the sender does not say. share: of the false accept rate, where one approach is tried
    several times (`core.approach`). started: `perf_counter` when the work began. digest: of what was asked, so that an
    idempotency key is not taken for another request. question: of another process, which this answers.
    """

    gate: Gate
    looks: Sequence[Look]
    frames: int
    seen_at: datetime
    started: float
    camera: str | None = None
    credential: str | None = None
    idempotency_key: str | None = None
    digest: str = ""
    share: float = 1.0
    question: Question | None = None


@dataclass(frozen=True)
class _Weighed:
    gate: Gate
    decision: Decision
    threshold: float | None
    now: datetime


@dataclass(frozen=True)
class Verdicts:
    """same_person, margin: calibrated similarities. encode: pixels to JPEG bytes, for the record. pictures: how many
    an event keeps at most. new_id: the next
    decision id. liveness_works: its weights are here. on_decision: told of every recorded answer."""

    store: Store
    gallery: Gallery
    log: AccessLog
    answers: Answers
    clock: Clock
    new_id: Callable[[], str]
    encode: Callable[[Pixels], bytes]
    threshold: Threshold
    same_person: float
    margin: float
    max_frame_age_ms: int
    record_deadline_ms: int = 2000
    pictures: int = 1
    liveness_works: bool = False
    on_decision: Callable[[Answer], None] = lambda _: None

    def evidence(self, looks: Sequence[Look]) -> Evidence:
        """The looks folded, and who they resemble. FAULT where anything raises."""
        try:
            if not looks:
                return Evidence(0, 0, Reason.NO_FACE)
            folded = evidence_of.fold(looks, self.same_person)
            if folded.embedding is None:
                return folded
            return evidence_of.against(folded, self.gallery.search(folded.embedding, k=2))
        except Exception:
            # Whatever it is, it becomes a recorded denial with the reason system_fault.
            logger.exception("the evidence cannot be weighed; the gate stays shut")
            return FAULT

    def would_open(self, case: Case, found: Evidence) -> bool:
        """Whether recording the case now would open the gate. Raises NotRecorded where the database is gone."""
        with self.store.read() as tx:
            return self._weigh(tx, case, found).decision.verdict is Verdict.OPEN

    def record(self, case: Case, found: Evidence) -> Answer:
        """The signed answer, after its event is committed. Raises NotRecorded: then nothing opens; GivenUp
        where nobody waits for the answer to the case's question any more: then nothing is recorded either."""
        try:
            return self._record(case, found)
        except (Refusal, NotRecorded):
            raise
        except Exception:
            # Somebody erased at this moment, a calibration that gives no number: nothing of it was recorded yet.
            logger.exception("the decision failed; the gate stays shut")
            return self._record(replace(case, looks=()), FAULT)

    def refresh(self, tx: Transaction) -> bool:
        """Whether the gallery could be brought up to date; templates of another pack may be in the database."""
        try:
            self.gallery.refresh(tx)
        except Exception:
            # The caller records a denial: an index that may be out of date identifies nobody.
            logger.exception("the gallery cannot be read; the gate stays shut")
            return False
        return True

    def earlier(self, tx: Transaction, gate: Gate, idempotency_key: str | None, digest: str) -> Answer | None:
        """What was answered to the same request within the last minute, unless it would open what is shut by now.

        Raises Conflict('idempotency_key_reused') where the key came with another request.
        """
        if idempotency_key is None:
            return None
        found = tx.events.recall(gate.id, idempotency_key, self.clock() - IDEMPOTENT_FOR)
        if found is None:
            return None
        if found[1] != digest:
            raise Conflict("idempotency_key_reused", "This Idempotency-Key came with another request; use a new one.")
        row = tx.events.get(found[0])
        payload = self.log.payload_of(tx, row) if row else None
        if row is None or payload is None or (row.verdict is Verdict.OPEN and not self._still_opens(tx, row, payload)):
            return None
        return self.answers.sign(payload, row)

    def _still_opens(self, tx: Transaction, row: EventRow, payload: Answer) -> bool:
        """Whether gate and person may still do what was answered: who is dismissed is refused, repeated or not."""
        gate = tx.gates.get(row.gate_id)
        mode = tx.site.get().mode_at(row.gate_id)
        if (
            row.reason is Reason.RELEASED
            or gate is None
            or not gate.enabled
            or gate.locked
            or mode is not SiteMode.NORMAL
        ):
            return row.reason is Reason.RELEASED and mode is SiteMode.RELEASE
        found = payload.get("liveness_state")
        if payload["method"] == "face" and liveness.refuses(gate.liveness, self.liveness_works, found):
            return False
        employee = tx.employees.get(row.employee_id) if row.employee_id else None
        return employee is not None and bool(employee.photos) and policy.standing(employee, self.clock()) is None

    def _record(self, case: Case, found: Evidence) -> Answer:
        image = self._image(case.looks)
        with self.store.write(min(timedelta(milliseconds=self.record_deadline_ms), self._left(case))) as tx:
            # Twins of one request wait here for each other, and the second finds what the first recorded; so do a
            # decision and an order of lockdown, whose own event stands in the same chain.
            head = tx.events.lock_head(case.gate.id)
            if earlier := self.earlier(tx, case.gate, case.idempotency_key, case.digest):
                _answer(tx, case, earlier)
                return earlier
            weighed = self._weigh(tx, case, found, hold=True)
            payload = self._payload(case, found, weighed)
            _answer(tx, case, payload)
            row, _ = self.log.append(
                tx,
                gate=weighed.gate,
                at=weighed.now,
                event_id=payload["decision_id"],
                verdict=weighed.decision.verdict,
                reason=weighed.decision.reason,
                employee=weighed.decision.employee,
                payload=payload,
                snapshot=image,
                head=head,
            )
            tx.histograms.add(buckets_of(row.gate_id, row.at.date(), payload))
            if case.idempotency_key is not None:
                tx.events.forget_remembered(weighed.now - IDEMPOTENT_FOR)
                tx.events.remember(case.gate.id, case.idempotency_key, case.digest, row.id, weighed.now)
            answer = self.answers.sign(payload, row)
        try:
            self.on_decision(answer)
        except Exception:
            # Committed already: to lose the answer now would leave the log saying what nobody was told.
            logger.exception("a listener failed; the decision is recorded and stands")
        return answer

    def _left(self, case: Case) -> timedelta:
        """How long somebody waits for this yet. Raises GivenUp where nobody does."""
        if case.question is None:
            return timedelta.max
        left = case.question.until - self.clock()
        if left <= timedelta(0):
            raise GivenUp
        return left

    def _image(self, looks: Sequence[Look]) -> bytes | None:
        """The newest look's picture, and of the usable ones before it as many as are kept."""
        shown = [look for look in reversed(looks) if look.snapshot is not None]
        if not shown or not self.pictures:
            return None
        kept = [shown[0], *(look for look in shown[1:] if look.subject is not None)][: self.pictures]
        return bundle([self.encode(look.snapshot) for look in kept if look.snapshot is not None])

    def _weigh(self, tx: Transaction, case: Case, found: Evidence, *, hold: bool = False) -> _Weighed:
        """Gate and employee as this transaction has them, and what follows.

        hold: keeps the employee as they are until the commit, so that who is dismissed meanwhile is refused.
        """
        gate = tx.gates.get(case.gate.id) or case.gate
        employee = tx.employees.get(found.best.employee_id, hold=hold) if found.best else None
        threshold = None
        if employee is not None and employee.photos:
            threshold = self.threshold(len(self.gallery), employee.photos, found.frames_used, case.share)
        # The picture must be fresh when the answer is given, which may be as late as somebody waits for it.
        on_its_way_ms = self._left(case) // timedelta(milliseconds=1) if case.question else 0
        limits = policy.Limits(
            threshold=NEVER if threshold is None else threshold,
            margin=self.margin,
            max_frame_age_ms=self.max_frame_age_ms - on_its_way_ms,
            liveness_works=self.liveness_works,
        )
        now = self.clock()
        # Read last: a lockdown or release that was ordered while faces were compared holds already.
        mode = tx.site.get().mode_at(gate.id)
        # No credential can be enrolled yet, so every one that is presented is unknown.
        decision = policy.decide(
            found,
            employee,
            gate,
            limits,
            case.seen_at,
            now,
            unknown_credential=case.credential is not None,
            mode=mode,
        )
        return _Weighed(gate, decision, threshold, now)

    def _payload(self, case: Case, found: Evidence, weighed: _Weighed) -> Answer:
        who, now = weighed.decision.employee, weighed.now
        opens = weighed.decision.verdict is Verdict.OPEN
        return {
            "decision": weighed.decision.verdict.value,
            "reason": weighed.decision.reason.value,
            "decision_id": self.new_id(),
            "gate": weighed.gate.name,
            "at": instant(now),
            "open_until": instant(now + timedelta(milliseconds=weighed.gate.open_ms)) if opens else None,
            "employee": {"id": who.id, "name": who.name, "number": who.number} if who else None,
            "method": "credential" if case.credential is not None else "face",
            "similarity": rounded(found.best.similarity if found.best else None),
            "threshold": rounded(weighed.threshold),
            "margin": rounded(found.margin),
            "liveness": rounded(found.liveness),
            "liveness_state": policy.liveness_state(found, weighed.gate, self.liveness_works).value,
            "faces": found.faces,
            "camera": case.camera,
            "frames": case.frames,
            "frames_used": found.frames_used,
            "took_ms": round((perf_counter() - case.started) * 1000, 1),
        }


def _answer(tx: Transaction, case: Case, answer: Answer) -> None:
    """Names the event to whoever asked. Raises GivenUp where it was withdrawn: that must not commit."""
    if case.question is not None and not tx.questions.answer(case.question.id, answer["decision_id"]):
        raise GivenUp


def rounded(value: float | None) -> float | None:
    """Four decimals: more would be noise, and a signature needs one spelling."""
    return None if value is None else round(float(value), 4)
