"""What /metrics tells of the cameras that this process watches."""

from types import SimpleNamespace
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from app.core.camera_health import CameraState, Health
from app.web.metrics import Cameras
from app.worker.camera_loop import Tally


class Watching:
    """A supervisor that watches one camera."""

    def posts(self) -> list[Any]:
        tally = Tally(frames=7, skipped=3, latency_ms=[10.0, 20.0, 30.0])
        health = Health(CameraState.FROZEN, 0.0)
        return [
            SimpleNamespace(camera=SimpleNamespace(name="lobby-cam"), loop=SimpleNamespace(tally=tally), health=health)
        ]


def test_a_cameras_state_and_work_are_counted() -> None:
    registry = CollectorRegistry()
    registry.register(Cameras(Watching()))  # type: ignore[arg-type]
    text = generate_latest(registry).decode()
    assert 'facegate_camera_state{camera="lobby-cam",state="frozen"} 1.0' in text
    assert 'facegate_camera_state{camera="lobby-cam",state="working"} 0.0' in text
    assert 'facegate_camera_frames_total{camera="lobby-cam",what="skipped"} 3.0' in text
    assert 'facegate_camera_latency_seconds{camera="lobby-cam"} 0.02' in text
