"""Who looks next: engines are few, and whoever stands at a gate goes before an import that has hours.

A decision takes the next engine that becomes free, so beside an import on every engine it waits for one photo at most.
"""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Condition
from typing import Generic, TypeVar

from app.core.errors import Busy

Item = TypeVar("Item")


class EnginePool(Generic[Item]):
    """Lends engines, each to one thread at a time."""

    def __init__(self, engines: Sequence[Item], max_wait_s: float) -> None:
        # Last in, first out: the engine used last has its buffers in the cache.
        self._idle = list(engines)
        self._max_wait_s = max_wait_s
        self._changed = Condition()
        self._urgent: deque[object] = deque()

    @contextmanager
    def lease(self, *, patient: bool = False) -> Iterator[Item]:
        """An engine for the block. patient: without limit of time, and only while nobody else waits for one.

        Raises:
            Busy: none became free within the longest wait.
        """
        engine = self._wait_patiently() if patient else self._wait_in_line()
        try:
            yield engine
        finally:
            with self._changed:
                self._idle.append(engine)
                self._changed.notify_all()

    def _wait_in_line(self) -> Item:
        ticket = object()
        end = time.monotonic() + self._max_wait_s
        with self._changed:
            self._urgent.append(ticket)
            try:
                while not (self._idle and self._urgent[0] is ticket):
                    left_s = end - time.monotonic()
                    if left_s <= 0 or not self._changed.wait(left_s):
                        if self._idle and self._urgent[0] is ticket:
                            break
                        detail = "every recognition engine is in use; try again in a second"
                        raise Busy("too_busy", detail)
                return self._idle.pop()
            finally:
                self._urgent.remove(ticket)
                self._changed.notify_all()

    def _wait_patiently(self) -> Item:
        with self._changed:
            self._changed.wait_for(lambda: self._idle and not self._urgent)
            return self._idle.pop()
