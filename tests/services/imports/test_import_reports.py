"""Reports on the rows of an import: sealed, by page, as CSV that no spreadsheet runs, and gone with their people."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.core.errors import NotFound
from app.core.imports.reports import ImportState, RowFilter, RowOutcome
from app.services.imports import import_reports
from app.services.imports.import_reports import ReportRemover, is_over
from tests.fakes import Clock, person, photo
from tests.services.importing import Importing
from tests.services.process import Process

pytestmark = pytest.mark.one_database

PEOPLE = "number,name\nE-1,Ada\n=E-2,Bob\nE-3,\n"


@pytest.fixture
def importing(site: Process, tmp_path: Path) -> Importing:
    return Importing(site, tmp_path)


def test_rows_come_by_line_by_outcome_and_by_page(importing: Importing) -> None:
    faces = {f"E-{n}.jpg": photo(person(n)) for n in (1, 3)}
    job = importing.run("number,name\nE-1,Ada\nE-2,\nE-3,Cleo\n", faces)
    found, counts = importing.reports.get(job.id)
    assert found.state is ImportState.DONE
    assert (counts["added"], counts["refused"], counts["problems"]) == (2, 1, 1)
    assert [row.number for row in importing.reports.rows(job.id, RowFilter())] == ["E-1", "E-2", "E-3"]
    assert [row.number for row in importing.reports.rows(job.id, RowFilter(RowOutcome.REFUSED))] == ["E-2"]
    assert [row.number for row in importing.reports.rows(job.id, RowFilter(problems=True))] == ["E-2"]
    first = importing.reports.rows(job.id, RowFilter(limit=1))
    assert [row.number for row in importing.reports.rows(job.id, RowFilter(after=first[0].line))] == ["E-2", "E-3"]
    assert [one.id for one, _ in importing.reports.all()] == [job.id]


def test_an_unknown_import_is_not_found(importing: Importing) -> None:
    for ask in (importing.reports.get, lambda job: importing.reports.rows(job, RowFilter())):
        with pytest.raises(NotFound) as refused:
            ask("nothing")
        assert refused.value.code == "unknown_import"


def test_the_table_has_every_row_over_many_pages_and_a_line_for_each_problem(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_reports, "PAGE", 2)
    rows = "".join(f"E-{n},Person {n},\n" for n in range(1, 6))
    job = importing.run(f"number,name,photos\n{rows}E-6,Zoe,gone.jpg\n")
    header, *lines = importing.reports.table(job.id)
    assert header == ["line", "number", "outcome", "photos", "problem", "photo", "detail", "name", "recognisable"]
    assert [line[1] for line in lines[:5]] == [f"E-{n}" for n in range(1, 6)]
    assert all(line[1] == "E-6" for line in lines[5:])
    assert len(list(importing.reports.every(job.id))) == 6


def test_no_cell_of_the_table_is_a_formula(importing: Importing) -> None:
    job = importing.run(PEOPLE)
    cells = [cell for line in importing.reports.table(job.id) for cell in line]
    assert cells and not any(cell.startswith(("=", "+", "@", "\t")) for cell in cells)


def test_a_duplicate_names_whose_face_it_is_until_they_are_erased(importing: Importing, site: Process) -> None:
    bob = site.enrol("E-2", photo(person(1)))
    job = importing.run("number,name\nE-9,Robert\n", {"E-9.jpg": photo(person(1))})
    (row,) = importing.rows(job)
    (problem,) = [problem for problem in row.problems if problem.other]
    assert "E-2" in problem.detail
    site.erasure.erase(bob.id)
    told = [problem.detail for row in importing.rows(job) for problem in row.problems]
    assert not any("E-2" in detail for detail in told)


def test_without_its_key_an_import_has_no_rows_and_no_notes(importing: Importing, site: Process) -> None:
    job = importing.run(PEOPLE)
    with site.store.write() as tx:
        tx.data_keys.destroy(job.id)
    assert importing.rows(job) == [] and list(importing.reports.every(job.id)) == []
    found, counts = importing.reports.get(job.id)
    assert found.id == job.id and sum(counts.values()) > 0


def test_reports_end_after_thirty_days_and_with_the_next_erasure(
    importing: Importing, site: Process, clock: Clock
) -> None:
    job, _ = importing.reports.get(importing.run(PEOPLE).id)
    checked, _ = importing.reports.get(importing.run(PEOPLE, dry_run=True).id)
    assert job.ended_at is not None and not is_over(job, None)
    assert is_over(job, job.created_at) and not is_over(checked, clock()), "one waits to be applied"
    remover = ReportRemover(vault=site.vault)
    for removed, rows in ((False, True), (True, False)):
        with site.store.write() as tx:
            before = job.ended_at + timedelta(milliseconds=removed)
            assert set(remover.find(tx, before, None, 9).ids) >= ({job.id} if removed else set())
            assert remover.remove(tx, [job.id, checked.id], before) == removed
        assert bool(importing.rows(job)) is rows
    assert importing.rows(checked) and importing.reports.get(job.id)[1]["added"] == 1
