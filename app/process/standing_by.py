"""Keeps an emergency release possible without a database: every second it rereads who may order one, and records
those that were carried out without a record.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from app.process.every import every, guarded
from app.wiring import System

EVERY_S = 1.0


@contextmanager
def standing_by(system: System) -> Iterator[None]:
    """Does this in a thread inside the block, and once before."""
    steps = (system.release_callers.refresh, system.site.record_late)
    for step in steps:
        guarded("standing-by", step)
    with every(EVERY_S, "standing-by", *steps):
        yield
