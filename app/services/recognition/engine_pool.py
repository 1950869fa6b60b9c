"""Decides who gets an engine next. They are few, and people at a gate go before an import that has hours.

Those at gates take turns: the next free engine goes to whoever was served longest ago, however many requests another
has waiting. So a flood of one key delays the others by one picture at most, and an import by one photo.
"""

import time
from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from threading import Condition
from typing import Generic, TypeVar

from app.core.errors import Busy

Item = TypeVar("Item")
_REMEMBERED = 1000  # parties whose last turn is known


class EnginePool(Generic[Item]):
    """Lends engines, each to one thread at a time."""

    def __init__(self, engines: Sequence[Item], max_wait_s: float) -> None:
        # Last in, first out: the engine used last still has its buffers in the cache.
        self._idle = list(engines)
        self.max_wait_s = max_wait_s
        self._changed = Condition()
        self._urgent: dict[Hashable, deque[object]] = {}  # the tickets of those that wait
        self._served: dict[Hashable, int] = {}  # the turn at which each was last served
        self._turn = 0

    @contextmanager
    def lease(self, who: Hashable = None, *, patient: bool = False, max_wait_s: float | None = None) -> Iterator[Item]:
        """Lends an engine for the block. who: takes turns with the others. max_wait_s: None for the usual wait.

        patient: without limit of time, and only while nobody else waits for one.

        Raises:
            Busy: none became free within the longest wait.
        """
        wait_s = self.max_wait_s if max_wait_s is None else max_wait_s
        engine = self._wait_patiently() if patient else self._wait_in_turn(who, wait_s)
        try:
            yield engine
        finally:
            with self._changed:
                self._idle.append(engine)
                self._changed.notify_all()

    def _wait_in_turn(self, who: Hashable, wait_s: float) -> Item:
        ticket = object()
        end = time.monotonic() + wait_s
        with self._changed:
            tickets = self._urgent.setdefault(who, deque())
            tickets.append(ticket)
            try:
                while not (self._idle and self._next() is ticket):
                    left_s = end - time.monotonic()
                    if left_s <= 0 or not self._changed.wait(left_s):
                        if self._idle and self._next() is ticket:
                            break
                        detail = "every recognition engine is in use; try again in a second"
                        raise Busy("too_busy", detail)
                self._served[who] = self._turn = self._turn + 1
                if len(self._served) > _REMEMBERED:
                    del self._served[min(self._served, key=self._served.__getitem__)]
                return self._idle.pop()
            finally:
                tickets.remove(ticket)
                if not tickets:
                    del self._urgent[who]
                self._changed.notify_all()

    def _next(self) -> object:
        """The ticket that is served next."""
        who = min(self._urgent, key=lambda one: self._served.get(one, 0))
        return self._urgent[who][0]

    def _wait_patiently(self) -> Item:
        with self._changed:
            self._changed.wait_for(lambda: self._idle and not self._urgent)
            return self._idle.pop()
