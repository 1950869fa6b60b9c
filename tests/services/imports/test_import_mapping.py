"""A file of another system waits for a mapping, is read by it, and the next one with the same header needs none."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from app.adapters.db.tables import import_mappings
from app.core.errors import BadInput, Conflict, NotFound
from app.core.imports.people_columns import ColumnMapping, mapping_of
from app.core.imports.reports import Import, ImportState, RowFilter
from app.core.people.details import Details
from app.services.imports.import_desk import KEPT_TO_APPLY
from tests.fakes import Clock, empty, person, photo
from tests.services.importing import Importing, people, state, upload_key
from tests.services.process import Process

HR = b"Personalnummer;Vorname;Nachname;Abteilung;Austritt\nE-1;Ada;Lovelace;Lab;31.12.2027\nE-2;Bob;Hope;;01.02.2028\n"
MAPPING = mapping_of(
    {
        "columns": {
            "number": "Personalnummer",
            "name": ["Vorname", "Nachname"],
            "groups": "Abteilung",
            "valid_until": "Austritt",
        }
    }
)


@pytest.fixture
def importing(site: Process, tmp_path: Path) -> Importing:
    return Importing(site, tmp_path)


def run(importing: Importing, csv: bytes, *, dry_run: bool = True) -> Import:
    job = importing.upload(csv, b"", dry_run=dry_run)
    assert importing.desk.run_next()
    return importing.reports.get(job.id)[0]


def test_mapping_is_asked_for_used_and_remembered(importing: Importing, site: Process) -> None:
    job = run(importing, HR)
    assert job.state is ImportState.UNMAPPED and job.detail and "'Personalnummer' in line 1 is unknown" in job.detail
    importing.desk.tidy()
    columns = importing.desk.mappings.columns(job.id)
    assert columns.mapping == MAPPING and not columns.own, "the guess"
    assert columns.preview.columns[1].samples == ("Ada", "Bob")
    importing.desk.mappings.map(job.id, MAPPING, "ada")
    assert importing.desk.run_next() and state(importing, job.id) is ImportState.CHECKED
    assert people(site) == []
    importing.desk.apply(job.id)
    assert importing.desk.run_next()
    found = site.enrolment.by_number("E-1")
    assert found is not None and (found.name, found.groups, str(found.valid_until)) == (
        "Ada Lovelace",
        ("Lab",),
        "2027-12-31",
    )
    again = run(importing, HR.replace(b"Hope", b"Hopper"))
    assert again.state is ImportState.CHECKED
    assert again.notices[0].startswith("Read as ada mapped these columns on ")
    assert importing.reports.get(again.id)[1]["changed"] == 1
    assert importing.desk.mappings.columns(again.id).mapping == MAPPING, "and it can be changed"
    other = run(importing, HR.replace(b"Vorname", b"Rufname"))
    assert other.state is ImportState.UNMAPPED, "another header is another question"


def test_import_that_is_no_dry_run_fails_instead_of_asking(importing: Importing) -> None:
    job = run(importing, HR, dry_run=False)
    assert job.state is ImportState.FAILED and job.detail and "or map the columns" in job.detail
    with pytest.raises(Conflict):
        importing.desk.mappings.columns(job.id)


def test_mapping_that_is_sent_with_the_file_is_used(importing: Importing, site: Process) -> None:
    with importing.desk.receive() as arriving:
        arriving.csv.write(HR)
        job = importing.desk.submit(arriving, dry_run=False, actor="tests", mapping=MAPPING)
    assert importing.desk.run_next() and state(importing, job.id) is ImportState.DONE
    assert people(site) == ["E-1", "E-2"]
    assert run(importing, HR).state is ImportState.UNMAPPED, "only what a person chose on the page is remembered"


def test_order_of_dates_is_asked_for_and_remembered_for_our_own_columns(importing: Importing) -> None:
    csv = b"number,name,valid_until\nE-1,Ada,01/02/2027\n"
    job = run(importing, csv)
    assert job.state is ImportState.UNMAPPED and job.detail and "1 February 2027, or 2 January 2027?" in job.detail
    columns = importing.desk.mappings.columns(job.id)
    assert columns.own and columns.mapping == ColumnMapping({})
    with pytest.raises(BadInput) as refused:
        importing.desk.mappings.map(job.id, ColumnMapping({}), "ada")
    assert refused.value.code == "ambiguous_dates" and state(importing, job.id) is ImportState.UNMAPPED
    importing.desk.mappings.map(job.id, mapping_of({"dates": "day_first"}), "ada")
    assert importing.desk.run_next() and state(importing, job.id) is ImportState.CHECKED
    assert run(importing, csv).state is ImportState.CHECKED


def test_unanswered_question_ends_with_its_upload(importing: Importing, site: Process, clock: Clock) -> None:
    job = run(importing, HR)
    clock.now += KEPT_TO_APPLY + timedelta(seconds=1)
    importing.desk.tidy()
    assert state(importing, job.id) is ImportState.CANCELLED and upload_key(site, job.id) is None
    for ask in (importing.desk.mappings.columns, lambda i: importing.desk.mappings.map(i, MAPPING, "ada")):
        with pytest.raises(Conflict) as refused:
            ask(job.id)
        assert refused.value.code == "mapping_not_applicable"
        with pytest.raises(NotFound):
            ask("nothing")


def test_planted_mapping_is_not_used(importing: Importing, site: Process) -> None:
    """A row that acts is sealed: nobody with the database alone maps somebody's last day away."""
    job = run(importing, HR)
    importing.desk.mappings.map(job.id, MAPPING, "ada")
    assert importing.desk.run_next()
    with site.store._engine.begin() as connection:  # as an intruder would
        connection.execute(update(import_mappings).values(actor="eve"))
    assert run(importing, HR).state is ImportState.UNMAPPED


def test_people_whom_no_photo_makes_recognisable_are_counted_apart(importing: Importing) -> None:
    faces = {"E-1.jpg": photo(person(1)), "E-2.jpg": empty(), "E-4.jpg": b"no picture"}
    job = importing.run("number,name\nE-1,Ada\nE-2,Bob\nE-3,Cleo\nE-4,Dan\nE-5,\n", faces)
    counts = importing.reports.get(job.id)[1]
    assert (counts["added"], counts["unrecognisable"], counts["refused"]) == (4, 3, 1)
    rows = {row.number: row for row in importing.reports.rows(job.id, RowFilter(unrecognisable=True))}
    assert [(row.name, row.has_picture) for row in rows.values()] == [("Bob", True), ("Cleo", False), ("Dan", True)]
    assert importing.reports.picture(job.id, rows["E-2"].line) == b"small " + faces["E-2.jpg"]
    for line in (2, rows["E-3"].line, 99):
        with pytest.raises(NotFound):
            importing.reports.picture(job.id, line)
    importing.desk.forget(job.id)
    with pytest.raises(NotFound):
        importing.reports.picture(job.id, rows["E-2"].line)


def test_erasure_removes_the_mapping_whose_titles_name_the_person(importing: Importing, site: Process) -> None:
    site.enrol("E-9", photo(person(3)))
    ada = site.enrolment.add(Details("E-1", "Ada Lovelace"))
    headless = b"E-1;Lovelace;Ada;x\nE-2;Hope;Bob;y\n"
    for csv, said in (
        (HR, MAPPING),
        (headless, mapping_of({"columns": {"number": "E-1", "name": ["Ada", "Lovelace"]}})),
    ):
        importing.desk.mappings.map(run(importing, csv).id, said, "ada")
        assert importing.desk.run_next()
    assert run(importing, headless).state is ImportState.CHECKED
    site.erasure.erase(ada.id)
    assert run(importing, headless).state is ImportState.UNMAPPED
    assert run(importing, HR).state is ImportState.CHECKED, "which names nobody"
    with site.store.write() as tx:
        tx.import_mappings.forget(None)
    assert run(importing, HR).state is ImportState.UNMAPPED
    with site.store.read() as tx:
        assert list(tx.seals.flaws()) == []


def test_long_mapping_is_remembered_whole(importing: Importing) -> None:
    titles = [str(n) + "\U0001f600" * 190 for n in range(10)]
    csv = f"{';'.join(titles)}\nE-1{';' * 9}\n".encode()
    groups = {"groups": titles[2:7], "name": titles[1], "number": titles[0], "photos": titles[7:]}
    job = run(importing, csv)
    importing.desk.mappings.map(job.id, mapping_of({"columns": groups}), "ada")
    assert importing.desk.run_next()
    assert run(importing, csv).state is ImportState.CHECKED
