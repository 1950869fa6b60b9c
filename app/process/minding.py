"""Minds the site every minute: the nightly backup, the copy of the keys beside it, and when API keys were last used."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from app.core.errors import NotRecorded
from app.web.turns import resting
from app.wiring import System

logger = logging.getLogger(__name__)

EVERY_S = 60.0


@contextmanager
def minding(system: System) -> Iterator[None]:
    """Does this in threads inside the block. A fault of one does not keep the other from its work."""
    stop = Event()

    def loop(name: str, step: Callable[[], None]) -> None:
        while not stop.wait(EVERY_S):
            try:
                step()
            except NotRecorded:
                pass  # the self-checks log this outage and raise its alert
            except Exception:
                # The thread must survive any fault: without it there is no nightly backup.
                logger.exception("minding_failed step=%s next=retry", name)

    steps = {"backups": lambda: system.backups.look(resting()), "key-uses": system.keys.note_uses}
    threads = [Thread(target=loop, args=(name, step), name=name, daemon=True) for name, step in steps.items()]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        threads[1].join(timeout=5)  # a backup that runs is left behind, and its file is not used
        try:
            system.keys.note_uses()
        except NotRecorded as error:
            logger.warning('key_uses_not_noted why="%s"', error)
