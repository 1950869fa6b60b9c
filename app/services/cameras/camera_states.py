"""Each camera's state, as any process can tell it from the lease of its gate and the camera's alerts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.alerts.alert import OF_CAMERAS, Alert, AlertKind
from app.core.cameras.camera import Camera
from app.core.ports.store import Clock, Store

OFF, WORKING, NOT_WATCHED = "off", "working", "not_watched"
NOBODY = "no process watches it: start a `worker`, or a `serve` that watches cameras"


@dataclass(frozen=True)
class CameraCondition:
    """state: what is wrong, or WORKING, OFF, NOT_WATCHED. holder: the process that has the lease of its gate.

    since: when that began; None if only the process that watches it knows.
    """

    state: str
    holder: str | None = None
    detail: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class CameraStates:
    store: Store
    clock: Clock

    def all(self) -> list[tuple[Camera, CameraCondition]]:
        """Returns the states by the camera's name."""
        with self.store.read() as tx:
            cameras = tx.cameras.all()
            found = standings(cameras, tx.leases.holders(), tx.alerts.uncleared(), tx.clocks.now() or self.clock())
        return [(camera, found[camera.id]) for camera in cameras]


def standings(
    cameras: Iterable[Camera], leases: Mapping[str, tuple[str, datetime]], alerts: Sequence[Alert], now: datetime
) -> dict[str, CameraCondition]:
    """By the camera's id. leases: who has each gate, until when. alerts: newest first."""
    held = {gate_id: holder for gate_id, (holder, until) in leases.items() if until > now}
    # Doors and tailgating have alerts at cameras, too.
    state_of = {kind: state.value for state, kind in OF_CAMERAS.items()}
    wrong = {alert.camera_id: alert for alert in reversed(alerts) if alert.kind in state_of}
    return {
        camera.id: _standing(camera, held.get(camera.gate_id), wrong.get(camera.id), state_of) for camera in cameras
    }


def _standing(
    camera: Camera, holder: str | None, wrong: Alert | None, state_of: Mapping[AlertKind, str]
) -> CameraCondition:
    if not camera.enabled:
        return CameraCondition(OFF, holder)
    words = [wrong.detail] if wrong is not None and wrong.detail else []
    if holder is None:
        words.append(NOBODY)
    state = state_of[wrong.kind] if wrong is not None else WORKING if holder is not None else NOT_WATCHED
    return CameraCondition(state, holder, "; ".join(words), wrong.at if wrong is not None else None)
