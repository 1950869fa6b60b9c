"""Who watches a camera: this process once it has begun, and no earlier; another one by its lease of the gate."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from app.core.approach.tries import Region
from app.services.cameras.camera_list import Address
from app.services.site.gate_leases import GateLeases
from app.web.app import create_app
from app.wiring import System
from tests.web.conftest import GATE, Headers, TestClient


@pytest.fixture
def posts(system: System) -> Iterator[list[Any]]:
    """What this process watches; it has every gate."""
    camera = system.cameras.add("seen-cam", GATE, Address("rtsp://10.0.5.7/1"), Region())
    system.gate_leases.renew()
    yield [SimpleNamespace(camera=camera, health=None)]
    system.gate_leases.resign()
    system.cameras.delete("seen-cam")


def watched_by(system: System, admin: Headers, posts: list[Any]) -> str | None:
    supervisor: Any = SimpleNamespace(watched=lambda: posts)
    with TestClient(create_app(system, supervisor)) as client:
        return client.get("/v1/cameras/seen-cam", headers=admin).json()["watched_by"]


def test_this_process_watches_once_it_has_begun(system: System, admin: Headers, posts: list[Any]) -> None:
    assert watched_by(system, admin, []) is None
    assert watched_by(system, admin, posts) == system.gate_leases.holder


def test_report_of_another_process_is_used(system: System, admin: Headers, posts: list[Any]) -> None:
    system.gate_leases.resign()
    other = GateLeases(system.store, system.clock)
    other.renew()
    assert watched_by(system, admin, []) == other.holder
    system.cameras.update("seen-cam", enabled=False)
    assert watched_by(system, admin, []) is None
    other.resign()
