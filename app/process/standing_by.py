"""What keeps a fire release possible without a database: every second, who may order one is learnt anew, and one that
was carried out without a record is recorded.
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
    """Inside the block."""
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
        # An outage has its lines already; this is what the thread is for.
        logger.debug("standing_by_waits reason=%s", error)
    except Exception:
        # Whatever it is, the thread must live on.
        logger.exception("standing_by_failed")
