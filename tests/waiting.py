"""The one way in which a test waits for what another thread, process or device does.

A limit bounds a hang and nothing else. It is long, because a machine that others share can stand still for seconds.
A test whose point is a time limit measures the product's own clock, or passes the time in.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, TypeVar

T = TypeVar("T")

HANG_S = 30.0
_FIRST_S = 0.001
_LONGEST_S = 0.02  # a relay of the tests stays open for 150 ms at least, and must be seen to


def eventually(condition: Callable[[], T | None] | Event, what: str = "", *, seconds: float = HANG_S) -> T:
    """Returns what the condition gives, as soon as it is true.

    Args:
        condition: Asked again and again, less often the longer it takes. An event is waited for without asking.
        what: Named by the failure, if the condition alone does not say it.
        seconds: Longer than the default only where the work itself takes longer.

    Raises:
        AssertionError: The time is up.
    """
    ends, pause_s = time.monotonic() + seconds, _FIRST_S
    ask: Callable[[], Any] = condition if callable(condition) else lambda: condition.wait(seconds)
    found: T
    while not (found := ask()):
        assert time.monotonic() < ends, f"{what or 'this'} did not happen within {seconds:g} s"
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_S)
    return found


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs to its end what waits in an event loop, in a thread of its own: a browser's loop may run in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def never(condition: Callable[[], object], seconds: float = 0.2) -> None:
    """Watches for as long as something that should not happen would need to happen."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        assert not condition()
        time.sleep(0.01)


def pass_time(seconds: float) -> None:
    """Lets time pass that a disk, a device or a decoder of the test takes. What shows has `eventually`."""
    time.sleep(seconds)
