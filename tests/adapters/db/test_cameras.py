"""Cameras and their leases, as the port promises them, on both databases: threads and processes race for a camera."""

import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.adapters.db.store import SqlStore
from app.core.approach import Zone
from app.core.errors import Conflict, NotRecorded
from app.core.site import Alert, AlertKind, Camera
from app.core.types import Gate

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
LEASE = timedelta(seconds=10)
LOBBY = Gate("01G", "lobby-1", created_at=NOW)
DOCK = Gate("02G", "dock", created_at=NOW)
FRONT = Camera("01C", "front", "01G", b"sealed \x00\xff", zone=Zone(0.1, 0.25, 0.9, 1.0, 56.5), created_at=NOW)
BACK = Camera("02C", "back", "01G", b"other", enabled=False)
WAIT = timedelta(seconds=30)  # for the threads of a busy machine


@pytest.fixture
def site(store: SqlStore) -> SqlStore:
    with store.write() as tx:
        tx.gates.add(LOBBY)
        tx.gates.add(DOCK)
        tx.cameras.add(FRONT)
        tx.cameras.add(BACK)
    return store


def test_a_camera_comes_back_as_it_went_in(site: SqlStore) -> None:
    with site.read() as tx:
        assert tx.cameras.get("01C") == tx.cameras.by_name("front") == FRONT
        assert tx.cameras.all() == tx.cameras.of_gate("01G") == [BACK, FRONT]
        assert tx.cameras.of_gate("02G") == []
        assert tx.cameras.get("nothing") is tx.cameras.by_name("nothing") is None


def test_a_taken_name_is_a_conflict_and_the_block_goes_on(site: SqlStore) -> None:
    with site.write() as tx:
        with pytest.raises(Conflict) as added:
            tx.cameras.add(replace(BACK, id="03C"))
        with pytest.raises(Conflict) as renamed:
            tx.cameras.update(replace(BACK, name="front"))
        tx.cameras.add(replace(BACK, id="03C", name="side"))
    assert added.value.code == renamed.value.code == "camera_exists"
    with site.read() as tx:
        assert [camera.name for camera in tx.cameras.all()] == ["back", "front", "side"]


@pytest.mark.parametrize("camera", [replace(BACK, id="03C", name="x", gate_id="nowhere"), replace(BACK, name="x")])
def test_an_unknown_gate_or_a_used_id_is_another_conflict(site: SqlStore, camera: Camera) -> None:
    with pytest.raises(Conflict) as refusal, site.write() as tx:
        tx.cameras.add(camera)
    assert refusal.value.code == "contradiction"


def test_update(site: SqlStore) -> None:
    changed = replace(FRONT, name="entrance", gate_id="02G", sealed_url=b"new", enabled=False, zone=Zone())
    with site.write() as tx:
        tx.cameras.update(changed)
    with site.read() as tx:
        assert tx.cameras.get("01C") == changed
        assert tx.cameras.of_gate("02G") == [changed]


def test_deleting_a_camera_takes_its_lease_along_and_leaves_its_alerts(site: SqlStore) -> None:
    alert = Alert("01L", NOW, AlertKind.CAMERA_DEAD, camera_id="01C")
    with site.write() as tx:
        assert tx.leases.take("01C", "a", NOW, NOW + LEASE)
        assert tx.alerts.raise_(alert)
        assert tx.cameras.delete("01C") is True
        assert tx.cameras.delete("01C") is False
    with site.read() as tx:
        assert tx.leases.holders() == {}
        assert tx.alerts.open() == [alert]


def test_a_lease_is_one_holders_until_it_expires(site: SqlStore) -> None:
    def take(holder: str, after_s: float) -> bool:
        now = NOW + timedelta(seconds=after_s)
        with site.write() as tx:
            return tx.leases.take("01C", holder, now, now + LEASE)

    assert take("a", 0) is True
    assert take("b", 1) is False
    assert take("a", 5) is True, "the holder renews"
    assert take("b", 14.999) is False, "renewed until 15 s"
    assert take("b", 15) is True, "what ends now is over"
    assert take("a", 15) is False, "who was late does not renew"
    with site.read() as tx:
        assert tx.leases.holders() == {"01C": ("b", NOW + timedelta(seconds=25))}


def test_a_holder_gives_up_what_is_its_own(site: SqlStore) -> None:
    with site.write() as tx:
        assert tx.leases.take("01C", "a", NOW, NOW + LEASE)
        assert tx.leases.take("02C", "b", NOW, NOW + LEASE)
        tx.leases.give_up("a")
        tx.leases.give_up("nobody")
        assert tx.leases.holders() == {"02C": ("b", NOW + LEASE)}
        assert tx.leases.take("01C", "b", NOW, NOW + LEASE)


def test_the_lease_of_a_camera_that_is_gone_is_not_given_and_the_block_goes_on(site: SqlStore) -> None:
    with site.write() as tx:
        assert tx.leases.take("deleted", "a", NOW, NOW + LEASE) is False
        assert tx.leases.take("01C", "a", NOW, NOW + LEASE) is True


def test_of_threads_that_race_for_a_camera_one_gets_it(site: SqlStore) -> None:
    start, won = threading.Barrier(8), []

    def race(holder: str) -> None:
        for round_ in range(5):
            now = NOW + round_ * LEASE  # each round the lease has just expired
            start.wait()
            with site.write(WAIT) as tx:
                if tx.leases.take("01C", holder, now, now + LEASE):
                    won.append((round_, holder))

    threads = [threading.Thread(target=race, args=(f"worker-{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(round_ for round_, _ in won) == [0, 1, 2, 3, 4]
    with site.read() as tx:
        assert tx.leases.holders()["01C"] == (dict(won)[4], NOW + 5 * LEASE)


def test_a_lease_that_is_being_taken_is_waited_for(site: SqlStore, database: str) -> None:
    """Whoever comes second, before the first has committed, neither wins nor fails."""
    if database != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    second: list[bool] = []

    def take() -> None:
        with site.write(WAIT) as tx:
            second.append(tx.leases.take("01C", "b", NOW, NOW + LEASE))

    with site.write(WAIT) as tx:
        assert tx.leases.take("01C", "a", NOW, NOW + LEASE)
        thread = threading.Thread(target=take)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join()
    assert second == [False]


RACER = """
import sys
from datetime import datetime, timedelta
from app.adapters.db.store import open_store

url, holder = sys.argv[1:]
now, lease, wait = datetime.fromisoformat("2026-11-23T08:00:00+00:00"), timedelta(seconds=10), timedelta(seconds=30)
store = open_store(url)
with store.read() as tx:
    cameras = [camera.id for camera in tx.cameras.all()]
print("ready", flush=True)
sys.stdin.readline()
for round_ in range(40):
    at = now + round_ * lease
    for camera in cameras:
        with store.write(wait) as tx:
            if tx.leases.take(camera, holder, at, at + lease):
                print(round_, camera, flush=True)
store.close()
"""


def test_of_two_processes_each_camera_is_one_processs(site: SqlStore, database_url: str) -> None:
    """Both go through the same rounds; whenever one wins, the other must not have won the same round."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, database_url, holder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for holder in ("a", "b")
    ]
    for process in processes:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=60) for process in processes]
    assert [(process.returncode, errors) for process, (_, errors) in zip(processes, ended, strict=True)] == [
        (0, "")
    ] * 2
    won = [line for output, _ in ended for line in output.splitlines()]
    assert len(won) == len(set(won)), "a round of a camera was won twice"
    # A process that falls a round behind finds a lease that ends later than its own time: nobody wins that one twice.
    assert {"39 01C", "39 02C"} <= set(won)


def test_a_read_takes_no_lease(site: SqlStore) -> None:
    with pytest.raises(NotRecorded), site.read() as tx:
        tx.leases.take("01C", "a", NOW, NOW + LEASE)
