"""A process reports the state of every camera, whoever watches it, and names those that nobody watches."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.core.alerts.alert import Alert, AlertKind
from app.core.approach.tries import Region
from app.core.cameras.camera import Camera
from app.core.cameras.health import CameraState, Health
from app.core.errors import NotRecorded
from app.services.cameras.camera_list import Address
from app.services.site import gate_leases
from app.services.site.gate_leases import GateLeases
from app.web.app import create_app
from app.wiring import System
from app.wiring.backbone import new_id
from app.worker.camera_loop import Tally
from tests.web.conftest import GATE, Headers, TestClient

NAME = "far-cam"


@pytest.fixture(autouse=True)
def long_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a page can take longer than a lease lasts."""
    monkeypatch.setattr(gate_leases, "LEASE", timedelta(minutes=10))


@pytest.fixture
def far(system: System) -> Iterator[Camera]:
    yield system.cameras.add(NAME, GATE, Address("rtsp://10.0.5.7/1"), Region())
    system.cameras.delete(NAME)


@pytest.fixture
def worker(system: System, far: Camera) -> Iterator[GateLeases]:
    """Another process, which has every gate."""
    leases = GateLeases(system.store, system.clock)
    leases.renew()
    yield leases
    leases.resign()


@contextmanager
def alert(system: System, camera: Camera, kind: AlertKind) -> Iterator[None]:
    with system.store.write() as tx:
        tx.alerts.raise_(Alert(new_id(), system.clock(), kind, camera.gate_id, camera.id, "a test"))
    try:
        yield
    finally:
        with system.store.write() as tx:
            tx.alerts.clear(kind, camera.gate_id, camera.id, system.clock())


class Said:
    """What the three places say of the camera. supervisor: of this process, if it watches."""

    def __init__(self, system: System, admin: Headers, supervisor: Any = None) -> None:
        with TestClient(create_app(system, supervisor)) as client:
            ready = client.get("/readyz", headers=admin)
            self.ready, self.check = ready.status_code, ready.json()["checks"].get(f"camera {NAME}")
            self.listed = client.get(f"/v1/cameras/{NAME}", headers=admin).json()
            prefix = f'facegate_camera_state{{camera="{NAME}",state="'
            lines = [
                line for line in client.get("/metrics", headers=admin).text.splitlines() if line.startswith(prefix)
            ]
            self.states = [line.split('state="')[1].split('"')[0] for line in lines if line.endswith(" 1.0")]


def here(camera: Camera, state: CameraState | None) -> Any:
    """A supervisor that watches the camera."""
    health = None if state is None else Health(state, 0.0, "some words")
    post = SimpleNamespace(camera=camera, health=health, loop=SimpleNamespace(tally=Tally()))
    return SimpleNamespace(watched=lambda: [post])


def test_camera_watched_by_another_process(system: System, admin: Headers, worker: GateLeases, far: Camera) -> None:
    said = Said(system, admin)
    assert (said.check, said.states) == ({"ok": True, "state": "works", "detail": "working"}, ["working"])
    assert (said.listed["state"], said.listed["detail"], said.listed["watched_by"]) == ("working", None, worker.holder)

    with alert(system, far, AlertKind.CAMERA_FROZEN):
        said = Said(system, admin)
    assert (said.check, said.states) == ({"ok": False, "state": "fails", "detail": "frozen a test"}, ["frozen"])
    assert (said.listed["state"], said.listed["detail"]) == ("frozen", "a test")
    assert said.ready == 200  # the others serve on

    with alert(system, far, AlertKind.TAILGATING):
        assert Said(system, admin).states == ["working"]  # says nothing of the camera itself


def test_unwatched_camera(system: System, admin: Headers, worker: GateLeases, far: Camera) -> None:
    worker.resign()
    said = Said(system, admin)
    assert said.check["ok"] is False and said.check["detail"].startswith("not_watched no process watches it")
    assert said.states == ["not_watched"]
    assert said.listed["state"] == "not_watched" and said.listed["watched_by"] is None

    # Whoever raised the alert is gone.
    with alert(system, far, AlertKind.CAMERA_DEAD):
        said = Said(system, admin)
    assert said.check["detail"].startswith("dead a test; no process watches it") and said.states == ["dead"]


def test_disabled_camera_is_not_a_fault(system: System, admin: Headers, worker: GateLeases, far: Camera) -> None:
    system.cameras.update(NAME, enabled=False)
    said = Said(system, admin)
    assert (said.check, said.states) == (None, [])
    assert (said.listed["state"], said.listed["watched_by"]) == ("off", None)


def test_own_cameras_are_known_from_their_watchdog(system: System, admin: Headers, far: Camera) -> None:
    system.gate_leases.renew()
    try:
        said = Said(system, admin, here(far, CameraState.FROZEN))
        assert (said.check, said.states) == ({"ok": False, "state": "fails", "detail": "frozen some words"}, ["frozen"])
        assert (said.listed["state"], said.listed["watched_by"]) == ("frozen", system.gate_leases.holder)
        said = Said(system, admin, here(far, None))
        assert (said.check, said.states) == ({"ok": True, "state": "works", "detail": "starting"}, ["starting"])
        # Its gate is this process's, and it has not begun.
        said = Said(system, admin, SimpleNamespace(watched=list))
        assert (said.check, said.listed["watched_by"]) == ({"ok": True, "state": "works", "detail": "starting"}, None)
    finally:
        system.gate_leases.resign()


def test_own_cameras_are_reported_without_a_database(
    system: System, admin: Headers, worker: GateLeases, far: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> Any:
        raise NotRecorded("the database is gone")

    other = system.cameras.add("near-cam", GATE, Address("rtsp://10.0.5.8/1"), Region())
    with TestClient(create_app(system, here(other, CameraState.WORKING))) as client:
        system.cameras.delete("near-cam")
        assert {"camera far-cam", "camera near-cam"} <= set(client.get("/readyz", headers=admin).json()["checks"])
        monkeypatch.setattr(type(system.camera_states), "all", lambda _: gone())
        checks = client.get("/readyz", headers=admin).json()["checks"]
        assert "camera near-cam" in checks and "camera far-cam" not in checks
        text = client.get("/metrics", headers=admin).text
        assert 'facegate_camera_state{camera="near-cam",state="working"} 1.0' in text and "far-cam" not in text
        assert client.get("/v1/cameras", headers=admin).status_code == 503
