"""Opens, locks and unlocks gates by order of a person. The gate's own chain records who and why.

A lock is about who is let in; no order here or elsewhere keeps anybody in. A release (fire) opens a locked gate too.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.core.errors import Conflict, NotFound, Unconfirmed
from app.core.events.decision import GrantedPassage, Identity, RecordedDecision
from app.core.events.records import EventRow
from app.core.gates.commands import DriverKind
from app.core.gates.gate import Gate
from app.core.gates.settings import DRIVER_UNKNOWN
from app.core.ports.store import Clock, Store, Transaction
from app.core.site.mode import SiteMode
from app.core.text import plain_comment
from app.core.types import OPENING, Reason
from app.services.events.access_log import AccessLog
from app.services.events.answers import Answers
from app.services.events.orders import ordered
from app.services.events.second_records import NoSecondRecords, TooLate

Grant = Callable[[Transaction, Gate, str, str | None, datetime], GrantedPassage | None]


@dataclass(frozen=True)
class ByHand:
    """carry_out: hands a recorded opening to the gate. grant: counts the passage of whoever is let in."""

    store: Store
    log: AccessLog
    answers: Answers
    clock: Clock
    new_id: Callable[[], str]
    carry_out: Callable[[RecordedDecision], None]
    second_records: TooLate = field(default_factory=NoSecondRecords)
    grant: Grant = lambda tx, gate, event_id, person_id, at: None

    def open(
        self, name: str, comment: str, actor: str, answers: str | None = None, employee_id: str | None = None
    ) -> RecordedDecision:
        """Records an opening, then sends it to the gate.

        Args:
            actor: The id of the key or user who orders it.
            answers: The id of this gate's refusal that it answers, if it lets in somebody who was refused.
            employee_id: Who is let in; None for the person in that refusal, if there is one.

        Raises NotFound, BadInput for no reason given, Conflict where the gate is locked or shut for everybody, stands
        open already or takes no orders, or where the event is no refusal at this gate; NotRecorded: then nothing opens.
        """
        comment, event_id = plain_comment(comment, required=True), self.new_id()
        try:
            answer = self._open(name, comment, actor, event_id, answers, employee_id)
        except Unconfirmed:
            # The log may say that the gate opened, which it never will.
            self.second_records.too_late(name, event_id)
            raise
        self.carry_out(answer)
        return answer

    def _open(
        self, name: str, comment: str, actor: str, event_id: str, answers: str | None, employee_id: str | None
    ) -> RecordedDecision:
        with self.store.write() as tx:
            gate = _held(tx, name)
            if gate.driver is DriverKind.PLAIN:
                raise Conflict("gate_not_driven", "This gate's hardware polls for decisions; it takes no orders.")
            if gate.driver is DriverKind.UNKNOWN:
                raise Conflict("gate_not_driven", DRIVER_UNKNOWN)
            mode = tx.site.get().mode_at(gate.id)
            if mode is SiteMode.RELEASE:
                raise Conflict("release_active", "The gate is open for everybody.")
            if mode is SiteMode.LOCKDOWN:
                raise Conflict("lockdown_active", "A lockdown is in force; end it at this gate first.")
            if gate.locked:
                raise Conflict("gate_locked", "The gate is locked by hand; unlock it first.")
            if not gate.enabled:
                raise Conflict("gate_disabled", "The gate is disabled; enable it first.")
            refused = None if answers is None else self._refused(tx, gate, answers)
            if employee_id is None and refused is not None:
                employee_id = refused.employee_id
            return self._record(tx, gate, Reason.OPENED_BY_HAND, comment, actor, event_id, answers, employee_id)

    def lock(self, name: str, comment: str, actor: str) -> RecordedDecision:
        """Once this returns, nobody gets in until the gate is unlocked. Raises as `open`; Conflict if it is locked."""
        return self._turn(name, True, comment, actor)

    def unlock(self, name: str, comment: str, actor: str) -> RecordedDecision:
        return self._turn(name, False, comment, actor)

    def _turn(self, name: str, locked: bool, comment: str, actor: str) -> RecordedDecision:
        comment = plain_comment(comment, required=True)
        with self.store.write() as tx:
            gate = _held(tx, name)
            if gate.locked is locked:
                raise Conflict("already_in_that_state", f"The gate is {'already locked' if locked else 'not locked'}.")
            tx.gates.update(replace(gate, locked=locked))
            return self._record(
                tx, gate, Reason.LOCKED_BY_HAND if locked else Reason.UNLOCKED_BY_HAND, comment, actor, self.new_id()
            )

    def _record(
        self,
        tx: Transaction,
        gate: Gate,
        reason: Reason,
        comment: str,
        actor: str,
        event_id: str,
        answers: str | None = None,
        employee_id: str | None = None,
    ) -> RecordedDecision:
        now = self.clock()
        until = now + timedelta(milliseconds=gate.unlock_ms) if reason in OPENING else None
        who = None if employee_id is None else _identity(tx, employee_id)
        order = ordered(gate, event_id, reason, now, actor, until, comment, who, answers)
        if reason in OPENING:
            order = replace(order, passage=self.grant(tx, gate, event_id, employee_id, now))
        return self.answers.sign(self.log.append(tx, order))

    def _refused(self, tx: Transaction, gate: Gate, event_id: str) -> EventRow:
        """Reads the refusal that an opening answers. Raises NotFound, Conflict for anything but one at this gate."""
        event = tx.events.get(event_id)
        if event is None:
            raise NotFound("unknown_event", "There is no event with this id.")
        decision = self.log.decision_of(tx, event)
        if event.gate_id != gate.id or decision is None or decision.opens or not decision.method.decides:
            raise Conflict("event_not_refused", "An opening can answer only a refusal of somebody at this gate.")
        return event


def _held(tx: Transaction, name: str) -> Gate:
    """Locks the gate's chain, so that decisions and other orders wait, and reads the gate."""
    gate = tx.gates.by_name_or_id(name)
    if gate is None:
        raise NotFound("unknown_gate", "There is no gate of that name.")
    tx.events.lock_head(gate.id)
    return tx.gates.get(gate.id) or gate


def _identity(tx: Transaction, employee_id: str) -> Identity:
    # Locked until the commit, so that nobody is erased before the event about them is written.
    employee = tx.employees.get(employee_id, for_update=True)
    if employee is None:
        raise NotFound("unknown_employee", "There is no employee with this id.")
    return Identity.of(employee)
