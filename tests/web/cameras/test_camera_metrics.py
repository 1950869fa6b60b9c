"""What /metrics tells of cameras: the state of each, and what this process does with the frames of its own."""

from types import SimpleNamespace
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from app.web.camera_views import CameraView
from app.web.metrics import Cameras
from app.worker.camera_loop import Tally


def views() -> list[CameraView]:
    """One that is watched here, one that another process watches, one that nobody does."""
    tally = Tally(frames=7, skipped=3, latency_ms=[10.0, 20.0, 30.0])
    watched: Any = SimpleNamespace(loop=SimpleNamespace(tally=tally))
    return [
        CameraView(camera("lobby-cam"), "frozen", watched=watched),
        CameraView(camera("west-cam"), "working", watched_by="another"),
        CameraView(camera("dock-cam"), "not_watched"),
    ]


def camera(name: str) -> Any:
    return SimpleNamespace(name=name)


def test_cameras_state_and_work_are_counted() -> None:
    registry = CollectorRegistry()
    registry.register(Cameras(views))
    text = generate_latest(registry).decode()
    assert 'facegate_camera_state{camera="lobby-cam",state="frozen"} 1.0' in text
    assert 'facegate_camera_state{camera="lobby-cam",state="working"} 0.0' in text
    assert 'facegate_camera_state{camera="lobby-cam",state="not_watched"} 0.0' in text
    assert 'facegate_camera_state{camera="west-cam",state="working"} 1.0' in text
    assert 'facegate_camera_state{camera="dock-cam",state="not_watched"} 1.0' in text
    assert 'facegate_camera_frames_total{camera="lobby-cam",outcome="skipped"} 3.0' in text
    assert 'facegate_camera_latency_p95_seconds{camera="lobby-cam"} 0.02' in text
    assert 'frames_total{camera="west-cam"' not in text and 'frames_total{camera="dock-cam"' not in text
