"""What goes wrong around an import: none is lost for it, none is refused for it, and the others are run."""

import logging
from asyncio import CancelledError
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import Busy, NotRecorded
from app.core.imports.reports import ImportState
from app.core.people.records import EmployeeFilter
from app.core.site.installation import Installation
from tests.fakes import NOW
from tests.services.importing import CSV, Importing, photos, state, upload_key
from tests.services.process import Process
from tests.waiting import eventually

pytestmark = pytest.mark.one_database


@pytest.fixture
def importing(site: Process, tmp_path: Path) -> Importing:
    return Importing(site, tmp_path)


def switched_to(site: Process, pack: str) -> None:
    with site.store.write() as tx:
        tx.installation.put(Installation(pack, "f32", b"check", NOW))


def numbers(site: Process) -> list[str]:
    return [employee.number for employee in site.enrolment.find(EmployeeFilter())]


@pytest.mark.parametrize("ended", [CancelledError, GeneratorExit, NotRecorded])
def test_submitted_import_keeps_its_files_however_receiving_ends(
    importing: Importing, ended: type[BaseException]
) -> None:
    with pytest.raises(ended), importing.desk.receive() as arriving:
        arriving.csv.write(CSV)
        arriving.photos.write(photos())
        importing.desk.submit(arriving, dry_run=False, actor="tests")
        raise ended("the service stops")
    assert importing.desk.run_next() and state(importing, arriving.import_id) is ImportState.DONE


def test_unconfirmed_submission_loses_no_upload(
    importing: Importing, site: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> Any:
        raise NotRecorded("the database failed")

    with monkeypatch.context() as patch, importing.desk.receive() as arriving:
        arriving.csv.write(CSV)
        job = importing.desk.submit(arriving, dry_run=False, actor="tests")
        patch.setattr(site.store, "read", gone)
    with monkeypatch.context() as patch, importing.desk.receive() as forgotten:
        patch.setattr(site.store, "read", gone)
    importing.desk.tidy()
    assert importing.uploads.all() == [job.id] and upload_key(site, forgotten.import_id) is None
    assert importing.desk.run_next() and state(importing, job.id) is ImportState.DONE


def test_upload_whose_key_is_gone_fails_and_the_next_is_run(importing: Importing, site: Process) -> None:
    lost = importing.upload(CSV, photos(), dry_run=False)
    later = importing.upload(CSV, photos(), dry_run=False)
    with site.store.write() as tx:
        tx.data_keys.destroy(f"{lost.id}:upload")
    assert importing.desk.run_next() and importing.desk.run_next()
    found, _ = importing.reports.get(lost.id)
    assert found.state is ImportState.FAILED and found.detail is not None and "send them again" in found.detail
    assert state(importing, later.id) is ImportState.DONE


@pytest.mark.parametrize("fault", [ValueError("E-1 Ada"), PermissionError(13, "Permission denied")])
def test_lasting_failure_of_tidying_is_logged_once_and_stops_nothing(
    importing: Importing,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
) -> None:
    delete = importing.uploads.delete

    def failing(import_id: str) -> None:
        if import_id == "01STUCK":
            raise fault
        delete(import_id)

    for name in ("01STUCK", "02LEFTOVER"):
        (tmp_path / "imports" / name).mkdir(parents=True)
    monkeypatch.setattr(importing.uploads, "delete", failing)
    monkeypatch.setattr("app.services.imports.import_desk._LOOK_EVERY_S", 0.01)
    with caplog.at_level(logging.ERROR, "app"), closing(importing.desk):
        importing.desk.start()
        first = importing.upload(CSV, photos(), dry_run=False)
        eventually(lambda: state(importing, first.id) is ImportState.DONE)
        eventually(lambda: importing.uploads.all() == ["01STUCK"], "the others are tidied away")
    assert len(caplog.messages) == 1 and "01STUCK" in caplog.text and "Ada" not in caplog.text


def test_desk_survives_any_failure(importing: Importing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.imports.import_desk._LOOK_EVERY_S", 0.01)
    real, faults = importing.uploads.all, iter([ValueError("anything")] * 4)

    def failing() -> list[str]:
        for fault in faults:
            raise fault
        return real()

    monkeypatch.setattr(importing.uploads, "all", failing)
    job = importing.upload(CSV, photos(), dry_run=False)
    with closing(importing.desk):
        importing.desk.start()
        eventually(lambda: state(importing, job.id) is ImportState.DONE)


def test_import_continues_with_the_new_pack_and_refuses_nobody(
    importing: Importing, site: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched_to(site, "pack")
    job = importing.upload(CSV, photos(), dry_run=False)
    moves = iter(["newer"])

    def told(*_: object) -> bool:
        # between the first row and the second
        for pack in moves if numbers(site) else ():
            switched_to(site, pack)
        return False

    monkeypatch.setattr(importing.desk._stop, "is_set", told)
    assert not importing.desk.run_next() and not importing.desk.run_next()
    assert state(importing, job.id) is ImportState.RUNNING and importing.outcomes(job) == {"E-1": "added"}
    # when the process has followed
    site.gallery.pack_digest = "newer"
    assert importing.desk.run_next()
    assert state(importing, job.id) is ImportState.DONE
    assert importing.outcomes(job) == {"E-1": "added", "E-2": "added"}


def test_engine_that_is_busy_refuses_nobody(site: Process, tmp_path: Path) -> None:
    def busy(_: bytes) -> Any:
        raise Busy("too_busy", "Try again in a second.")

    importing = Importing(site, tmp_path, busy)
    job = importing.upload(CSV, photos(), dry_run=False)
    assert not importing.desk.run_next() and state(importing, job.id) is ImportState.RUNNING
    later = Importing(site, tmp_path)
    assert later.desk.run_next() and later.outcomes(job) == {"E-1": "added", "E-2": "added"}
