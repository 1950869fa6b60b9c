"""Importing in the browser: files are tried, the report is read row by row, applied, and watched as it runs."""

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page, Route, expect

from app.core.imports.reports import HELD
from app.core.people.details import Details
from tests import pictures
from tests.console.service import Service

Open = Callable[..., Page]
Look = Callable[[Page, str], Any]
CSV = "number,name\nI-1,Joe Biden\nI-2,Somebody Else\nI-3,No Photo\nI-4,Twin\nI-5,\n"


@pytest.fixture(autouse=True)
def nobody_of_these(site: Service) -> Iterator[None]:
    """Whatever became of the test before."""
    yield
    for number in ("I-1", "I-2", "I-3"):
        if found := site.system.enrolment.by_number(number):
            site.system.erasure.erase(found.id)
    for job, _ in site.system.import_reports.all():
        if job.state in HELD:
            site.system.imports.cancel(job.id)


def files(folder: Path) -> tuple[str, str]:
    (folder / "people.csv").write_text(CSV)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as photos:
        photos.writestr("I-1.jpg", pictures.small("biden"))
        photos.writestr("I-2/front.jpg", pictures.small("impostor_2"))
        photos.writestr("I-4.jpg", pictures.small("biden", 720))
        photos.writestr("stray.jpg", pictures.empty())
    (folder / "photos.zip").write_bytes(packed.getvalue())
    return str(folder / "people.csv"), str(folder / "photos.zip")


def test_dry_run_report_and_apply(
    site: Service, page_as: Open, look: Look, axe: Callable[[Page], None], tmp_path: Path
) -> None:
    csv, photos = files(tmp_path)
    page = page_as("admin", path="/imports")
    look(page, "imports-none")
    axe(page)
    page.set_input_files("#csv", csv)
    page.set_input_files("#photos", photos)
    page.get_by_role("button", name="Check the files").click()
    expect(page.get_by_text("checked, not applied")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("1 photo belongs to no row of the CSV, such as stray.jpg.")).to_be_visible()
    rows = page.locator("#rows tr")
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text="I-4")).to_contain_text("The same face as in line 2 of the CSV.")
    expect(rows.filter(has_text="I-5")).to_contain_text("name must not be empty")
    look(page, "import-checked")
    axe(page)
    page.get_by_role("button", name="Refused").click()
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="All").click()
    expect(rows).to_have_count(5)
    assert site.system.enrolment.by_number("I-1") is None
    page.get_by_role("button", name="Apply to 3 people").click()
    expect(page.get_by_text("done", exact=True)).to_be_visible(timeout=30_000)
    expect(page.locator('[data-count="added"]')).to_have_text("3")
    page.get_by_role("button", name="Added").click()
    page.get_by_role("link", name="I-1").click()
    expect(page.get_by_role("heading", name="Joe Biden")).to_be_visible()
    page.goto("/imports")
    expect(page.get_by_role("cell", name="done")).to_be_visible()
    look(page, "imports")
    axe(page)
    for number in ("I-1", "I-2", "I-3"):
        assert site.system.enrolment.by_number(number) is not None


def test_late_answer_does_not_replace_a_newer_one(page_as: Open, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("number,name\nI-1,Ada\nI-5,\n")
    page = page_as("admin", path="/imports")
    page.set_input_files("#csv", str(tmp_path / "people.csv"))
    page.get_by_role("button", name="Check the files").click()
    expect(page.get_by_text("checked, not applied")).to_be_visible(timeout=30_000)
    rows = page.locator("#rows tr")
    expect(rows).to_have_count(2)
    held: list[Route] = []
    page.route("**/v1/imports/*all_rows=true*", lambda route: held.append(route))
    page.get_by_role("button", name="All").click()
    page.get_by_role("button", name="Refused").click()
    expect(rows).to_have_count(1)
    with suppress(Error):  # the page gave it up
        held[0].continue_()
    page.wait_for_timeout(500)
    expect(rows).to_have_count(1)


def test_file_of_another_system_is_mapped_on_the_page(
    site: Service, page_as: Open, look: Look, axe: Callable[[Page], None], tmp_path: Path
) -> None:
    """Wide, then narrow: columns with samples and a guess, a question about dates beside its field, and remembered."""
    hr = "Personalnummer;Vorname;Nachname;Abteilung;Austritt\nI-1;Ada;Byron;Lab;01.02.2027\n"
    (tmp_path / "hr.csv").write_text(hr)
    (tmp_path / "book.xlsx").write_bytes(b"PK\x03\x04")
    page = page_as("admin", path="/imports")
    page.set_input_files("#csv", str(tmp_path / "book.xlsx"))
    page.get_by_role("button", name="Check the files").click()
    expect(page.locator("#csv-problem")).to_contain_text("CSV UTF-8")
    page.set_input_files("#csv", str(tmp_path / "hr.csv"))
    page.get_by_role("button", name="Check the files").click()
    page.get_by_role("link", name="Say what the columns mean").click(timeout=60_000)
    expect(page.get_by_label("Vorname Ada")).to_have_value("name")
    expect(page.get_by_label("Nachname Byron")).to_have_value("name:2")
    look(page, "import-columns")
    axe(page)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_label("Abteilung Lab").select_option("number")
    page.get_by_role("button", name="Check with these columns").click()
    expect(page.get_by_text("Another column is this already.")).to_be_visible()
    page.get_by_label("Abteilung Lab").select_option("groups")
    page.get_by_role("button", name="Check with these columns").click()
    expect(page.locator("#dates-problem")).to_contain_text("1 February 2027, or 2 January 2027?")
    page.get_by_label("Day and month in dates").select_option("day_first")
    page.get_by_role("button", name="Check with these columns").press("Enter")
    expect(page.get_by_text("checked, not applied")).to_be_visible(timeout=60_000)
    expect(page.locator('[data-count="unrecognisable"]')).to_have_text("1")
    page.get_by_role("button", name="Cannot be recognised").click()
    expect(page.locator("#rows tr")).to_contain_text("Ada Byron")
    axe(page)
    page.goto("/imports")
    page.set_input_files("#csv", str(tmp_path / "hr.csv"))
    page.get_by_role("button", name="Check the files").click()
    expect(page.get_by_text("mapped these columns on")).to_be_visible(timeout=60_000)


def test_encoding_is_asked_for_and_chosen(site: Service, page_as: Open, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes("number,name\nI-1,Łukasz Żak\n".encode("cp1250"))
    page = page_as("admin", path="/imports")
    page.set_input_files("#csv", str(tmp_path / "people.csv"))
    page.get_by_role("button", name="Check the files").click()
    expect(page.get_by_role("alert")).to_contain_text("windows-1250 reads 'Łukasz Żak'", timeout=30_000)
    expect(page.get_by_text("failed", exact=True)).to_be_visible()
    page.goto("/imports")
    page.set_input_files("#csv", str(tmp_path / "people.csv"))
    page.get_by_label("Encoding of the CSV").select_option("windows-1250")
    page.get_by_role("button", name="Check the files").click()
    expect(page.get_by_text("checked, not applied")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Read as windows-1250: Łukasz Żak.")).to_be_visible()
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("cancelled")).to_be_visible()


def test_progress_is_shown_as_it_happens(
    site: Service, page_as: Open, look: Look, axe: Callable[[Page], None], tmp_path: Path
) -> None:
    """Behind whoever stands at the gates: while every engine is in use, an import waits, and the page says so."""
    csv, photos = files(tmp_path)
    page = page_as("admin", path="/imports")
    page.set_input_files("#csv", csv)
    page.set_input_files("#photos", photos)
    pool = site.system.recognition._pool
    with pool.lease(), pool.lease():
        page.get_by_role("button", name="Check the files").click()
        expect(page.get_by_text("0 of 5 rows")).to_be_visible(timeout=30_000)
        look(page, "import-running")
        axe(page)
    expect(page.get_by_text("checked, not applied")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("cancelled")).to_be_visible()


def test_export_and_import_of_everybody(site: Service, page_as: Open, tmp_path: Path) -> None:
    """One file, as the browser saves it: the page takes it back where the zip goes, without a CSV."""
    made = site.system.enrolment.add(Details("I-1", "Joe Biden"))
    assert site.system.enrolment.add_photos(made.id, [pictures.small("biden", 720)])[0].accepted
    page = page_as("admin", path="/imports")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Export").click()
    assert saved.value.suggested_filename.startswith("facegate-people-")
    saved.value.save_as(tmp_path / "all.zip")
    page.get_by_role("button", name="Check the files").click()
    expect(page.get_by_text("Send the people as a CSV, or as people.csv in the zip")).to_be_visible()
    page.set_input_files("#photos", str(tmp_path / "all.zip"))
    page.get_by_role("button", name="Check the files").click()
    expect(page.get_by_text("checked, not applied")).to_be_visible(timeout=30_000)
    expect(page.locator('[data-count="refused"]')).to_have_text("0")
    people = site.system.people_export.count()
    expect(page.locator('[data-count="unchanged"]')).to_have_text(str(people))
