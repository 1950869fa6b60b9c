"""Uploads lie sealed, wait their turn, survive a kill, and are destroyed when nothing needs them any more."""

import fcntl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from app.core.errors import BadInput, Conflict, NotFound
from app.core.imports.reports import ImportState
from app.services.imports.import_desk import KEPT_TO_APPLY
from tests.fakes import Clock
from tests.services.importing import CSV, Importing, people, photos, state, upload_key
from tests.services.process import Process
from tests.waiting import eventually, pass_time


@pytest.fixture
def importing(site: Process, tmp_path: Path) -> Importing:
    return Importing(site, tmp_path)


def left(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in (folder / "imports").glob("*/*")]


def test_dry_run_waits_to_be_applied(importing: Importing, site: Process, tmp_path: Path) -> None:
    job = importing.upload(CSV, photos(), dry_run=True)
    assert job.state is ImportState.WAITING
    assert not any(b"vector" in data or b"Ada" in data for data in left(tmp_path)), "nothing lies there in the clear"
    assert importing.desk.run_next() and not importing.desk.run_next()
    importing.desk.tidy()
    assert state(importing, job.id) is ImportState.CHECKED and people(site) == []
    importing.desk.apply(job.id)
    assert importing.desk.run_next() and state(importing, job.id) is ImportState.DONE
    assert people(site) == ["E-1", "E-2"]
    importing.desk.tidy()
    assert left(tmp_path) == [] and upload_key(site, job.id) is None
    with pytest.raises(Conflict):
        importing.desk.apply(job.id)


def test_import_left_by_another_process_is_resumed(
    start: Callable[..., Process], importing: Importing, site: Process, tmp_path: Path
) -> None:
    job = importing.upload(CSV, photos(), dry_run=False)
    other = Importing(start(), tmp_path)
    with importing.uploads.claim(job.id) as mine:
        assert mine and not other.desk.run_next(), "the first still runs it"
    assert other.desk.run_next()
    assert state(importing, job.id) is ImportState.DONE and people(site) == ["E-1", "E-2"]


def test_desk_runs_imports_and_stops(importing: Importing, site: Process) -> None:
    importing.desk.start()
    job = importing.upload(CSV, photos(), dry_run=False)
    eventually(lambda: state(importing, job.id) is ImportState.DONE)
    importing.desk.close()


@pytest.mark.parametrize(
    ("csv", "zipped", "said"),
    [
        (b"name\nAda\n", b"", "needs a column number"),
        (CSV, b"this is no zip", "not a zip file"),
        (b"\x81\x8d", b"", "UTF-8"),
    ],
)
def test_files_that_cannot_be_used_fail_with_the_reason(
    importing: Importing, tmp_path: Path, csv: bytes, zipped: bytes, said: str
) -> None:
    job = importing.upload(csv, zipped, dry_run=False)
    assert importing.desk.run_next()
    found, _ = importing.reports.get(job.id)
    assert found.state is ImportState.FAILED and found.detail is not None and said in found.detail
    importing.desk.tidy()
    assert left(tmp_path) == []


def test_aborted_upload_leaves_nothing(importing: Importing, site: Process, tmp_path: Path) -> None:
    with pytest.raises(BadInput), importing.desk.receive() as arriving:
        arriving.csv.write(CSV)
        raise BadInput("broken_off", "It broke off.")
    with importing.desk.receive() as forgotten:
        forgotten.csv.write(CSV)
    assert left(tmp_path) == [] and not importing.desk.run_next()
    assert upload_key(site, arriving.import_id) is None and upload_key(site, forgotten.import_id) is None


def test_leftovers_of_a_killed_process_are_destroyed(importing: Importing, tmp_path: Path) -> None:
    folder = tmp_path / "imports" / "01LEFTOVER"
    folder.mkdir(parents=True)
    (folder / "photos.zip").write_bytes(b"sealed")
    with importing.desk.receive() as arriving:
        importing.desk.tidy()
        arriving.csv.write(CSV)
        importing.desk.submit(arriving, dry_run=True, actor="tests")
    assert not folder.exists() and len(left(tmp_path)) == 3, "what still arrives stays"


def test_continuous_tidying_loses_no_upload(importing: Importing, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = Event()
    lock = fcntl.flock

    def slow(handle: int, how: int) -> None:
        pass_time(0.005)
        lock(handle, how)

    def tidy() -> None:
        while not stop.is_set():
            importing.desk.tidy()

    monkeypatch.setattr(fcntl, "flock", slow)
    with ThreadPoolExecutor(1) as pool:
        tidying = pool.submit(tidy)
        try:
            jobs = [importing.upload(CSV, photos(), dry_run=True) for _ in range(20)]
        finally:
            stop.set()
        tidying.result()
    assert set(importing.uploads.all()) == {job.id for job in jobs}


def test_import_submitted_during_tidying_is_kept(
    importing: Importing, site: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = importing.uploads.claim
    with ExitStack() as receiving:
        arriving = receiving.enter_context(importing.desk.receive())
        arriving.csv.write(CSV)
        arriving.photos.write(photos())

        def late(import_id: str) -> AbstractContextManager[bool]:
            importing.desk.submit(arriving, dry_run=False, actor="tests")
            receiving.close()
            return claim(import_id)

        monkeypatch.setattr(importing.uploads, "claim", late)
        importing.desk.tidy()
    monkeypatch.undo()
    assert importing.desk.run_next() and state(importing, arriving.import_id) is ImportState.DONE


def test_deleted_upload_cannot_be_claimed(importing: Importing) -> None:
    with importing.uploads.claim("01GONE") as mine:
        assert not mine
    assert importing.uploads.all() == []


def test_unapplied_imports_expire(importing: Importing, site: Process, clock: Clock, tmp_path: Path) -> None:
    job = importing.upload(CSV, photos(), dry_run=True)
    importing.desk.run_next()
    clock.now += KEPT_TO_APPLY + timedelta(seconds=1)
    importing.desk.tidy()
    importing.desk.tidy()
    assert state(importing, job.id) is ImportState.CANCELLED and left(tmp_path) == []
    assert len(importing.rows(job)) == 2


def test_cancelling(importing: Importing, site: Process, tmp_path: Path) -> None:
    job = importing.upload(CSV, photos(), dry_run=False)
    importing.desk.cancel(job.id)
    assert not importing.desk.run_next() and people(site) == []
    importing.desk.tidy()
    assert left(tmp_path) == []
    with pytest.raises(Conflict):
        importing.desk.cancel(job.id)
    with pytest.raises(NotFound):
        importing.desk.cancel("nobody")


def test_cancelled_as_it_begins(importing: Importing, site: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    job = importing.upload(CSV, photos(), dry_run=False)
    claim = importing.uploads.claim

    def late(import_id: str) -> AbstractContextManager[bool]:
        importing.desk.cancel(import_id)
        return claim(import_id)

    monkeypatch.setattr(importing.uploads, "claim", late)
    importing.desk.run_next()
    assert state(importing, job.id) is ImportState.CANCELLED and people(site) == []
