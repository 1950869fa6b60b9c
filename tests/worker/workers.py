"""A process that watches cameras, with fakes for loops and pictures, on a real database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from app.adapters.db.store import SqlStore
from app.core.alerts.alert import AlertKind
from app.core.cameras.camera import Camera
from app.core.cameras.health import CameraState, Health
from app.core.errors import NotRecorded
from app.services.site.gate_leases import GateLeases
from app.worker.camera_loop import CameraLoop
from app.worker.supervisor import Supervisor, WatchedCamera
from tests.fakes import Clock, new_id
from tests.stores import open_store
from tests.waiting import pass_time


class Lens:
    """A mailbox whose state is what the test says."""

    def __init__(self) -> None:
        self.health = Health(CameraState.STARTING, 0.0)
        self.decoder_messages: tuple[str, ...] = ()

    def is_(self, state: CameraState, words: str = "") -> None:
        self.health = Health(state, 0.0, words)

    def check(self) -> Health:
        return self.health


class Loop:
    """A camera loop that does nothing, until it dies."""

    def __init__(self) -> None:
        self.running = False
        self.stopped = threading.Event()
        self.takes_s = 0.0

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        pass_time(self.takes_s)
        self.running = False
        self.stopped.set()

    def alive(self) -> bool:
        return self.running


class Worker:
    """A process that watches: its own connections, and all the posts it ever had, by camera name."""

    def __init__(self, url: str, clock: Clock, only: tuple[str, ...] = ()) -> None:
        self.store = open_store(url)
        self.broken: dict[str, Exception] = {}
        self.built: dict[str, list[WatchedCamera]] = {}
        self.gate_leases = GateLeases(self.store, clock, only)
        self.supervisor = Supervisor(self.gate_leases, self.store, clock, new_id, self._post)

    def _post(self, camera: Camera) -> WatchedCamera:
        if camera.name in self.broken:
            raise self.broken[camera.name]
        post = WatchedCamera(camera, cast(CameraLoop, Loop()), Lens())
        self.built.setdefault(camera.name, []).append(post)
        return post

    def watches(self) -> list[str]:
        names = sorted(post.camera.name for post in self.supervisor.watched())
        running = {name for name, posts in self.built.items() if any(p.loop.alive() for p in posts)}
        assert set(names) == running
        return names

    def lens(self, name: str) -> Lens:
        return cast(Lens, self.built[name][-1].mailbox)

    def loop(self, name: str) -> Loop:
        return cast(Loop, self.built[name][-1].loop)


def alerts(store: SqlStore) -> list[tuple[AlertKind, str | None]]:
    """The uncleared ones: kind and camera."""
    with store.read() as tx:
        return sorted((alert.kind, alert.camera_id) for alert in tx.alerts.uncleared())


@contextmanager
def unwritable(worker: Worker) -> Iterator[list[None]]:
    """The database refuses every write of this worker; yields a list that grows by one a try."""
    tries: list[None] = []

    def refuse(*_: object) -> None:
        tries.append(None)
        raise NotRecorded("the database is locked")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker.store, "write", refuse)
        yield tries
