"""Checks a running service: whether it can record, and whether its clock is right. A failed check raises an alert."""

from contextlib import AbstractContextManager

from app.process.every import every
from app.wiring import System

EVERY_S = 10.0


def self_checking(system: System) -> AbstractContextManager[None]:
    """Runs the checks in a thread during the block, at intervals."""
    return every(EVERY_S, "self-checks", system.clock_watch.look, system.storage.try_it, at_once=True)
