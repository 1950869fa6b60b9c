"""Writes later, so that nobody at a gate waits for the database, and nothing is lost while it is gone for a while."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from time import monotonic

from app.core.errors import NotRecorded

logger = logging.getLogger(__name__)

WRITE_S = 10.0  # for what is still to be written when the process ends
MOST_WAITING = 10_000  # while the database is gone; any more are lost
ROUND_S = 0.2  # then the caller has something more urgent to do

Write = Callable[[], object]


class WriteBehind:
    """Writes in order of arrival, and retries each until the database takes it. Any thread may call any method."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[Hashable, Write] = OrderedDict()
        self._lock = Lock()
        self._writing = Lock()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, write: Write, slot: Hashable | None = None) -> None:
        """Queues a write. slot: a newer write of the same slot replaces one that waits."""
        with self._lock:
            key = slot if slot is not None else object()
            if self._waiting.pop(key, None) is None and len(self._waiting) >= MOST_WAITING:
                logger.error("gate_record_lost reason=too_many_wait_for_the_database")
                return
            self._waiting[key] = write

    def catch_up(self, seconds: float | None = None) -> bool:
        """Whether nothing waits any more. seconds: after which no write is begun; None: until all are written.

        Raises NotRecorded: then the rest waits on.
        """
        # One thread at a time keeps the order; when the process ends there may be two.
        if not self._writing.acquire(timeout=WRITE_S):
            logger.error("gate_record_lost count=%d reason=the_database_does_not_answer", len(self))
            return False
        try:
            return self._write_down(None if seconds is None else monotonic() + seconds)
        finally:
            self._writing.release()

    def _write_down(self, until: float | None) -> bool:
        while True:
            with self._lock:
                if not self._waiting:
                    return True
                if until is not None and monotonic() >= until:
                    return False
                key, write = next(iter(self._waiting.items()))
            try:
                write()
            except NotRecorded:
                raise
            except Exception:
                # It would fail again, and everything behind it would wait for ever.
                logger.exception("gate_record_failed record=dropped")
            with self._lock:
                # A newer write of its slot is still to be written.
                if self._waiting.get(key) is write:
                    del self._waiting[key]
