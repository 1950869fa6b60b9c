"""Writes an opening's second record when no driver does: it was too late, or the service had stopped.

A thread writes the records, repeats until the database has taken them, and then ends.
"""

import logging
from collections import deque
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Protocol

from app.core.errors import FacegateError, NotRecorded
from app.core.gates.commands import CommandOutcome, DriverKind, GateResult
from app.core.gates.result import GateResultRow
from app.core.ports.crypto import Signer
from app.core.ports.store import Clock, Store, Transaction
from app.core.types import Verdict

logger = logging.getLogger(__name__)

TOO_LATE = GateResult(CommandOutcome.TOO_LATE, "recorded too late; the gate was not opened")
STOPPED = GateResult(CommandOutcome.TOO_LATE, "the service stopped before it was sent")
UNTAKEN = GateResult(CommandOutcome.TOO_LATE, "no process drove the gate")
GONE = GateResult(CommandOutcome.TOO_LATE, "the database was gone before it was sent")

AGAIN_S = 1.0
MOST_WAITING = 1000  # nothing is decided while the database is gone, so few ever wait


class TooLate(Protocol):
    """The part of these records that decisions use."""

    def too_late(self, gate: str, event_id: str) -> None: ...
    def was_too_late(self, event_id: str) -> bool: ...


@dataclass(frozen=True)
class _Record:
    gate: str
    row: GateResultRow
    driven_only: bool


class SecondRecords:
    """Any thread may call any method."""

    def __init__(self, store: Store, signer: Signer, clock: Clock) -> None:
        self._store, self._signer, self._clock = store, signer, clock
        self._waiting: deque[_Record] = deque(maxlen=MOST_WAITING)
        self._late: deque[str] = deque(maxlen=MOST_WAITING)
        self._lock = Lock()
        self._thread: Thread | None = None
        self._closing = Event()

    def too_late(self, gate: str, event_id: str) -> None:
        """Notes an opening that may be in the log though nobody was let in. Nothing is written if it is not there."""
        self._late.append(event_id)
        self._add(gate, event_id, TOO_LATE, driven_only=False)

    def not_sent(self, gate: str, event_id: str, why: GateResult) -> None:
        """Notes a recorded opening that nobody sends to the gate. Nothing is written for hardware that polls."""
        self._add(gate, event_id, why, driven_only=True)

    def was_too_late(self, event_id: str) -> bool:
        """Whether `too_late` was called for this event, whether or not its record is written yet."""
        return event_id in tuple(self._late)

    def is_waiting(self, event_id: str) -> bool:
        """Whether this event's second record is still to be written."""
        return any(record.row.event_id == event_id for record in tuple(self._waiting))

    def close(self) -> None:
        """Tries once more to write what waits. Safe to call twice."""
        self._closing.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(5.0)

    def _add(self, gate: str, event_id: str, result: GateResult, *, driven_only: bool) -> None:
        row = GateResultRow(event_id, self._clock(), result.outcome, result.detail)
        signature = self._signer.sign(row.signed_part)
        record = _Record(gate, GateResultRow(row.event_id, row.at, row.outcome, row.detail, signature), driven_only)
        with self._lock:
            self._waiting.append(record)
            if self._thread is None:
                self._thread = Thread(target=self._run, name="second-records", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                record = self._waiting[0]
            if self._guarded(record):
                with self._lock:
                    if self._waiting and self._waiting[0] is record:
                        self._waiting.popleft()
            elif self._closing.is_set():
                logger.error("second_record_lost count=%d reason=database_gone", len(self._waiting))
                with self._lock:
                    self._thread = None
                return
            else:
                self._closing.wait(AGAIN_S)

    def _guarded(self, record: _Record) -> bool:
        """Writes a record. Returns whether it is done with."""
        try:
            self._write(record)
        except NotRecorded:
            return False
        except FacegateError as error:
            logger.error("second_record_failed event=%s error=%s", record.row.event_id, type(error).__name__)
        except Exception:
            # It would fail again, and everything behind it would wait for ever.
            logger.exception("second_record_failed event=%s", record.row.event_id)
        return True

    def _write(self, record: _Record) -> None:
        with self._store.write() as tx:
            gate = tx.gates.by_name_or_id(record.gate)
            if gate is None or (record.driven_only and gate.driver is DriverKind.PLAIN):
                return
            # A commit whose end we did not see may still be running; it holds the head of the chain.
            tx.events.lock_head(gate.id)
            event = tx.events.get(record.row.event_id)
            if event is not None and event.verdict is Verdict.OPEN:
                put_result(tx, record.row)


def put_result(tx: Transaction, row: GateResultRow) -> None:
    """Stores what a gate did. If it never opened, nobody went through: where the person is counts as before."""
    if row.outcome in (CommandOutcome.TOO_LATE, CommandOutcome.FAILED):
        event = tx.events.get(row.event_id)
        if event is not None and event.employee_id is not None:
            tx.employees.get(event.employee_id, for_update=True)
        if row.outcome is CommandOutcome.TOO_LATE:
            # After a failure the sensor still tells whether somebody went through.
            tx.passages.withdraw(row.event_id)
        tx.presences.undo(row.event_id)
    tx.gate_results.put(row)
    if row.outcome in (CommandOutcome.TOO_LATE, CommandOutcome.FAILED):
        tx.credentials.give_back(row.event_id, assumed=row.outcome is CommandOutcome.FAILED)


class NoSecondRecords:
    """For tools and tests, which keep no second records."""

    def too_late(self, gate: str, event_id: str) -> None:
        logger.error("opening_recorded_too_late event=%s", event_id)

    def was_too_late(self, event_id: str) -> bool:
        return False
