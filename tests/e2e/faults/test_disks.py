"""A real disk that is full, a clock that cannot be right: everything that speaks of it says why."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from app.settings import read_settings
from app.wiring import open_backbone
from tests.e2e.server import GATE, Server, Site, quick, serving
from tests.waiting import eventually

MIB = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)], check=False)
    if made.returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Takes all the room that is left."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (MIB, 512):
            written = -1
            with suppress(OSError):
                while written:
                    written = file.write(bytes(size))
    return filler


def refused(server: Server, words: str) -> None:
    """Nothing opens, and the refusal, the readiness, the alerts and the doctor name the cause."""
    # The files of the database may have room for some more.
    eventually(lambda: server.approach().status_code != 200, "a refusal")
    answer = server.approach()
    assert answer.status_code == 503 and answer.json()["error"] == "not_recorded"
    assert words in answer.json()["detail"], answer.json()
    ready = server.http.get("/readyz")
    assert ready.status_code == 503 and words in ready.json()["checks"]["database"]["detail"], ready.json()
    head = server.http.head("/readyz")
    assert head.status_code == 503 and head.content == b""
    alerts = server.get("/v1/alerts")["items"]
    assert [alert["kind"] for alert in alerts] == ["database_unwritable"], alerts
    assert words in alerts[0]["detail"]
    told = " ".join(quick("doctor", data=server.site.data).stdout.split())
    assert words in told, told


def test_full_disk_is_named_and_recovers(disk: Path) -> None:
    site = Site.make(disk)  # its log lies beside the disk
    with serving(site) as server:
        assert server.http.get("/readyz").status_code == 200
        assert server.http.head("/readyz").status_code == server.http.head("/healthz").status_code == 200
        filler = fill(disk)
        refused(server, "disk is full")
        filler.unlink()
        eventually(lambda: server.http.get("/readyz").status_code == 200, "readiness")
        assert server.approach().status_code == 200
        (over,) = server.get("/v1/alerts")["items"]
        assert over["kind"] == "database_unwritable" and over["cleared_at"], "the outage is on record"
        log = server.log.read_text()
        assert log.count("database_unwritable reason=") == 1 and log.count("database_writable_again") == 1
        assert server.get("/v1/audit/verify")["gates"][GATE]["events"] >= 1


def test_clock_before_the_newest_record_is_named_and_confirmed(tmp_path: Path) -> None:
    site = Site.make(tmp_path / "data")
    office = open_backbone(read_settings(site.data))
    with office.store.write() as tx:
        tx.heartbeats.beat(office.clock() + timedelta(days=3), b"")
    office.close()
    for command in (("clock", "show"), ("doctor",)):
        told = quick(*command, data=site.data)
        words = " ".join(told.stdout.split())
        assert told.returncode == 1 and "stands 3 days before the newest record" in words, words
    assert quick("clock", "confirm", "--yes", data=site.data).returncode == 0
    told = quick("clock", "show", data=site.data)
    assert told.returncode == 0 and "Nothing contradicts it." in told.stdout
