"""Keeps an emergency release possible without a database: every second it rereads who may order one, and records
those that were carried out without a record.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from app.core.errors import NotRecorded
from app.wiring import System

EVERY_S = 1.0

logger = logging.getLogger(__name__)


@contextmanager
def standing_by(system: System) -> Iterator[None]:
    """Runs a thread that does this inside the block."""
    stop = Event()

    def look() -> None:
        for step in (system.release_callers.refresh, system.site.record_late):
            _guarded(step)

    def loop() -> None:
        while not stop.wait(EVERY_S):
            look()

    look()
    thread = Thread(target=loop, name="standing-by", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)


def _guarded(step: Callable[[], None]) -> None:
    try:
        step()
    except NotRecorded as error:
        # An outage is already logged, and it is what this thread is for.
        logger.debug("standing_by_waits reason=%s", error)
    except Exception:
        # The thread must survive any fault.
        logger.exception("standing_by_failed")
