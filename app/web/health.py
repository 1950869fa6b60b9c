"""What has to hold for a decision to be made and recorded, part by part."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from app.wiring import System

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Check:
    ok: bool
    detail: str


def check(system: System) -> dict[str, Check]:
    """Each part tried for real. A detail holds counts and words, never a path, an address or a name."""
    return {
        "database": _tried("the database does not answer", lambda: _database(system)),
        "gallery": _tried("the gallery could not be brought up to date", lambda: _gallery(system)),
        "gates": Check(True, _gates(system)),
        "models": Check(True, f"pack {system.recognition.pack_digest[:12]}, {system.recognition.precision}"),
    }


def _database(system: System) -> str:
    # Taking the write lock shows what reading does not: a locked, full or read-only database.
    with system.store.write() as tx:
        return f"{tx.employees.count()} employees, writable"


def _gallery(system: System) -> str:
    with system.store.read() as tx:
        system.gallery.refresh(tx)
    return f"{len(system.gallery)} templates, revision {system.gallery.revision}"


def _gates(system: System) -> str:
    """Never a reason not to be ready: where one gate cannot be driven the others serve, and an alert names it."""
    states = system.gate_control.healthy()
    broken = sum(trouble is not None for trouble in states.values())
    return f"{len(states) - broken} of {len(states)} work" + (", see GET /v1/gates" if broken else "")


def _tried(complaint: str, look: Callable[[], str]) -> Check:
    try:
        return Check(True, look())
    except Exception:  # whatever it is, the answer is "not ready"
        logger.exception(complaint)
        return Check(False, complaint)
