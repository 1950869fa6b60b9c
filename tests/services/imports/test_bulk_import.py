"""A file of people, taken in row by row: the same checks as one by one, resumable, and the same twice is nothing."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.errors import NotRecorded
from app.core.imports.reports import ImportState, RowFilter, RowOutcome
from app.core.people.records import EmployeeFilter
from app.core.types import FrameResult, QualityProblem, Reason
from app.services.people.enrolment import MAX_PHOTOS
from app.services.people.erasure import Erasure
from tests.fakes import empty, like, look, person, photo
from tests.services.importing import Importing
from tests.services.process import OF_A_PHONE, Process

pytestmark = pytest.mark.one_database

HEAD = "number,name\n"
THREE = HEAD + "E-1,Ada\nE-2,Bob\nE-3,Cay\n"
FACES = {f"E-{n}.jpg": photo(person(n)) for n in (1, 2, 3)}


@pytest.fixture
def importing(site: Process, tmp_path: Path) -> Importing:
    return Importing(site, tmp_path)


def everybody(site: Process) -> dict[str, int]:
    return {employee.number: employee.photos for employee in site.enrolment.find(EmployeeFilter())}


def test_imported_people_are_recognised(importing: Importing, site: Process) -> None:
    done = importing.run(THREE, {**FACES, "E-1_2.jpg": photo(like(1, 0.9)), "stray.jpg": b"x"})
    assert (done.state, done.rows, done.photos, done.done, done.done_photos) == (ImportState.DONE, 3, 4, 3, 4)
    assert done.counts == {"added": 3, "changed": 0, "unchanged": 0, "refused": 0, "problems": 0, "unrecognisable": 0}
    assert done.notices == ("1 photo belongs to no row of the CSV, such as stray.jpg.",)
    assert everybody(site) == {"E-1": 2, "E-2": 1, "E-3": 1}
    assert site.sees(2) == "recognised"


def test_row_may_name_its_photo_by_a_windows_path(importing: Importing, site: Process) -> None:
    done = importing.run("number,name,photos\nE-1,Ada,pics\\Ada.jpg\n", {"pics/ada.jpg": FACES["E-1.jpg"]})
    assert done.counts is not None and done.counts["problems"] == 0 and everybody(site) == {"E-1": 1}


def test_photo_not_named_by_its_row_is_reported(importing: Importing) -> None:
    csv = "number,name,photos\nE-1,Ada,a.jpg\n42,Bob,\n"
    done = importing.run(csv, {"a.jpg": FACES["E-1.jpg"], "E-1.jpg": FACES["E-2.jpg"], "0042.jpg": FACES["E-3.jpg"]})
    assert done.notices == (
        "2 photos belong to no row of the CSV, such as E-1.jpg, 0042.jpg.",
        "0042.jpg may be 42's: spreadsheets take the zeros from a number; format it as text.",
    )


def test_dry_run_gives_the_same_report_and_changes_nothing(importing: Importing, site: Process) -> None:
    photos = {
        **FACES,
        "E-2_2.jpg": empty(Reason.POOR_QUALITY, QualityProblem.BLURRED),
        "E-4.jpg": photo(like(1, 0.95)),
        "E-5.jpg": None,
        "E-6.jpg": b"no picture",
        "E-7.jpg": photo(person(9)),
    }
    csv = THREE + "E-4,Dan\nE-5,Eve\nE-6,Fay\nE-7,Gil,too many\nE-8,\n"
    site.enrol("E-9", photo(person(3)))
    tried = importing.run(csv, photos, dry_run=True)
    assert tried.state is ImportState.CHECKED and everybody(site) == {"E-9": 1}
    done = importing.run(csv, photos)
    expected = {
        "E-1": [],
        "E-2": ["blurred"],
        "E-3": ["already_enrolled_as"],
        "E-4": ["duplicate_face"],
        "E-5": ["bad_zip_entry", "no_photos"],
        "E-6": ["not_an_image"],
        "E-7": ["wrong_cell_count"],
        "E-8": ["bad_name"],
    }
    assert importing.problems(tried) == expected
    assert importing.problems(done) == {**expected, "E-4": ["already_enrolled_as"]}
    assert importing.outcomes(tried) == importing.outcomes(done)
    assert {n for n, outcome in importing.outcomes(done).items() if outcome == "refused"} == {
        "E-3",
        "E-4",
        "E-7",
        "E-8",
    }
    assert everybody(site) == {"E-1": 1, "E-2": 1, "E-5": 0, "E-6": 0, "E-9": 1}
    details = {row.number: [p.detail for p in row.problems] for row in importing.rows(done)}
    assert details["E-3"] == ["This person is enrolled already, under another number: E-9."]
    assert details["E-4"] == ["This person is enrolled already, under another number: E-1."]
    assert {row.number: [p.detail for p in row.problems] for row in importing.rows(tried)}["E-4"] == [
        "The same face as in line 2 of the CSV."
    ]


def test_repeated_import_changes_nothing(importing: Importing, site: Process) -> None:
    photos = {**FACES, "E-1_2.jpg": photo(like(1, 0.9)), "E-3_2.jpg": photo(person(8))}
    csv = THREE.replace("name\n", "name,valid_until,groups\n").replace("Ada\n", "Ada,2027-12-31,a|b\n")
    csv = csv.replace("Bob\n", "Bob,,\n").replace("Cay\n", "Cay,2027-01-01,\n")
    first = importing.run(csv, photos)
    assert first.counts is not None and first.counts["added"] == 3
    with site.store.read() as tx:
        revision = tx.templates.revision()
    again = importing.run(csv, photos)
    assert again.counts is not None and again.counts["unchanged"] == 3
    with site.store.read() as tx:
        assert tx.templates.revision() == revision


def test_converted_photos_are_recognised_as_repeats(importing: Importing, site: Process) -> None:
    of_a_phone = {name: OF_A_PHONE + data for name, data in FACES.items()}
    first = importing.run(THREE, of_a_phone)
    assert first.counts is not None and first.counts["added"] == 3
    for photos in (of_a_phone, FACES):
        again = importing.run(THREE, photos)
        assert again.counts is not None and again.counts["unchanged"] == 3


def test_later_file_changes_only_its_columns(importing: Importing, site: Process) -> None:
    importing.run(THREE, FACES)
    photos = {**FACES, "E-2_2.jpg": photo(like(2, 0.9)), "E-3_2.jpg": photo(person(7))}
    done = importing.run(THREE.replace("Ada", "Ada Lovelace"), photos)
    assert importing.outcomes(done) == {"E-1": "changed", "E-2": "changed", "E-3": "unchanged"}
    assert importing.problems(done)["E-3"] == ["not_same_person"]
    assert everybody(site) == {"E-1": 1, "E-2": 2, "E-3": 1}


def test_row_names_its_photos(importing: Importing, site: Process) -> None:
    csv = "number,name,photos\nE-1,Ada,x.jpg|faces/y.jpg|gone.jpg\nE-2,Bob,\n"
    done = importing.run(
        csv, {"x.jpg": photo(person(1)), "faces/y.jpg": photo(like(1, 0.9)), "E-2.jpg": photo(person(2))}
    )
    assert importing.problems(done) == {"E-1": ["missing_photo"], "E-2": []}
    assert everybody(site) == {"E-1": 2, "E-2": 1} and not done.notices


def test_more_photos_than_are_kept(importing: Importing, site: Process) -> None:
    photos = {f"E-1_{n}.jpg": photo(like(1, 0.95), note=str(n)) for n in range(MAX_PHOTOS + 2)}
    done = importing.run(HEAD + "E-1,Ada\n", photos)
    assert importing.problems(done) == {"E-1": ["too_many_photos"] * 2} and everybody(site) == {"E-1": MAX_PHOTOS}
    assert importing.outcomes(importing.run(HEAD + "E-1,Ada\n", photos)) == {"E-1": "unchanged"}


def test_card_of_another_person_is_refused(importing: Importing, site: Process) -> None:
    importing.run("number,name,card_number\nE-1,Ada,42\n")
    for dry_run in (True, False):
        done = importing.run("number,name,card_number\nE-2,Bob,42\n", dry_run=dry_run)
        assert importing.problems(done) == {"E-2": ["card_taken"]} and list(everybody(site)) == ["E-1"]


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.both_databases
def test_interrupted_import_resumes(importing: Importing, site: Process, after: int) -> None:
    looked: list[bytes] = []

    def counting(data: bytes) -> FrameResult:
        looked.append(data)
        return look(data)

    asked = iter(range(10))
    cut = importing.run(THREE, FACES, stop=lambda: next(asked) >= after)
    assert (cut.state, cut.done) == (ImportState.RUNNING, after) and len(everybody(site)) == after
    later = Importing(site, importing.uploads._folder.parent, counting)
    done = later.run(THREE, FACES, again=cut)
    assert (done.state, done.done, done.done_photos, done.done_before) == (ImportState.DONE, 3, 3, after)
    assert len(looked) == 3 - after, "what was applied is not looked at again"
    assert importing.outcomes(done) == {"E-1": "added", "E-2": "added", "E-3": "added"}


def test_cancelled_import_keeps_what_it_applied(importing: Importing, site: Process) -> None:
    job = importing.desk.open("tests", dry_run=False)
    asked = iter(range(10))

    def cancel() -> bool:
        if next(asked) == 1:
            importing.desk.cancel(job.id)
        return False

    done = importing.run(THREE, FACES, again=job, stop=cancel)
    assert done.state is ImportState.CANCELLED and done.ended_at is not None
    assert done.counts is not None and done.counts["added"] == done.done == len(everybody(site)) == 1


def test_erasure_removes_the_person_from_reports(importing: Importing, site: Process) -> None:
    photos = {**FACES, "E-4.jpg": photo(like(1, 0.95))}
    done = importing.run(THREE + "E-4,Dan\n", photos)
    ada = site.enrolment.by_number("E-1")
    assert ada is not None
    erasure: Erasure = site.erasure
    erasure.erase(ada.id)
    assert importing.outcomes(done) == {"E-2": "added", "E-3": "added", "E-4": "refused"}
    assert [p.detail for p in importing.rows(done)[-1].problems] == [
        "This person is enrolled already, under another number, erased since."
    ]


def test_reports_are_sealed(importing: Importing, site: Process) -> None:
    done = importing.run(HEAD + "E-77,Ada\n", {"E-77.jpg": empty()})
    with site.store.read() as tx:
        (row,) = tx.imports.rows(done.id, RowFilter())
    assert b"E-77" not in row.sealed
    importing.desk.forget(done.id)
    assert importing.rows(done) == [] and importing.reports.get(done.id)[1]["added"] == 1


@pytest.mark.both_databases
def test_busy_database_is_retried(importing: Importing, site: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    real, faults = site.enrolment.keep, iter([NotRecorded("locked"), NotRecorded("locked")])

    def keep(*given: object) -> object:
        for fault in faults:
            raise fault
        return real(*given)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(type(site.enrolment), "keep", lambda self, *given: keep(*given))
    done = importing.run(THREE, FACES)
    assert done.counts is not None and done.counts["added"] == 3


@pytest.mark.both_databases
def test_photos_are_examined_by_all_workers(site: Process, tmp_path: Path) -> None:
    together = threading.Barrier(2, timeout=30)
    entered: list[Callable[[], object]] = []

    def slow(data: bytes) -> FrameResult:
        together.wait()
        return look(data)

    done = Importing(site, tmp_path, slow).run(HEAD + "E-1,Ada\nE-2,Bob\n", FACES)
    assert done.counts is not None and done.counts[RowOutcome.ADDED.value] == 2 and not entered
