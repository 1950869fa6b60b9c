"""What has to hold for a decision to be made and recorded, part by part."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from time import monotonic

from app.core.camera_health import CameraState, Health
from app.wiring import System
from app.worker.supervisor import Supervisor

logger = logging.getLogger(__name__)


LOOK_EVERY_S = 1.0


@dataclass(frozen=True)
class Check:
    """essential: without it no decision can be made; else the others serve on, and an alert names what is wrong."""

    ok: bool
    detail: str
    essential: bool = True


class Glances:
    """The checks as they were at most a second ago: for a page that anybody may ask for, as often as they like."""

    def __init__(self, system: System, supervisor: Supervisor | None) -> None:
        self._system = system
        self._supervisor = supervisor
        self._lock = Lock()
        self._looked_s = float("-inf")
        self._found: dict[str, Check] = {}

    def __call__(self) -> dict[str, Check]:
        with self._lock:
            if monotonic() - self._looked_s > LOOK_EVERY_S:
                self._found = check(self._system, self._supervisor)
                self._looked_s = monotonic()
            return self._found


def ready(checks: dict[str, Check]) -> bool:
    return all(c.ok for c in checks.values() if c.essential)


def check(system: System, supervisor: Supervisor | None) -> dict[str, Check]:
    """Each part tried for real. A detail holds counts and words, never a path or an address.

    supervisor: of the cameras that this process watches; each stands here by its name.
    """
    return {
        "database": _tried("the database does not answer", lambda: _database(system)),
        "gallery": _tried("the gallery could not be brought up to date", lambda: _gallery(system)),
        "gates": _gates(system),
        "models": Check(True, f"pack {system.recognition.pack_digest[:12]}, {system.recognition.precision}"),
        **{f"camera {p.camera.name}": _camera(p.health) for p in (supervisor.posts() if supervisor else ())},
    }


def _database(system: System) -> str:
    # Taking the write lock shows what reading does not: a locked, full or read-only database.
    with system.store.write() as tx:
        return f"{tx.employees.count()} employees, writable"


def _gallery(system: System) -> str:
    with system.store.read() as tx:
        system.gallery.refresh(tx)
    return f"{len(system.gallery)} templates, revision {system.gallery.revision}"


def _camera(health: Health | None) -> Check:
    if health is None:
        return Check(True, "starting", essential=False)
    fine = health.state in (CameraState.WORKING, CameraState.STARTING)
    return Check(fine, f"{health.state.value} {health.words}".strip(), essential=False)


def _gates(system: System) -> Check:
    states = system.gate_control.healthy()
    broken = sum(trouble is not None for trouble in states.values())
    words = f"{len(states) - broken} of {len(states)} work" + (", see GET /v1/gates" if broken else "")
    return Check(not broken, words, essential=False)


def _tried(complaint: str, look: Callable[[], str]) -> Check:
    try:
        return Check(True, look())
    except Exception:  # whatever it is, the answer is "not ready"
        logger.exception(complaint)
        return Check(False, complaint)
