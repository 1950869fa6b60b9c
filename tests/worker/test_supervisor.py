"""Which process watches which camera, and what becomes known of it, on both databases; loops and pictures are fakes."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, cast

import pytest

from app.adapters.db.store import SqlStore, open_store
from app.core.camera_health import CameraState, Health
from app.core.errors import CryptoFault, NotRecorded
from app.core.site import Alert, AlertKind, Camera
from app.core.types import Gate
from app.services.gate_list import GateList
from app.worker.camera_loop import CameraLoop
from app.worker.supervisor import LEASE, Post, Supervisor
from tests.fakes import Clock, new_id

S = CameraState


class Lens:
    """A mailbox whose state is what the test says."""

    def __init__(self) -> None:
        self.health = Health(S.STARTING, 0.0)
        self.last_words: tuple[str, ...] = ()

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
        time.sleep(self.takes_s)
        self.running = False
        self.stopped.set()

    def alive(self) -> bool:
        return self.running


class Worker:
    """A process that watches: its own connections, and all the posts it ever had, by camera name."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.store = open_store(url)
        self.broken: dict[str, Exception] = {}
        self.built: dict[str, list[Post]] = {}
        self.supervisor = Supervisor(self.store, clock, new_id, self._post)

    def _post(self, camera: Camera) -> Post:
        if camera.name in self.broken:
            raise self.broken[camera.name]
        post = Post(camera, cast(CameraLoop, Loop()), Lens())
        self.built.setdefault(camera.name, []).append(post)
        return post

    def watches(self) -> list[str]:
        names = sorted(post.camera.name for post in self.supervisor.posts())
        running = {name for name, posts in self.built.items() if any(p.loop.alive() for p in posts)}
        assert set(names) == running
        return names

    def lens(self, name: str) -> Lens:
        return cast(Lens, self.built[name][-1].mailbox)

    def loop(self, name: str) -> Loop:
        return cast(Loop, self.built[name][-1].loop)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(database_url: str, clock: Clock) -> Iterator[Callable[[], Worker]]:
    running: list[Worker] = []

    def begin() -> Worker:
        running.append(Worker(database_url, clock))
        return running[-1]

    yield begin
    for worker in running:
        worker.supervisor.stop()
        worker.store.close()


@pytest.fixture
def gate(store: SqlStore, clock: Clock) -> Gate:
    return GateList(store, clock, new_id).add("lobby-1")


@pytest.fixture
def add(store: SqlStore, gate: Gate, clock: Clock) -> Callable[[str], Camera]:
    def camera(name: str) -> Camera:
        added = Camera(new_id(), name, gate.id, b"sealed", created_at=clock())
        with store.write() as tx:
            tx.cameras.add(added)
        return added

    return camera


@pytest.fixture
def change(store: SqlStore) -> Callable[..., Camera]:
    def become(camera: Camera, **fields: Any) -> Camera:
        changed = replace(camera, **fields)
        with store.write() as tx:
            tx.cameras.update(changed)
        return changed

    return become


def alerts(store: SqlStore) -> list[tuple[AlertKind, str | None]]:
    """The uncleared ones: kind and camera."""
    with store.read() as tx:
        return sorted((alert.kind, alert.camera_id) for alert in tx.alerts.open())


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


def soon(true: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


# Who watches


def test_each_camera_has_one_process(start: Callable[[], Worker], add: Callable[[str], Camera]) -> None:
    add("east"), add("west")
    a, b = start(), start()

    a.supervisor.sync()
    b.supervisor.sync()

    assert (a.watches(), b.watches()) == (["east", "west"], [])


def test_who_dies_loses_the_cameras_when_the_lease_ends(
    start: Callable[[], Worker], add: Callable[[str], Camera], clock: Clock
) -> None:
    add("east")
    a, b = start(), start()
    a.supervisor.sync()  # and is never heard of again

    clock.advance(seconds=LEASE.total_seconds() - 0.1)
    b.supervisor.sync()
    assert b.watches() == []

    clock.advance(seconds=0.1)
    b.supervisor.sync()
    assert b.watches() == ["east"]


def test_who_renews_keeps_them(start: Callable[[], Worker], add: Callable[[str], Camera], clock: Clock) -> None:
    add("east")
    a, b = start(), start()
    for _ in range(10):
        a.supervisor.sync()
        b.supervisor.sync()
        clock.advance(seconds=2)

    assert (a.watches(), b.watches()) == (["east"], [])
    assert len(a.built["east"]) == 1


def test_who_comes_back_too_late_stops(start: Callable[[], Worker], add: Callable[[str], Camera], clock: Clock) -> None:
    add("east")
    a, b = start(), start()
    a.supervisor.sync()
    clock.advance(minutes=1)  # a was asleep
    b.supervisor.sync()

    a.supervisor.sync()

    assert (a.watches(), b.watches()) == ([], ["east"])
    assert a.loop("east").stopped.is_set()


def test_who_stops_gives_them_back_at_once(start: Callable[[], Worker], add: Callable[[str], Camera]) -> None:
    add("east")
    a, b = start(), start()
    a.supervisor.sync()

    a.supervisor.stop()
    b.supervisor.sync()

    assert (a.watches(), b.watches()) == ([], ["east"])


def test_a_lease_from_before_the_clock_was_set_back_holds_nobody_up(
    start: Callable[[], Worker], add: Callable[[str], Camera], clock: Clock
) -> None:
    add("east")
    start().supervisor.sync()  # then the power fails, and the machine comes up with an older time
    clock.advance(hours=-1)

    b = start()
    b.supervisor.sync()
    assert b.watches() == ["east"]

    clock.advance(hours=-1)
    b.supervisor.sync()
    assert b.watches() == ["east"] and len(b.built["east"]) == 1


def test_of_many_that_race_one_wins(start: Callable[[], Worker], add: Callable[[str], Camera]) -> None:
    names = [add(f"camera-{i}").name for i in range(5)]
    workers = [start() for _ in range(4)]
    at_once = threading.Barrier(len(workers))

    def race(worker: Worker) -> None:
        at_once.wait()
        for _ in range(5):
            with suppress(NotRecorded):
                worker.supervisor.sync()

    threads = [threading.Thread(target=race, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(name for worker in workers for name in worker.watches()) == names


# What an admin changes


def test_a_camera_is_watched_from_when_it_is_added_to_when_it_is_removed(
    start: Callable[[], Worker], add: Callable[[str], Camera], change: Callable[..., Camera], store: SqlStore
) -> None:
    worker = start()
    worker.supervisor.sync()
    assert worker.watches() == []

    camera = add("east")
    worker.supervisor.sync()
    assert worker.watches() == ["east"]

    camera = change(camera, enabled=False)
    worker.supervisor.sync()
    assert worker.watches() == []

    camera = change(camera, enabled=True)
    worker.supervisor.sync()
    assert worker.watches() == ["east"]

    with store.write() as tx:
        tx.cameras.delete(camera.id)
    worker.supervisor.sync()
    assert worker.watches() == []


def test_a_changed_camera_is_opened_anew_and_the_others_are_left_alone(
    start: Callable[[], Worker], add: Callable[[str], Camera], change: Callable[..., Camera]
) -> None:
    east, _ = add("east"), add("west")
    worker = start()
    worker.supervisor.sync()

    change(east, sealed_url=b"another")
    worker.supervisor.sync()

    assert worker.watches() == ["east", "west"]
    assert [post.camera.sealed_url for post in worker.built["east"]] == [b"sealed", b"another"]
    assert len(worker.built["west"]) == 1


def test_a_loop_that_died_is_begun_anew(start: Callable[[], Worker], add: Callable[[str], Camera]) -> None:
    add("east"), add("west")
    worker = start()
    worker.supervisor.sync()
    worker.loop("east").running = False

    worker.supervisor.sync()

    assert worker.watches() == ["east", "west"]
    assert (len(worker.built["east"]), len(worker.built["west"])) == (2, 1)


@pytest.mark.parametrize("error", [CryptoFault("it cannot be opened"), TypeError("rtsp://user:secret@host")])
def test_a_camera_that_cannot_be_opened_holds_up_no_other_and_is_said_once(
    start: Callable[[], Worker],
    add: Callable[[str], Camera],
    store: SqlStore,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    broken, _ = add("east"), add("west")
    worker = start()
    worker.broken["east"] = error
    for _ in range(3):
        worker.supervisor.sync()

    assert worker.watches() == ["west"]
    assert alerts(store) == [(AlertKind.CAMERA_DEAD, broken.id)]
    assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 1
    assert "secret" not in caplog.text

    worker.broken.clear()
    worker.supervisor.sync()
    worker.lens("east").is_(S.WORKING)
    worker.supervisor.look()
    assert worker.watches() == ["east", "west"]
    assert alerts(store) == []


def test_many_that_end_slowly_end_together(start: Callable[[], Worker], add: Callable[[str], Camera]) -> None:
    for i in range(10):
        add(f"camera-{i}")
    worker = start()
    worker.supervisor.sync()
    for i in range(10):
        worker.loop(f"camera-{i}").takes_s = 0.3

    began = time.monotonic()
    worker.supervisor.stop()

    assert time.monotonic() - began < 1.5  # 3 s one after another; a lease ends after 8
    assert worker.watches() == []


# What the watchdog says


def test_an_alert_is_raised_when_a_camera_is_not_well_and_cleared_when_it_is(
    start: Callable[[], Worker], add: Callable[[str], Camera], store: SqlStore
) -> None:
    camera = add("east")
    worker = start()
    worker.supervisor.sync()

    def after(state: CameraState) -> list[AlertKind]:
        worker.lens("east").is_(state, "words")
        worker.supervisor.look()
        worker.supervisor.look()
        assert {camera_id for _, camera_id in alerts(store)} <= {camera.id}
        return [kind for kind, _ in alerts(store)]

    assert after(S.STARTING) == []
    assert after(S.WORKING) == []
    assert after(S.RECONNECTING) == []
    assert after(S.DEAD) == [AlertKind.CAMERA_DEAD]
    assert after(S.RECONNECTING) == [AlertKind.CAMERA_DEAD]  # not yet well
    assert after(S.BLACK) == [AlertKind.CAMERA_BLACK]  # it gives pictures, so it is not dead
    assert after(S.FROZEN) == [AlertKind.CAMERA_FROZEN]
    assert after(S.SLOW) == [AlertKind.CAMERA_SLOW]
    assert after(S.WRONG_SIZE) == [AlertKind.CAMERA_WRONG_SIZE]
    assert after(S.WORKING) == []


def test_an_alert_says_why_with_the_decoders_last_words(
    start: Callable[[], Worker], add: Callable[[str], Camera], store: SqlStore
) -> None:
    add("east")
    worker = start()
    worker.supervisor.sync()
    worker.lens("east").is_(S.DEAD, "no picture for 3 s")
    worker.lens("east").last_words = ("first", "x" * 500)

    worker.supervisor.look()

    with store.read() as tx:
        (alert,) = tx.alerts.open()
    assert alert.detail == ("no picture for 3 s; " + "x" * 500)[:200]


def test_an_alert_of_a_process_that_died_is_cleared_by_the_next(
    start: Callable[[], Worker], add: Callable[[str], Camera], store: SqlStore, clock: Clock
) -> None:
    add("east")
    a, b = start(), start()
    a.supervisor.sync()
    a.lens("east").is_(S.DEAD)
    a.supervisor.look()
    clock.advance(minutes=1)
    b.supervisor.sync()
    assert len(alerts(store)) == 1

    b.lens("east").is_(S.WORKING)
    b.supervisor.look()

    assert alerts(store) == []


def test_an_alert_ends_with_its_camera(
    start: Callable[[], Worker], add: Callable[[str], Camera], change: Callable[..., Camera], store: SqlStore
) -> None:
    east, west = add("east"), add("west")
    worker = start()
    worker.supervisor.sync()
    for name in ("east", "west"):
        worker.lens(name).is_(S.DEAD)
    with store.write() as tx:  # a hint about people is no fault of the camera; a person clears it
        tx.alerts.raise_(Alert(new_id(), worker.supervisor._clock(), AlertKind.TAILGATING, east.gate_id, east.id))
    worker.supervisor.look()
    assert len(alerts(store)) == 3

    change(east, enabled=False)
    with store.write() as tx:
        tx.cameras.delete(west.id)
    worker.supervisor.sync()

    assert alerts(store) == [(AlertKind.TAILGATING, east.id)]


def test_an_alert_follows_its_camera_to_another_gate(
    start: Callable[[], Worker], add: Callable[[str], Camera], change: Callable[..., Camera], store: SqlStore
) -> None:
    camera = add("east")
    worker = start()
    worker.supervisor.sync()
    worker.lens("east").is_(S.DEAD)
    worker.supervisor.look()
    other = GateList(store, worker.supervisor._clock, new_id).add("lobby-2")

    change(camera, gate_id=other.id)
    worker.supervisor.sync()
    worker.lens("east").is_(S.DEAD)
    worker.supervisor.look()
    with store.read() as tx:
        assert [alert.gate_id for alert in tx.alerts.open()] == [other.id]

    worker.lens("east").is_(S.WORKING)
    worker.supervisor.look()
    assert alerts(store) == []


def test_what_could_not_be_stored_is_stored_later(
    start: Callable[[], Worker], add: Callable[[str], Camera], store: SqlStore
) -> None:
    add("east"), add("west")
    worker = start()
    worker.supervisor.sync()
    for name in ("east", "west"):
        worker.lens(name).is_(S.DEAD)

    with unwritable(worker), pytest.raises(NotRecorded):
        worker.supervisor.look()
    # Who asks this process learns it all the same.
    assert [p.health.state for p in worker.supervisor.posts() if p.health] == [S.DEAD, S.DEAD]
    assert alerts(store) == []

    worker.supervisor.look()
    assert len(alerts(store)) == 2


def test_a_camera_that_is_well_comes_first_for_a_gate(
    start: Callable[[], Worker], add: Callable[[str], Camera]
) -> None:
    gate_id = add("east").gate_id
    add("west")
    worker = start()
    assert worker.supervisor.post_of_gate(gate_id) is None
    worker.supervisor.sync()

    def asked() -> str:
        worker.supervisor.look()
        post = worker.supervisor.post_of_gate(gate_id)
        assert post is not None
        return post.camera.name

    assert asked() == "east"
    worker.lens("west").is_(S.WORKING)
    assert asked() == "west"
    worker.lens("east").is_(S.WORKING)
    assert asked() == "east"
    assert worker.supervisor.post_of_gate("another") is None


# The thread


def test_it_goes_on_by_itself_through_an_outage_that_it_reports_once(
    start: Callable[[], Worker],
    add: Callable[[str], Camera],
    store: SqlStore,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr("app.worker.supervisor.LOOK_S", 0.01)
    monkeypatch.setattr("app.worker.supervisor.SYNC_S", 0.02)
    camera = add("east")
    worker = start()

    with unwritable(worker) as tries:
        worker.supervisor.start()
        soon(lambda: len(tries) > 20)
        assert worker.watches() == []
        assert [record.levelname for record in caplog.records] == ["ERROR"]
    soon(lambda: worker.watches() == ["east"])

    worker.lens("east").is_(S.DEAD)
    soon(lambda: alerts(store) == [(AlertKind.CAMERA_DEAD, camera.id)])
    with unwritable(worker) as tries:
        worker.lens("east").is_(S.WORKING)
        soon(lambda: len(tries) > 20)
        assert worker.watches() == ["east"]
    soon(lambda: alerts(store) == [])

    worker.supervisor.stop()
    with store.read() as tx:
        assert tx.leases.holders() == {}
