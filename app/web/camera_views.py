"""Each camera as this process knows it: its own cameras from the watchdog, the others from the database."""

from dataclasses import dataclass

from app.core.cameras.camera import Camera
from app.core.cameras.health import CameraState
from app.core.errors import NotRecorded
from app.services.cameras.camera_states import OFF, WORKING, CameraCondition
from app.wiring import System
from app.worker.supervisor import Post, Supervisor

WELL = frozenset({CameraState.WORKING.value, CameraState.STARTING.value, OFF})


@dataclass(frozen=True)
class CameraView:
    """watched_by: the process that watches it. post: set if that is this process."""

    camera: Camera
    state: str
    detail: str = ""
    watched_by: str | None = None
    post: Post | None = None

    @property
    def well(self) -> bool:
        return self.state in WELL


def camera_views(system: System, supervisor: Supervisor | None) -> list[CameraView]:
    """Returns all cameras, sorted by name. Raises NotRecorded."""
    posts = _posts(supervisor)
    return [_view(system, camera, found, posts.get(camera.id)) for camera, found in system.camera_states.all()]


def enabled_views(system: System, supervisor: Supervisor | None) -> list[CameraView]:
    """Returns the enabled cameras and those still watched here; without a database only the latter."""
    try:
        views = [view for view in camera_views(system, supervisor) if view.state != OFF]
    except NotRecorded:
        views = []
    known = {view.camera.id for view in views}
    return views + [_here(system, post) for id_, post in _posts(supervisor).items() if id_ not in known]


def _posts(supervisor: Supervisor | None) -> dict[str, Post]:
    return {post.camera.id: post for post in supervisor.posts()} if supervisor else {}


def _view(system: System, camera: Camera, found: CameraCondition, post: Post | None) -> CameraView:
    """Trusts the gate's lease about other processes. Of this one it is known whether watching has begun."""
    if post is not None:
        return _here(system, post)
    if found.holder == system.duty.holder:
        state = CameraState.STARTING.value if found.state == WORKING else found.state
        return CameraView(camera, state, found.detail)
    return CameraView(camera, found.state, found.detail, found.holder if camera.enabled else None)


def _here(system: System, post: Post) -> CameraView:
    health = post.health
    state = CameraState.STARTING if health is None else health.state
    return CameraView(post.camera, state.value, health.words if health else "", system.duty.holder, post)
