"""Does something at intervals, in a thread of its own that survives any fault."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from app.core.errors import NotRecorded

logger = logging.getLogger(__name__)
Step = Callable[[], object]


@contextmanager
def every(seconds: float, name: str, *steps: Step, at_once: bool = False, join_s: float = 5.0) -> Iterator[None]:
    """Takes the steps in turn inside the block, in one thread. A fault of one does not keep the others from their work.

    Args:
        at_once: Whether the thread begins with the steps, and does not wait first.
        join_s: How long the end of the block waits for a step that is being taken.
    """
    stop = Event()

    def loop() -> None:
        waits = 0.0 if at_once else seconds
        while not stop.wait(waits):
            waits = seconds
            for step in steps:
                guarded(name, step)

    thread = Thread(target=loop, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=join_s)


def guarded(name: str, step: Step) -> None:
    """Takes a step, and logs whatever it raises."""
    try:
        step()
    except NotRecorded as error:
        # The self-checks log an outage of the database, and raise its alert.
        logger.debug("step_waits of=%s reason=%s", name, error)
    except Exception:
        # The thread must survive any fault: if it ended, this would never be done again, and nobody would notice.
        logger.exception("step_failed of=%s step=%s next=retry", name, getattr(step, "__name__", "?"))
