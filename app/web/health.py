"""What must work for a decision to be made and recorded, part by part."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from time import monotonic

from app.core.access.time_zones import data_version
from app.core.errors import NotRecorded
from app.core.gates.gate import without_hardware
from app.core.recognition.liveness import LivenessMode
from app.services.site.clock_watch import CURE
from app.web.camera_views import CameraView, enabled_views
from app.wiring import System
from app.worker.supervisor import Supervisor

logger = logging.getLogger(__name__)


LOOK_EVERY_S = 1.0


class State(StrEnum):
    """Of a part or of the whole; also the style on a page."""

    WORKS = "works"
    LIMITED = "limited"
    FAILS = "fails"


@dataclass(frozen=True)
class Check:
    """One part of the service.

    essential: no decision can be made without it. limited: it works, but does not do all that people may expect.
    """

    ok: bool
    detail: str
    essential: bool = True
    limited: bool = False

    @property
    def state(self) -> State:
        return State.FAILS if not self.ok else State.LIMITED if self.limited else State.WORKS


class HealthChecks:
    """The checks. An outage is one line in the log, however often somebody looks."""

    def __init__(self, system: System, supervisor: Supervisor | None) -> None:
        self._system = system
        self._supervisor = supervisor
        self._lock = Lock()
        self._looked_s = float("-inf")
        self._found: dict[str, Check] = {}
        self._out: set[str] = set()

    def __call__(self) -> dict[str, Check]:
        """Returns the checks of at most a second ago, because anybody may ask for the page, as often as they like."""
        with self._lock:
            if monotonic() - self._looked_s > LOOK_EVERY_S:
                self._found = self.now()
                self._looked_s = monotonic()
            return self._found

    def now(self) -> dict[str, Check]:
        return check(self._system, self._supervisor, self._out)


def ready(checks: dict[str, Check]) -> bool:
    return all(c.ok for c in checks.values() if c.essential)


def overall(checks: dict[str, Check]) -> State:
    """FAILS: no decision can be made. LIMITED: some part fails, or does not do all that people may expect."""
    if not ready(checks):
        return State.FAILS
    return State.WORKS if all(c.state is State.WORKS for c in checks.values()) else State.LIMITED


def check(system: System, supervisor: Supervisor | None, out: set[str]) -> dict[str, Check]:
    """Tries each part for real. A detail holds counts and words, never a path or an address.

    Args:
        system: What is checked.
        supervisor: Of the cameras that this process watches. The result names every camera, whoever watches it.
        out: Complaints that are already in the log; updated.
    """
    return {
        "database": _tried("nothing can be recorded", out, lambda: _database(system)),
        "gallery": _tried("the gallery could not be brought up to date", out, lambda: _gallery(system)),
        "clock": _clock(system),
        "time zones": Check(True, f"tzdata {data_version()}", essential=False),
        "gates": _gates(system),
        "models": Check(True, f"pack {system.recognition.pack_digest[:12]}, {system.recognition.precision}"),
        "liveness": _liveness(system),
        **{f"camera {view.camera.name}": _camera(view) for view in enabled_views(system, supervisor)},
    }


def _database(system: System) -> str:
    # Only a write shows a full or read-only disk; reading and taking the write lock do not.
    system.storage.try_it()
    with system.store.read() as tx:
        count = tx.employees.count()
        return "1 employee, writable" if count == 1 else f"{count} employees, writable"


def _clock(system: System) -> Check:
    """The result of the last look at the log, and of any step since."""
    doubt = system.clock_watch.doubt()
    return Check(doubt is None, "not behind any record" if doubt is None else f"{doubt}: {CURE}")


def _gallery(system: System) -> str:
    with system.store.read() as tx:
        system.gallery.refresh(tx)
    count = len(system.gallery)
    revision = system.gallery.revision
    return f"1 template, revision {revision}" if count == 1 else f"{count} templates, revision {revision}"


def _camera(view: CameraView) -> Check:
    return Check(view.well, f"{view.state} {view.detail}".strip(), essential=False)


def _gates(system: System) -> Check:
    states = system.gate_control.healthy()
    broken = sum(fault is not None for fault in states.values())
    words = f"{len(states) - broken} of {len(states)} work" + (", see GET /v1/gates" if broken else "")
    words = words if states else "none driven by this process"
    if system.site.is_unrecorded:
        words += "; a release is in force but not recorded yet"
    tests = _test_gates(system)
    if tests:
        words += f"; {tests} {'is a test gate' if tests == 1 else 'are test gates'}, where nothing opens"
    return Check(not broken, words, essential=False, limited=bool(tests))


def _test_gates(system: System) -> int:
    try:
        return len(without_hardware(system.gates.all(), system.keys.all()))
    except Exception:  # the check of the database names the fault
        return 0


def _liveness(system: System) -> Check:
    if system.recognition.liveness_works:
        return Check(True, "works", essential=False)
    try:
        demanding = sum(gate.liveness is LivenessMode.REQUIRED for gate in system.gates.all())
    except Exception:  # the check of the database names the fault
        return Check(False, "unavailable: the weights are missing", essential=False)
    if demanding:
        words = f"unavailable: the weights are missing; {demanding} gates require it and open for no face"
        return Check(False, words, essential=False)
    words = "photos held up to a camera are not noticed: the weights are missing"
    return Check(True, words, essential=False, limited=True)


def _tried(complaint: str, out: set[str], look: Callable[[], str]) -> Check:
    try:
        detail = look()
    except Exception as error:  # whatever it is, the answer is "not ready"
        # A trace would not explain a locked database, and one line is enough for one outage.
        known = isinstance(error, NotRecorded)
        if complaint not in out:
            logger.error('check_failed what="%s" why="%s"', complaint, error if known else "", exc_info=not known)
        out.add(complaint)
        cause = error.cause if isinstance(error, NotRecorded) else None
        return Check(False, complaint if cause is None else f"{complaint}: {cause}")
    if complaint in out:
        logger.warning('check_passed_again what="%s"', complaint)
        out.discard(complaint)
    return Check(True, detail)
