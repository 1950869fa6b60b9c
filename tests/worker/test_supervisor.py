"""Which process watches which camera, on both databases; loops and pictures are fakes."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from app.adapters.db.store import SqlStore
from app.core.alerts.alert import AlertKind
from app.core.cameras.camera import Camera
from app.core.cameras.health import CameraState
from app.core.errors import CryptoFault, NotRecorded
from app.services.site.gate_leases import LEASE
from tests.fakes import Clock
from tests.waiting import eventually
from tests.worker.workers import Worker, alerts, unwritable

S = CameraState


# Who watches


def test_cameras_of_a_gate_have_one_process(start: Callable[..., Worker], add: Callable[..., Camera]) -> None:
    add("east"), add("west")
    a, b = start(), start()

    a.supervisor.sync()
    b.supervisor.sync()

    assert (a.watches(), b.watches()) == (["east", "west"], [])


def test_late_process_gets_its_share_once_it_is_released(
    start: Callable[..., Worker], add: Callable[..., Camera], clock: Clock
) -> None:
    add("east", "east-gate"), add("west", "west-gate")
    a, b = start(), start()
    a.supervisor.sync()
    b.supervisor.sync()
    assert (a.watches(), b.watches()) == (["east", "west"], [])

    a.supervisor.sync()
    kept = a.watches()
    b.supervisor.sync()
    assert len(kept) == 1 and b.watches() == [], "the old one's lease is still there"

    for _ in range(3):
        clock.advance(seconds=2)
        a.supervisor.sync()
        b.supervisor.sync()
    assert a.watches() == kept and sorted(kept + b.watches()) == ["east", "west"]
    assert len(a.built[kept[0]]) == 1, "what stays is not disturbed"


def test_process_takes_only_the_gates_it_is_meant_for(start: Callable[..., Worker], add: Callable[..., Camera]) -> None:
    add("east", "east-gate"), add("west", "west-gate")
    a, b = start("west-gate"), start("east-gate", "of-tomorrow")
    b.supervisor.sync()
    a.supervisor.sync()
    assert (a.watches(), b.watches()) == (["west"], ["east"])

    b.supervisor.stop()
    a.supervisor.sync()
    assert a.watches() == ["west"]


def test_dead_process_loses_its_cameras_when_the_lease_ends(
    start: Callable[..., Worker], add: Callable[..., Camera], clock: Clock
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


def test_process_that_renews_keeps_its_gates(
    start: Callable[..., Worker], add: Callable[..., Camera], clock: Clock
) -> None:
    add("east")
    a, b = start(), start()
    for _ in range(10):
        a.supervisor.sync()
        b.supervisor.sync()
        clock.advance(seconds=2)

    assert (a.watches(), b.watches()) == (["east"], [])
    assert len(a.built["east"]) == 1


def test_process_that_comes_back_too_late_stops(
    start: Callable[..., Worker], add: Callable[..., Camera], clock: Clock
) -> None:
    add("east")
    a, b = start(), start()
    a.supervisor.sync()
    clock.advance(minutes=1)  # a was asleep
    b.supervisor.sync()

    a.supervisor.sync()

    assert (a.watches(), b.watches()) == ([], ["east"])
    assert a.loop("east").stopped.is_set()


def test_process_that_stops_gives_its_gates_back_at_once(
    start: Callable[..., Worker], add: Callable[..., Camera]
) -> None:
    add("east")
    a, b = start(), start()
    a.supervisor.sync()

    a.supervisor.stop()
    b.supervisor.sync()

    assert (a.watches(), b.watches()) == ([], ["east"])


def test_lease_from_before_a_clock_step_blocks_nobody(
    start: Callable[..., Worker], add: Callable[..., Camera], clock: Clock
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


def test_one_of_several_racing_processes_wins(start: Callable[..., Worker], add: Callable[..., Camera]) -> None:
    names = [add(f"camera-{i}", f"gate-{i}").name for i in range(5)]
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
    for worker in workers * 4:  # what is on its way from one to another arrives
        worker.supervisor.sync()

    assert sorted(name for worker in workers for name in worker.watches()) == names


# What an admin changes


def test_camera_is_watched_from_when_it_is_added_to_when_it_is_removed(
    start: Callable[..., Worker], add: Callable[..., Camera], change: Callable[..., Camera], store: SqlStore
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


def test_changed_camera_is_reopened_and_others_continue(
    start: Callable[..., Worker], add: Callable[..., Camera], change: Callable[..., Camera]
) -> None:
    east, _ = add("east"), add("west")
    worker = start()
    worker.supervisor.sync()

    change(east, sealed_url=b"another")
    worker.supervisor.sync()

    assert worker.watches() == ["east", "west"]
    assert [post.camera.sealed_url for post in worker.built["east"]] == [b"sealed", b"another"]
    assert len(worker.built["west"]) == 1


def test_dead_loop_is_restarted(start: Callable[..., Worker], add: Callable[..., Camera]) -> None:
    add("east"), add("west")
    worker = start()
    worker.supervisor.sync()
    worker.loop("east").running = False

    worker.supervisor.sync()

    assert worker.watches() == ["east", "west"]
    assert (len(worker.built["east"]), len(worker.built["west"])) == (2, 1)


@pytest.mark.parametrize("error", [CryptoFault("it cannot be opened"), TypeError("rtsp://user:secret@host")])
def test_camera_that_fails_to_open_delays_no_other_and_is_logged_once(
    start: Callable[..., Worker],
    add: Callable[..., Camera],
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


def test_slow_loops_stop_in_parallel(start: Callable[..., Worker], add: Callable[..., Camera]) -> None:
    for i in range(10):
        add(f"camera-{i}")
    worker = start()
    worker.supervisor.sync()
    for i in range(10):
        worker.loop(f"camera-{i}").takes_s = 0.5

    began = time.monotonic()
    worker.supervisor.stop()

    assert time.monotonic() - began < 3.5  # 5 s one after another; a lease ends after 8
    assert worker.watches() == []


# The thread


def test_supervisor_survives_an_outage_and_logs_it_once(
    start: Callable[..., Worker],
    add: Callable[..., Camera],
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
        eventually(lambda: len(tries) > 20)
        assert worker.watches() == []
        assert [record.levelname for record in caplog.records] == ["ERROR"]
    eventually(lambda: worker.watches() == ["east"])

    worker.lens("east").is_(S.DEAD)
    eventually(lambda: alerts(store) == [(AlertKind.CAMERA_DEAD, camera.id)])
    with unwritable(worker) as tries:
        worker.lens("east").is_(S.WORKING)
        eventually(lambda: len(tries) > 20)
        assert worker.watches() == ["east"]
    eventually(lambda: alerts(store) == [])

    worker.supervisor.stop()
    with store.read() as tx:
        assert tx.leases.holders() == {} and tx.watchers.all() == {}
