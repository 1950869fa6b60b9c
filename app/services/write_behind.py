"""What waits to be written: nobody at a gate waits for a database, and one that is gone loses nothing for a while."""

import logging
from collections import deque
from collections.abc import Callable
from threading import Lock

from app.core.errors import NotRecorded

logger = logging.getLogger(__name__)

WRITE_S = 10.0  # for a thread that is still writing when the process ends
MOST_WAITING = 10_000  # for a database which is gone; beyond, the newest are lost


class WriteBehind:
    """Writes in the order in which they came, each until the database has taken it."""

    def __init__(self) -> None:
        self.waiting: deque[Callable[[], None]] = deque()
        self._writing = Lock()

    def add(self, write: Callable[[], None]) -> None:
        """From any thread; at once."""
        if len(self.waiting) >= MOST_WAITING:
            logger.error("too much waits for the database: what a gate did or said is lost")
            return
        self.waiting.append(write)

    def catch_up(self) -> None:
        """Raises NotRecorded: then the rest waits on."""
        # One thread at a time, since what was written is taken out afterwards: at the end there may be two.
        if not self._writing.acquire(timeout=WRITE_S):
            logger.error("the database does not answer: %d things that gates did or said are lost", len(self.waiting))
            return
        try:
            self._write_down()
        finally:
            self._writing.release()

    def _write_down(self) -> None:
        while self.waiting:
            try:
                self.waiting[0]()
            except NotRecorded:
                raise
            except Exception:
                # Tried again it would fail again, and everything behind it would wait for ever.
                logger.exception("what a gate did or said cannot be stored, and is left out")
            self.waiting.popleft()
