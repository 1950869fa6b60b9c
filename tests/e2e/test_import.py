"""The import command as a process of its own: killed it goes on, twice is nothing, and what goes out comes in again."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import Busy
from app.core.imports.reports import Import, ImportState
from app.core.people.records import EmployeeFilter
from app.services.imports.bulk_import import BulkImport
from app.settings import read_settings
from app.wiring import open_backbone
from tests import pictures
from tests.e2e.server import ROOT, app, begun, environment, quick
from tests.waiting import eventually

PEOPLE = 500


def write_people(folder: Path) -> tuple[str, str]:
    """A file of many, three of them with photos."""
    photos = folder / "photos"
    photos.mkdir(parents=True)
    for number, portraits in (("E-1", ("obama2", "impostor_1")), ("E-300", ("biden",)), ("E-500", ("impostor_2",))):
        for n, portrait in enumerate(portraits):
            (photos / f"{number}_{n}.jpg").write_bytes(pictures.small(portrait, 720))
    lines = (f"E-{n},Person {n},2030-12-31,a|b\n" for n in range(1, PEOPLE + 1))
    (folder / "people.csv").write_text("number,name,valid_until,groups\n" + "".join(lines))
    return str(folder / "people.csv"), str(photos)


def everybody(data: Path) -> dict[str, tuple[Any, ...]]:
    """Who is there, as `number: everything that is known`, ids and times of storing aside."""
    office = open_backbone(read_settings(data))
    found: dict[str, tuple[Any, ...]] = {}
    try:
        with office.store.read() as tx:
            for one in tx.employees.find(EmployeeFilter(limit=10_000)):
                key, kept = tx.data_keys.get(one.id), tx.photos.of(one.id)
                assert key is not None
                images = tuple(office.vault.open(key, photo.sealed_image, f"photo:{one.id}") for photo in kept)
                vectors = tuple(office.vault.open(key, p.sealed_embedding, f"embedding:{one.id}") for p in kept)
                known = (one.name, one.status, one.email, one.valid_from, one.valid_until, one.groups)
                more = (one.legal_basis, one.consent_at, one.card_number, one.photos, images, vectors)
                found[one.number] = (*known, *more)
    finally:
        office.close()
    return found


def test_killed_import_resumes_and_a_repeat_changes_nothing(tmp_path: Path) -> None:
    csv, photos = write_people(tmp_path / "in")
    data = begun(tmp_path / "data")
    command = [sys.executable, "-m", "app", "import", csv, photos, "--data", str(data)]
    running = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def applied() -> int:
        assert running.poll() is None, running.communicate()
        with (
            suppress(sqlite3.OperationalError),
            closing(sqlite3.connect(f"file:{data}/facegate.db?mode=ro", uri=True)) as db,
        ):
            return int(db.execute("SELECT count(*) FROM employees").fetchone()[0])
        return 0

    try:
        eventually(lambda: applied() > 50, "some rows", seconds=240)
        running.send_signal(signal.SIGKILL)
    finally:
        running.kill()
        running.communicate()
    before = everybody(data)
    assert 50 < len(before) < PEOPLE, "killed in the middle"
    again = app("import", csv, photos, data=data)
    assert again.returncode == 0, again.stderr
    assert "It continues where it stopped" in again.stderr
    assert f"{PEOPLE} rows: {PEOPLE} added, 0 changed, 0 unchanged, 0 refused." in again.stdout
    after = everybody(data)
    assert len(after) == PEOPLE and {number: after[number] for number in before} == before
    assert [after[number][9] for number in ("E-1", "E-2", "E-300", "E-500")] == [2, 0, 1, 1]
    third = app("import", csv, photos, "--dry-run", data=data)
    assert third.returncode == 0 and f"{PEOPLE} would be unchanged" in third.stdout, third.stderr
    assert "Nothing is new" in third.stdout and everybody(data) == after


def test_export_recreates_the_same_people_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "in" / "all").mkdir(parents=True)
    for name in ("obama2", "impostor_1", "biden"):
        (tmp_path / "in" / "all" / f"{name}.jpg").write_bytes(pictures.small(name, 720))
    (tmp_path / "in" / "people.csv").write_text(
        "number,name,email,status,valid_from,valid_until,groups,legal_basis,consent_at,card_number,photos\n"
        "'=1+1,\"O'Hara, Éva\",eva@example.org,inactive,2026-01-01,2030-12-31,"
        "a\\|b|c,consent,2026-02-03,42,obama2.jpg|impostor_1.jpg\n"
        "../E/2,'-Bob,,,,,,,,,biden.jpg\n"
        "e-3,Cay,,,,,,,,,\n"
        "E-3,Dan,,,,,,,,,\n",
        encoding="utf-8",
    )
    first, second, out = begun(tmp_path / "first"), begun(tmp_path / "second"), tmp_path / "out"
    brought = app("import", str(tmp_path / "in" / "people.csv"), str(tmp_path / "in" / "all"), data=first)
    assert brought.returncode == 0 and "4 added" in brought.stdout, brought
    exported = app("export", str(out), data=first)
    assert exported.returncode == 0 and "4 people and 3 photos" in exported.stdout, exported
    assert {path.stat().st_mode & 0o777 for path in out.rglob("*") if path.is_file()} == {0o600}
    assert all(path.is_relative_to(out) for path in tmp_path.rglob("*_1.jpg") if "in" not in path.parts)
    lines = (out / "people.csv").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith("'=1+1,") for line in lines), "no spreadsheet runs it"
    again = app("import", str(out / "people.csv"), str(out / "photos"), data=second)
    assert again.returncode == 0 and "4 added" in again.stdout, again
    assert everybody(first) == everybody(second)
    assert everybody(first)["=1+1"][5] == ("a|b", "c")
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, "out")
    from_zip = app("import", packed, "--dry-run", data=second)
    assert from_zip.returncode == 0 and "4 would be unchanged" in from_zip.stdout, from_zip
    refused = app("export", str(out), data=first)
    assert refused.returncode == 1 and "is not empty" in refused.stderr


def test_command_reports_failed_rows(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("number,name,valid_until\nE-1,Ada,31.13.2027\nE-2,Bob,\n")
    report, data = tmp_path / "report.csv", begun(tmp_path / "data")
    done = app("import", str(tmp_path / "people.csv"), "--report", str(report), "--dry-run", data=data)
    assert done.returncode == 1
    assert "line 2 (E-1) REFUSED: valid_until needs a date such as 2027-12-31" in done.stdout
    assert "1 would be added, 0 would be changed, 0 would be unchanged, 1 would be refused" in done.stdout
    assert report.read_text().splitlines()[1].startswith("2,E-1,refused,0,bad_valid_until")
    wrong = app("import", str(tmp_path / "people.csv"), str(report), data=data)
    assert wrong.returncode == 1 and "not a zip file" in wrong.stderr


def test_one_import_does_not_run_twice_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "people.csv").write_text("number,name\nE-1,Ada\n")
    words, data = ("import", str(tmp_path / "people.csv")), begun(tmp_path / "data")
    run, others = BulkImport.run, list[subprocess.CompletedProcess[str]]()

    def meanwhile(bulk: BulkImport, *given: Any, **more: Any) -> Import:
        if not others:
            others.append(quick(*words, data=data))
            others.append(quick(*words, "--dry-run", data=data))
        return run(bulk, *given, **more)

    monkeypatch.setattr(BulkImport, "run", meanwhile)
    done = quick(*words, data=data)
    second, tried = others
    assert second.returncode == 1 and "is already running" in second.stderr and "cut off" not in second.stderr
    assert tried.returncode == 0 and "1 would be added" in tried.stdout, tried
    assert done.returncode == 0 and "1 rows: 1 added" in done.stdout, done


def test_model_change_ends_the_command_and_a_second_run_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "people.csv").write_text("number,name\nE-1,Ada\n")
    words, data = ("import", str(tmp_path / "people.csv")), begun(tmp_path / "data")

    def switched(*_: Any, **__: Any) -> Import:
        raise Busy("model_changed", "The model was just changed.", 30)

    with monkeypatch.context() as patch:
        patch.setattr(BulkImport, "run", switched)
        for run in (words, (*words, "--dry-run")):
            ended = quick(*run, data=data)
            assert ended.returncode == 1 and "The model was just changed" in ended.stderr, ended
    again = quick(*words, data=data)
    assert again.returncode == 0 and "It continues where it stopped" in again.stderr and "1 added" in again.stdout, (
        again
    )
    office = open_backbone(read_settings(data))
    with office.store.read() as tx:
        states = {job.dry_run: job.state for job in tx.imports.all()}
    office.close()
    assert states == {False: ImportState.DONE, True: ImportState.CANCELLED}


def test_encoding_is_asked_for_and_every_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes("number;name;photos\r\nE-1;Łukasz Żak;pics\\ada.jpg\r\n".encode("cp1250"))
    (tmp_path / "photos/pics").mkdir(parents=True)
    (tmp_path / "photos/pics/ada.jpg").write_bytes(pictures.small("biden", 720))
    (tmp_path / "photos/scan.tiff").write_bytes(b"x")
    (tmp_path / "photos/Thumbs.db").write_bytes(b"x")
    data = begun(tmp_path / "data")
    command = ["import", str(tmp_path / "people.csv"), str(tmp_path / "photos")]
    asked = app(*command, data=data)
    assert asked.returncode != 0 and "--encoding" in asked.stderr and "Łukasz Żak" in asked.stderr
    done = app(*command, "--encoding", "windows-1250", data=data)
    assert done.returncode == 0, done.stdout + done.stderr
    said = " ".join(done.stdout.split())
    assert "1 rows: 1 added" in said and "Read as windows-1250: Łukasz Żak." in said
    assert (
        "1 file was not used (.tiff), such as scan.tiff." in said and "(Thumbs.db, .DS_Store and the like): 1." in said
    )
