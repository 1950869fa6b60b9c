"""The main job: frames of one approach in, a recorded and signed decision out.

gather (gate, frames, gallery) -> call the core (evidence, policy) -> record -> answer. What cannot be recorded does
not open, and whatever raises on the way is a closed gate with the reason `system_fault`.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Protocol

from app.core import evidence as evidence_of
from app.core import policy
from app.core.chain import instant
from app.core.errors import BadInput, NotFound, NotRecorded, Refusal
from app.core.ports import Clock, Store, Transaction
from app.core.types import Decision, Evidence, Gate, Look, Pixels, Reason, Verdict
from app.services.access_log import AccessLog
from app.services.answers import Answer, Answers
from app.services.gallery import Gallery

logger = logging.getLogger(__name__)

MAX_FRAMES = 8
IDEMPOTENT_FOR = timedelta(seconds=60)
NEVER = 1.0  # the threshold where nobody could be identified anyway
FAULT = Evidence(0, 0, Reason.SYSTEM_FAULT)


class Threshold(Protocol):
    """The similarity that keeps strangers' accepts at the operator's rate (from the pack's calibration)."""

    def __call__(self, gallery_size: int, photos: int, frames: int) -> float: ...


@dataclass(frozen=True)
class Approach:
    """One request for a decision. frames: 1 to 8 encoded images, oldest first, or none with a credential."""

    gate: str
    frames: tuple[bytes, ...]
    received_at: datetime
    credential: str | None = None
    idempotency_key: str | None = None

    def __post_init__(self) -> None:
        if len(self.frames) > MAX_FRAMES:
            raise BadInput("too_many_frames", f"Send at most {MAX_FRAMES} frames of one approach.")
        if not self.frames and self.credential is None:
            raise BadInput("no_image", "Send one to eight JPEG or PNG frames, or a credential.")


@dataclass(frozen=True)
class Access:
    """Answers approaches.

    looks: what the frames of one approach show, one look each (see `recognition`). threshold: see Threshold.
    same_person, margin: calibrated similarities. encode: pixels to JPEG bytes, for the record. new_id: the next
    decision id. on_decision: told of every recorded answer.
    """

    store: Store
    looks: Callable[[Sequence[bytes]], list[Look]]
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
    keep_snapshots: bool = True
    on_decision: Callable[[Answer], None] = lambda _: None

    def decide(self, approach: Approach) -> Answer:
        """The signed answer, after its event is committed.

        Raises NotFound for an unknown gate, BadInput or TooLarge for frames that cannot be used, Busy when too many
        wait, NotRecorded when the event could not be written: in none of these cases does anything open.
        """
        started = perf_counter()
        with self.store.read() as tx:
            gate = tx.gates.by_name(approach.gate)
            if gate is None:
                raise NotFound("unknown_gate", "There is no gate of that name; an admin can add it.")
            if earlier := self._earlier(tx, gate, approach):
                return earlier
            current = self._refresh(tx)
        looks: list[Look] = []
        try:
            # A disabled gate looks at nobody: no face is processed without a purpose.
            if gate.enabled and approach.credential is None:
                looks = self.looks(approach.frames)
            found = self._evidence(looks) if current else FAULT
        except Refusal:
            raise
        except Exception:
            logger.exception("recognition failed; the gate stays shut")
            found = FAULT
        try:
            return self._conclude(gate, approach, found, looks, started)
        except (Refusal, NotRecorded):
            raise
        except Exception:
            # Somebody erased at this moment, a calibration that gives no number: nothing of it was recorded yet.
            logger.exception("the decision failed; the gate stays shut")
            return self._conclude(gate, approach, FAULT, [], started)

    def _refresh(self, tx: Transaction) -> bool:
        """Whether the gallery could be brought up to date; templates of another pack may be in the database."""
        try:
            self.gallery.refresh(tx)
        except Exception:
            logger.exception("the gallery cannot be read; the gate stays shut")
            return False
        return True

    def _evidence(self, looks: Sequence[Look]) -> Evidence:
        if not looks:
            return Evidence(0, 0, Reason.NO_FACE)
        folded = evidence_of.fold(looks, self.same_person)
        if folded.embedding is None:
            return folded
        return evidence_of.against(folded, self.gallery.search(folded.embedding, k=2))

    def _conclude(
        self, gate: Gate, approach: Approach, found: Evidence, looks: Sequence[Look], started: float
    ) -> Answer:
        """Reads what holds now, decides and records in one transaction; answers once it is committed."""
        snapshot = next((look.snapshot for look in reversed(looks) if look.snapshot is not None), None)
        image = self.encode(snapshot) if snapshot is not None and self.keep_snapshots else None
        with self.store.write(timedelta(milliseconds=self.record_deadline_ms)) as tx:
            if approach.idempotency_key is not None:
                # Twins of one request wait here for each other, and the second finds what the first recorded.
                tx.events.lock_head(gate.id)
                if earlier := self._earlier(tx, gate, approach):
                    return earlier
            answer = self._decide_and_record(tx, gate, approach, found, image, started)
        try:
            self.on_decision(answer)
        except Exception:
            logger.exception("a listener failed; the decision is recorded and stands")
        return answer

    def _decide_and_record(
        self, tx: Transaction, gate: Gate, approach: Approach, found: Evidence, image: bytes | None, started: float
    ) -> Answer:
        # Gate and employee as the database has them in the transaction that records the decision.
        gate = tx.gates.get(gate.id) or gate
        employee = tx.employees.get(found.best.employee_id) if found.best else None
        threshold = None
        if employee is not None and employee.photos:
            threshold = self.threshold(len(self.gallery), employee.photos, found.frames_used)
        limits = policy.Limits(NEVER if threshold is None else threshold, self.margin, self.max_frame_age_ms)
        now = self.clock()
        # No credential can be enrolled yet, so every one that is presented is unknown.
        decision = policy.decide(
            found, employee, gate, limits, approach.received_at, now, unknown_credential=approach.credential is not None
        )
        took_ms = (perf_counter() - started) * 1000
        payload = self._payload(gate, approach, found, decision, threshold, now, took_ms)
        row, _ = self.log.append(
            tx,
            gate=gate,
            at=now,
            event_id=payload["decision_id"],
            verdict=decision.verdict,
            reason=decision.reason,
            employee=decision.employee,
            payload=payload,
            snapshot=image,
        )
        if approach.idempotency_key is not None:
            tx.events.forget_remembered(now - IDEMPOTENT_FOR)
            tx.events.remember(gate.id, approach.idempotency_key, row.id, now)
        return self.answers.sign(payload, row)

    def _payload(
        self,
        gate: Gate,
        approach: Approach,
        found: Evidence,
        decision: Decision,
        threshold: float | None,
        now: datetime,
        took_ms: float,
    ) -> Answer:
        who = decision.employee
        opens = decision.verdict is Verdict.OPEN
        return {
            "decision": decision.verdict.value,
            "reason": decision.reason.value,
            "decision_id": self.new_id(),
            "gate": gate.name,
            "at": instant(now),
            "open_until": instant(now + timedelta(milliseconds=gate.open_ms)) if opens else None,
            "employee": {"id": who.id, "name": who.name, "number": who.number} if who else None,
            "method": "credential" if approach.credential is not None else "face",
            "similarity": rounded(found.best.similarity if found.best else None),
            "threshold": rounded(threshold),
            "margin": rounded(found.margin),
            "liveness": rounded(found.liveness),
            "faces": found.faces,
            "frames": len(approach.frames),
            "frames_used": found.frames_used,
            "took_ms": round(took_ms, 1),
        }

    def _earlier(self, tx: Transaction, gate: Gate, approach: Approach) -> Answer | None:
        if approach.idempotency_key is None:
            return None
        since = self.clock() - IDEMPOTENT_FOR
        event_id = tx.events.recall(gate.id, approach.idempotency_key, since)
        row = tx.events.get(event_id) if event_id else None
        payload = self.log.payload_of(tx, row) if row else None
        return self.answers.sign(payload, row) if row and payload else None


def rounded(value: float | None) -> float | None:
    """Four decimals: more would be noise, and a signature needs one spelling."""
    return None if value is None else round(float(value), 4)
