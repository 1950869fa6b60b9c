"""Asks another process what a gate's camera sees, through the database.

The process that watches the camera decides, and names its event in the transaction that records it. The process that
asked reads the event and signs the same answer. A poll is either answered or withdrawn, never both. So nothing is
decided for somebody who gave up, and a late answer opens nothing.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from threading import BoundedSemaphore

from app.core.errors import Busy, NotRecorded
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import RemotePoll
from app.core.gates.gate import Gate
from app.core.ports.store import Clock, Store, Transaction
from app.services.access.decision_request import FROM_CAMERA
from app.services.access.decision_service import DecisionService

LONGEST_MS = 1000  # then the person has walked on, and the hardware asks again
READ_S = 0.02
MOST = 16  # at a time: each occupies one of the threads that serve requests

NOBODY = "No process watches this gate's camera. Start a `worker` or `serve`, or wait ten seconds for a takeover."
BEGINNING = "This process is just starting to watch this gate's camera; try again in a second."
SILENT = "The process that watches this gate's camera did not answer in time. If it has died, another takes over soon."


@dataclass(frozen=True)
class RemotePolls:
    """here: the name under which this process holds leases."""

    store: Store
    decisions: DecisionService
    clock: Clock
    new_id: Callable[[], str]
    here: str
    _slots: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(MOST), repr=False)

    def ask(self, gate: Gate, idempotency_key: str | None = None) -> RecordedDecision:
        """Returns the signed answer of the process that watches the camera; its event is committed.

        Raises:
            Busy: Nobody watches the camera, or no answer came in time. Nothing opens, and nothing is decided later.
            Conflict: The idempotency key came with another request.
            NotRecorded: The database did not take the poll.
        """
        wait_ms = min(LONGEST_MS, gate.unlock_ms // 2, self.decisions.max_frame_age_ms // 2)
        end = time.monotonic() + wait_ms / 1000
        with self.store.read() as tx:
            now = tx.clocks.now() or self.clock()
            if earlier := self.decisions.earlier(tx, gate, idempotency_key, FROM_CAMERA):
                return earlier
            holder, until = tx.leases.holders().get(gate.id, ("", now))
        if until <= now:
            raise Busy("camera_unavailable", NOBODY)
        if holder == self.here:
            raise Busy("camera_unavailable", BEGINNING)
        if not self._slots.acquire(blocking=False):
            raise Busy("too_busy", "Too many requests are waiting for cameras; try again in a second.")
        try:
            wait = timedelta(milliseconds=wait_ms)
            poll = RemotePoll(self.new_id(), gate.id, now, now + wait, idempotency_key)
            with self.store.write(wait) as tx:
                tx.remote_polls.put(poll)
            return self._awaited(poll, end)
        finally:
            self._slots.release()

    def _awaited(self, poll: RemotePoll, end: float) -> RecordedDecision:
        answer = None
        while answer is None and (left := end - time.monotonic()) > 0:
            time.sleep(min(READ_S, left))
            answer = self._look(poll)
        if answer is None:
            with self.store.write() as tx:
                event_id = tx.remote_polls.withdraw(poll.id)
                answer = self._recorded(tx, event_id)
        if answer is None or (answer.opens and time.monotonic() >= end):
            raise Busy("camera_unavailable", SILENT)
        return answer

    def _look(self, poll: RemotePoll) -> RecordedDecision | None:
        try:
            with self.store.read() as tx:
                return self._recorded(tx, tx.remote_polls.answered(poll.id))
        except NotRecorded:
            return None  # the database is gone for a moment; giving up now would leave the poll open

    def _recorded(self, tx: Transaction, event_id: str | None) -> RecordedDecision | None:
        row = tx.events.get(event_id) if event_id is not None else None
        decision = self.decisions.log.decision_of(tx, row) if row else None
        return self.decisions.answers.sign(decision) if decision else None
