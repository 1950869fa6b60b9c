"""Follows the site to another model pack: the process shuts down cleanly and restarts itself, within seconds.

Until then it decides with the old pack's templates, which it holds in memory. If it cannot serve the new pack, it goes
on unchanged and logs why.
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

EVERY_S = 2  # how soon a change of pack is noticed
AGAIN_S = 30  # pause before retrying what keeps this process from following

logger = logging.getLogger(__name__)


@contextmanager
def following(system: System, moved: Event) -> Iterator[None]:
    """Watches for a change of pack inside the block. A change sets `moved` and ends the process as SIGTERM does."""
    stop = Event()

    def loop() -> None:
        wait, said = float(EVERY_S), ""
        while not stop.wait(wait):
            wait = EVERY_S
            try:
                name = moved_on(system, system.recognition.pack_digest, system.recognition.precision)
            except Exception as error:
                # This thread must survive any fault: nothing else would notice the change.
                wait, before, said = AGAIN_S, said, f"{type(error).__name__}: {error}"
                if said != before and isinstance(error, NotRecorded):
                    # The database is gone for a moment, which says nothing about the pack.
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
    """Replaces this process with a new one with the same arguments. Call it with everything closed."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  its own arguments, and no shell
