"""Limits how many expensive requests run at once, because all share the threads that answer gates."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from threading import BoundedSemaphore
from time import perf_counter, sleep
from typing import Annotated

from fastapi import Depends

from app.core.errors import Busy
from app.web.security import GateKey

MOST_OF_A_GATE = 8  # a gate asks for one person at a time, and each request holds a thread
WORK_S, REST_S = 0.001, 0.001
LONGEST_WAIT_S = 0.25


def few(most: int, what: str, retry_after_s: int = 2) -> Callable[[], AsyncIterator[None]]:
    """Returns a dependency that holds one of `most` places until the answer is sent. It raises Busy if none is free."""
    places = BoundedSemaphore(most)

    async def place() -> AsyncIterator[None]:
        if not places.acquire(blocking=False):
            raise Busy("too_many_at_once", f"{what} is already running. Try again in a moment.", retry_after_s)
        try:
            yield
        finally:
            places.release()

    return place


class GatePlaces:
    """A dependency that limits one gate's key to its share. Raises Busy. Only the event loop may call it."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._waiting: set[asyncio.Future[None]] = set()

    async def __call__(self, key: GateKey) -> AsyncIterator[None]:
        if self._taken[key.id] >= MOST_OF_A_GATE:
            raise Busy("too_busy", "This gate sends too many requests at once. Try again in a second.")
        self._taken[key.id] += 1
        try:
            yield
        finally:
            self._taken[key.id] -= 1
            if not self._taken[key.id]:
                del self._taken[key.id]
            if not self._taken:
                for one in self._waiting:
                    one.get_loop().call_soon_threadsafe(_end, one)

    async def let_through(self) -> None:
        """Waits until no gate waits for an answer, for `LONGEST_WAIT_S` at most: for work that nobody stands before."""
        if not self._taken:
            return
        done = asyncio.get_running_loop().create_future()
        self._waiting.add(done)
        try:
            # Woken and not asking again and again, which would take the processor from the very decision.
            await asyncio.wait((done,), timeout=LONGEST_WAIT_S)
        finally:
            self._waiting.discard(done)


def _end(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)


def resting(rest_s: float = REST_S) -> Callable[[], None]:
    """Returns a function for long work to call often: it lets the other threads run after every millisecond.

    rest_s: for how long; work that nobody waits for rests longer than it works.
    """
    worked_since = perf_counter()

    def rest() -> None:
        nonlocal worked_since
        if perf_counter() - worked_since > WORK_S:
            sleep(rest_s)
            worked_since = perf_counter()

    return rest


FewLiveViews = Annotated[None, Depends(few(4, "The largest number of live pictures"))]
OneAudit = Annotated[None, Depends(few(1, "An audit", 5))]
FewExports = Annotated[None, Depends(few(2, "An export", 10))]
OneCalendar = Annotated[None, Depends(few(1, "A calendar file"))]
FewLists = Annotated[None, Depends(few(8, "A list of events"))]
FewPictures = Annotated[None, Depends(few(8, "A check of pictures"))]
FewTests = Annotated[None, Depends(few(2, "A test of a receiver"))]
GATES = GatePlaces()
GateShare = Annotated[None, Depends(GATES)]
