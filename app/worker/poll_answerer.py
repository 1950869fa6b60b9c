"""Answers other processes' polls of the cameras that this one watches (see `services.access.remote_polls`).

It has a thread of its own, so neither the cameras' loops nor the watchdog wait for it.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from app.core.errors import NotRecorded, Refusal
from app.core.gates.commands import RemotePoll
from app.core.gates.gate import Gate
from app.core.ports.store import Store
from app.services.site.gate_leases import shared_time
from app.worker.supervisor import Supervisor

logger = logging.getLogger(__name__)

LOOK_S = 0.1  # each look reads one index; a poll waits for half of this on average


class PollAnswerer:
    """Runs from `start` to `stop`."""

    def __init__(self, watching: Supervisor, store: Store, clock: Callable[[], datetime]) -> None:
        self._watching, self._store, self._clock = watching, store, clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="answering", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns once the current poll is answered. Later ones find that nobody watches the camera."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def look(self) -> None:
        """Answers the waiting polls, oldest first. Raises NotRecorded if they cannot be read."""
        gates = {watched.camera.gate_id for watched in self._watching.watched()}
        if not gates:
            return
        with self._store.read() as tx:
            now, apart = shared_time(tx, self._clock)
            # The asking process used the shared clock. Translate its times to ours.
            found = tx.remote_polls.waiting(gates, now)
            waiting = [replace(one, at=one.at - apart, until=one.until - apart) for one in found]
            known = {poll.gate_id: tx.gates.get(poll.gate_id) for poll in waiting}
        for poll in waiting:
            if gate := known[poll.gate_id]:
                self._answer(gate, poll)

    def _answer(self, gate: Gate, poll: RemotePoll) -> None:
        watched = self._watching.camera_of_gate(gate.id)
        if watched is None:
            return
        try:
            watched.loop.now(gate, self._clock(), poll.idempotency_key, poll)
        except (Refusal, NotRecorded) as error:
            # The caller has given up, or is about to. The process that it asked tells it why.
            logger.debug('remote_poll_unanswered why="%s"', error)
        except Exception:
            # One poll's fault must not leave the others without an answer.
            logger.exception("remote_poll_failed camera=%s", watched.camera.name)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_S):
            try:
                self.look()
            except NotRecorded:
                pass  # the supervisor reads the same database and reports it
            except Exception:
                # The thread must survive any fault: without it, hardware that polls another process is refused.
                logger.exception("remote_polls_not_read next=retry")
