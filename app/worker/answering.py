"""Answers what other processes ask of the cameras that this one watches (see `services.questions`).

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

LOOK_S = 0.1  # each look reads one index; a question waits for half of this on average


class Answering:
    """Runs from `start` to `stop`."""

    def __init__(self, watching: Supervisor, store: Store, clock: Callable[[], datetime]) -> None:
        self._watching, self._store, self._clock = watching, store, clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="answering", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns once the current question is answered. Later ones find that nobody watches the camera."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def look(self) -> None:
        """Answers the waiting questions, oldest first. Raises NotRecorded if they cannot be read."""
        gates = {post.camera.gate_id for post in self._watching.posts()}
        if not gates:
            return
        with self._store.read() as tx:
            now, apart = shared_time(tx, self._clock)
            # The asking process used the shared clock. Translate its times to ours.
            found = tx.questions.waiting(gates, now)
            waiting = [replace(one, at=one.at - apart, until=one.until - apart) for one in found]
            known = {question.gate_id: tx.gates.get(question.gate_id) for question in waiting}
        for question in waiting:
            if gate := known[question.gate_id]:
                self._answer(gate, question)

    def _answer(self, gate: Gate, question: RemotePoll) -> None:
        post = self._watching.post_of_gate(gate.id)
        if post is None:
            return
        try:
            post.loop.now(gate, self._clock(), question.idempotency_key, question)
        except (Refusal, NotRecorded) as error:
            # The caller has given up, or is about to. The process that it asked tells it why.
            logger.debug('remote_poll_unanswered why="%s"', error)
        except Exception:
            # One question's fault must not leave the others without an answer.
            logger.exception("remote_poll_failed camera=%s", post.camera.name)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_S):
            try:
                self.look()
            except NotRecorded:
                pass  # the supervisor reads the same database and reports it
            except Exception:
                # The thread must survive any fault: without it, hardware that polls another process is refused.
                logger.exception("remote_polls_not_read next=retry")
