"""Follows the site to another model pack: the process ends in order and starts again as it was called, in seconds.

Until then it decides by the old pack's templates, which it holds in memory. What cannot be served here is not followed:
the process goes on as it is, and says so.
"""

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from app.core.errors import FacegateError, NotRecorded
from app.wiring import System, moved_on

EVERY_S = 2  # how soon a move is noticed
AGAIN_S = 30  # and what keeps this process from following is tried again

logger = logging.getLogger(__name__)


@contextmanager
def following(system: System, moved: Event) -> Iterator[None]:
    """Inside the block a move is watched for; it sets `moved` and ends the process as SIGTERM does."""
    stop = Event()

    def loop() -> None:
        wait, said = float(EVERY_S), ""
        while not stop.wait(wait):
            wait = EVERY_S
            try:
                name = moved_on(system, system.recognition.pack_digest, system.recognition.precision)
            except Exception as error:
                # Whatever it is, this thread must live on: nothing else would notice the move.
                wait, before, said = AGAIN_S, said, f"{type(error).__name__}: {error}"
                if said != before and isinstance(error, NotRecorded):
                    # The database is gone for a moment: that says nothing of the pack.
                    logger.warning('pack_not_checked why="%s" next=retry', error)
                elif said != before and isinstance(error, FacegateError):
                    logger.error('pack_outdated why="%s" next=retry', error)
                elif said != before:
                    logger.exception("pack_check_failed next=retry")
                continue
            said = ""
            if name is not None:
                logger.warning("pack_changed pack=%s next=restart", name)
                moved.set()
                os.kill(os.getpid(), signal.SIGTERM)
                return

    thread = Thread(target=loop, name="following", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=10)


def start_again() -> None:
    """Replaces this process by a new one with the same words. To be called with everything closed."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  its own words, and no shell
