"""Checks a running service: whether it can record, and whether its clock is right."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from app.core.errors import NotRecorded
from app.wiring import System

logger = logging.getLogger(__name__)

EVERY_S = 10.0


@contextmanager
def self_checking(system: System) -> Iterator[None]:
    """Runs the checks in a thread during the block, at intervals. A failed check raises an alert."""
    stop = Event()

    def loop() -> None:
        while True:
            for check in (system.clock_watch.look, system.storage.try_it):
                try:
                    check()
                except NotRecorded:
                    pass  # already logged, and an alert
                except Exception:
                    # The other checks must go on, whatever the fault.
                    logger.exception("self_check_failed")
            if stop.wait(EVERY_S):
                return

    thread = Thread(target=loop, name="self-checks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)
