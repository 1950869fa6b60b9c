"""Long work that a page starts and then watches: one piece of a kind at a time, in a thread of its own."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from threading import Lock, Thread

from app.core.errors import Conflict, FacegateError
from app.core.ports.store import Clock

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


class WorkState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Work:
    """done, total: parts of the work; total is 0 until it is known. words: the result, or what went wrong."""

    state: WorkState
    started_at: datetime
    done: int = 0
    total: int = 0
    words: str = ""
    ended_at: datetime | None = None


class Background:
    """name: for the log and the thread."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name, self._clock = name, clock
        self._lock = Lock()
        self._last: Work | None = None

    def now(self) -> Work | None:
        """The work that runs, or the last that this process ran."""
        return self._last

    def start(self, work: Callable[[Progress], str]) -> Work:
        """Starts the work and returns at once. Raises Conflict('already_running') while some of this kind runs.

        work: gets a function that takes its progress. Returns the words of its result; a FacegateError's words are
        shown as they are.
        """
        with self._lock:
            if self._last is not None and self._last.state is WorkState.RUNNING:
                raise Conflict("already_running", "This is running already. Wait until it has ended.")
            begun = self._last = Work(WorkState.RUNNING, self._clock())
        Thread(target=self._run, args=(work,), name=self._name, daemon=True).start()
        return begun

    def _run(self, work: Callable[[Progress], str]) -> None:
        try:
            words, state = work(self._progress), WorkState.DONE
        except FacegateError as error:
            words, state = str(error), WorkState.FAILED
            logger.warning('background_work_failed work=%s why="%s"', self._name, error)
        except Exception:
            # Nobody waits for this thread: the page must learn that the work ended.
            words, state = "It failed for a reason that is in the service's log.", WorkState.FAILED
            logger.exception("background_work_failed work=%s", self._name)
        with self._lock:
            assert self._last is not None
            self._last = replace(self._last, state=state, words=words, ended_at=self._clock())

    def _progress(self, done: int, total: int) -> None:
        with self._lock:
            assert self._last is not None
            self._last = replace(self._last, done=done, total=total)
