"""Looks after the footing of the service while it runs: can it record, is its clock right."""

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
    """Inside the block a thread tries these things now and then; what it finds is an alert."""
    stop = Event()

    def loop() -> None:
        while True:
            for check in (system.clock_watch.look, system.storage.try_it):
                try:
                    check()
                except NotRecorded:
                    pass  # logged and an alert by now
                except Exception:
                    # Whatever it is, the other checks must go on.
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
