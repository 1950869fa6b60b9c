"""Answers a repeated request as before, so that it is recorded and opens once, unless the gate is shut by now."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from app.core.access import policy
from app.core.access.rules import EntryMode
from app.core.credentials.stored import CredentialKind
from app.core.errors import Conflict
from app.core.events.decision import Method, RecordedDecision
from app.core.events.records import Remembered
from app.core.gates.commands import CommandOutcome
from app.core.gates.gate import Gate
from app.core.ports.store import Clock, Transaction
from app.core.recognition import liveness
from app.core.site.mode import SiteMode
from app.core.types import Employee, Reason, Verdict
from app.services.access.rules.current_rules import CurrentRules
from app.services.events.access_log import AccessLog
from app.services.events.answers import Answers
from app.services.events.second_records import TooLate

IDEMPOTENT_FOR = timedelta(seconds=60)
APART = timedelta(seconds=2)  # how far apart the clocks of a site's processes may be
# Which boot of the machine, and the ms since then: a count that no change of the clock affects.
Uptime = Callable[[], tuple[str, int]]


@dataclass(frozen=True)
class Repeats:
    log: AccessLog
    answers: Answers
    clock: Clock
    liveness_works: bool
    second_records: TooLate
    rules: CurrentRules
    uptime: Uptime | None = None
    clock_doubted: Callable[[], bool] = bool

    def earlier(self, tx: Transaction, gate: Gate, idempotency_key: str | None, digest: str) -> RecordedDecision | None:
        """The answer to the same request within the last minute, unless it would open a gate that is shut by now.

        Raises Conflict('idempotency_key_reused') if the key came with another request.
        """
        if idempotency_key is None:
            return None
        found = tx.events.recall(gate.id, idempotency_key)
        if found is None or not self._is_recent(tx, found):
            return None
        if found.digest != self._keyed(digest):
            raise Conflict("idempotency_key_reused", "This Idempotency-Key came with another request; use a new one.")
        return self.again(tx, found.event_id)

    def _is_recent(self, tx: Transaction, found: Remembered) -> bool:
        """Asks the clock, and a count that runs on when the clock is set back: an opening must not last for hours."""
        now = self.clock()
        if self.uptime is not None and found.boot is not None and found.uptime_ms is not None:
            boot, uptime_ms = self.uptime()
            if found.boot == boot:
                since = timedelta(milliseconds=uptime_ms - found.uptime_ms)
                if not timedelta() <= since <= IDEMPOTENT_FOR:
                    return False
            elif (shared := tx.clocks.now()) is not None:
                now = shared  # another machine recorded it, and both know the database's clock
            else:
                return False  # the machine has restarted since, and its clock may not know how long that took
        return found.at - APART <= now <= found.at + IDEMPOTENT_FOR

    def is_known(self, tx: Transaction, gate: Gate, idempotency_key: str | None) -> bool:
        """Whether a request with this key was recorded within the last minute."""
        if idempotency_key is None:
            return False
        found = tx.events.recall(gate.id, idempotency_key)
        return found is not None and self._is_recent(tx, found)

    def again(self, tx: Transaction, event_id: str) -> RecordedDecision | None:
        """The recorded answer, signed; None if it is gone, or would open a gate that is shut by now."""
        row = tx.events.get(event_id)
        decision = self.log.decision_of(tx, row) if row else None
        if decision is None or (decision.opens and not self._still_opens(tx, decision)):
            return None
        return self.answers.sign(decision)

    def remember(self, tx: Transaction, gate_id: str, idempotency_key: str | None, digest: str, event_id: str) -> None:
        if idempotency_key is None:
            return
        now = self.clock()
        tx.events.forget_remembered(now - IDEMPOTENT_FOR)
        run = self.uptime() if self.uptime is not None else (None, None)
        tx.events.remember(gate_id, idempotency_key, Remembered(event_id, self._keyed(digest), now, *run))

    def _keyed(self, digest: str) -> str:
        """Hashes the digest under the master key: from the plain one, a card number could be guessed."""
        return hashlib.sha256(self.answers.signer.sign(b"repeat:" + digest.encode()).encode()).hexdigest()

    def _still_opens(self, tx: Transaction, answer: RecordedDecision) -> bool:
        """Whether the gate would still open for this person. An opening that was recorded too late never opened."""
        result = tx.gate_results.of([answer.id]).get(answer.id)
        if self.second_records.was_too_late(answer.id) or (
            result is not None and result.outcome is CommandOutcome.TOO_LATE
        ):
            return False
        gate = tx.gates.get(answer.gate_id)
        mode = tx.site.get().mode_at(answer.gate_id)
        if (
            answer.reason is Reason.RELEASED
            or gate is None
            or not gate.usable
            or gate.locked
            or mode is not SiteMode.NORMAL
        ):
            return answer.reason is Reason.RELEASED and mode is SiteMode.RELEASE
        now, doubted = self.clock(), self.clock_doubted()
        rules = self.rules.at(tx)
        entry = self.rules.entry(tx, rules, gate.id, now, clock_doubted=doubted)
        if answer.reason is Reason.FREE_ENTRY or not entry.asks_who:
            return answer.reason is Reason.FREE_ENTRY and entry is EntryMode.FREE
        looks_live = answer.liveness_state
        if answer.method is Method.FACE and liveness.refuses(gate.liveness, self.liveness_works, looks_live):
            return False
        employee = tx.employees.get(answer.employee.id) if answer.employee else None
        if employee is None or not self._still_theirs(tx, answer, employee) or not _enough(answer, entry, employee):
            return False
        return policy.by_standing_and_rules(employee, gate.id, now, rules, doubted).verdict is Verdict.OPEN

    def _still_theirs(self, tx: Transaction, answer: RecordedDecision, employee: Employee) -> bool:
        """Whether the person still has what let them in."""
        if answer.method is Method.FACE:
            return bool(employee.photos)
        found = None if answer.credential is None else tx.credentials.get(answer.credential.id or "")
        return found is not None and found.employee_id == employee.id


def _enough(answer: RecordedDecision, entry: EntryMode, employee: Employee) -> bool:
    """Whether what let the person in is still all that the gate asks for."""
    if answer.method is Method.FACE:
        return entry.by_face and not entry.asks_pin
    used = answer.credential
    by_face = used is not None and used.kind is CredentialKind.PIN
    if entry.asks_pin and not (used is not None and (by_face or used.pin)):
        return False
    by_qr = used is not None and used.kind is CredentialKind.QR
    both = entry is EntryMode.BADGE_AND_FACE and answer.faces > 0 and not by_face
    return policy.enough(employee, entry, by_face=by_face, by_qr=by_qr) or both
