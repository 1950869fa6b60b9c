"""Each camera as this process knows it: its own cameras from the watchdog, the others from the database."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.cameras.camera import Camera
from app.core.cameras.health import CameraState
from app.core.errors import NotRecorded
from app.services.cameras.camera_states import OFF, WORKING, CameraCondition
from app.wiring import System
from app.worker.supervisor import Supervisor, WatchedCamera

WELL = frozenset({CameraState.WORKING.value, CameraState.STARTING.value, OFF})
# Somebody who walks up is still recognised, though later or not always.
LIMITED = frozenset(
    {CameraState.STARTING.value, CameraState.RECONNECTING.value, CameraState.SLOW.value, CameraState.WRONG_SIZE.value}
)


@dataclass(frozen=True)
class CameraView:
    """watched_by: the process that watches it. watched: set if that is this process. since: None if not known here."""

    camera: Camera
    state: str
    detail: str = ""
    watched_by: str | None = None
    watched: WatchedCamera | None = None
    since: datetime | None = None

    @property
    def well(self) -> bool:
        return self.state in WELL


def camera_views(system: System, supervisor: Supervisor | None) -> list[CameraView]:
    """Returns all cameras, sorted by name. Raises NotRecorded."""
    cameras = _by_id(supervisor)
    return [_view(system, camera, found, cameras.get(camera.id)) for camera, found in system.camera_states.all()]


def enabled_views(system: System, supervisor: Supervisor | None) -> list[CameraView]:
    """Returns the enabled cameras and those still watched here; without a database only the latter."""
    try:
        views = [view for view in camera_views(system, supervisor) if view.state != OFF]
    except NotRecorded:
        views = []
    known = {view.camera.id for view in views}
    return views + [_here(system, watched) for id_, watched in _by_id(supervisor).items() if id_ not in known]


def _by_id(supervisor: Supervisor | None) -> dict[str, WatchedCamera]:
    return {watched.camera.id: watched for watched in supervisor.watched()} if supervisor else {}


def _view(system: System, camera: Camera, found: CameraCondition, watched: WatchedCamera | None) -> CameraView:
    """Trusts the gate's lease about other processes. Of this one it is known whether watching has begun."""
    if watched is not None:
        return _here(system, watched)
    if found.holder == system.gate_leases.holder:
        state = CameraState.STARTING.value if found.state == WORKING else found.state
        return CameraView(camera, state, found.detail, since=found.since)
    holder = found.holder if camera.enabled else None
    return CameraView(camera, found.state, found.detail, holder, since=found.since)


def _here(system: System, watched: WatchedCamera) -> CameraView:
    health = watched.health
    state = CameraState.STARTING if health is None else health.state
    words = health.words if health else ""
    since = system.clock() - timedelta(seconds=time.monotonic() - health.since_s) if health else None
    return CameraView(watched.camera, state.value, words, system.gate_leases.holder, watched, since)
