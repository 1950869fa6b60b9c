"""Privacy: the facts of an assessment, and the certificate that follows an erasure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, expect

from app.core.people.certificates import Place, Remains, Searched
from app.core.people.details import Details
from app.core.people.traces import Needles, Term
from app.wiring import System
from tests.console.service import Service

Open = Callable[..., Page]


def test_facts_are_shown_from_what_is_in_force(
    fresh_site: Service, page_as: Open, look: Any, axe: Callable[[Page], None]
) -> None:
    fresh_site.system.enrolment.add(Details("E-1", "Ada Lovelace"))
    page = page_as("admin", path="/settings/privacy", site=fresh_site)
    expect(page.get_by_role("link", name="Privacy")).to_have_attribute("aria-current", "page")
    whose = page.get_by_role("region", name="Whose data")
    expect(whose).to_contain_text("Employees")
    kept = page.get_by_role("region", name="How long it is kept")
    expect(kept).to_contain_text("72 hours; due now: 0; removed so far: 0")
    look(page, "privacy"), axe(page)
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    expect(page.get_by_role("heading", name="Certificates of erasures")).to_be_hidden()
    look(page, "privacy-on-paper")


def test_certificate_follows_an_erasure(
    fresh_site: Service, page_as: Open, look: Any, axe: Callable[[Page], None]
) -> None:
    # Given somebody whom an admin erases on their page
    gone = fresh_site.system.enrolment.add(Details("E-4711", "Augusta Kingsley", email="augusta@example.net"))
    page = page_as("admin", path=f"/employees/{gone.id}", site=fresh_site)
    page.get_by_role("button", name="Erase").click()
    page.get_by_label("Type the number E-4711 to confirm").fill("E-4711")
    page.get_by_role("button", name="Erase permanently").click()
    page.get_by_role("link", name="Certificate", exact=True).click()
    # then the page waits for the search, and shows what it found
    expect(page.get_by_text("The search for what is left is running.")).to_be_visible()
    look(page, "certificate-pending")
    fresh_site.system.certificates.make()
    expect(page.get_by_text("Signed by this site:")).to_be_visible()
    expect(page.get_by_role("region", name="Where was searched")).to_contain_text("nothing left")
    expect(page.get_by_text("Augusta Kingsley")).to_have_count(0)
    look(page, "certificate"), axe(page)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save").click()
    assert saved.value.suggested_filename == "erasure-certificate.json"
    page.emulate_media(media="print")
    look(page, "certificate-on-paper")
    page.emulate_media(media="screen")
    page.get_by_role("link", name="Privacy").click()
    page.get_by_role("link", name="All certificates").click()
    expect(page.get_by_role("row", name="The whole person")).to_be_visible()
    look(page, "certificates"), axe(page)


@dataclass(frozen=True)
class Files:
    """The search of the files, which finds what the test says."""

    found: Callable[[Needles], Searched]
    place: Place = Place.FILES

    def look(self, needles: Needles, rest: Callable[[], None]) -> list[Searched]:
        return [self.found(needles)]


def certified(system: System, number: str, found: Callable[[Needles], Searched]) -> str:
    """Erases somebody, and returns the path of the certificate of a search that found this."""
    gone = system.enrolment.add(Details(number, "Augusta Kingsley"))
    system.erasure.erase(gone.id)
    searches, system.certificates.searches = system.certificates.searches, (Files(found),)
    system.certificates.make()
    system.certificates.searches = searches
    return f"/settings/privacy/certificates/of/{gone.id}"


def test_what_is_left_is_named_by_place(
    fresh_site: Service, page_as: Open, look: Any, axe: Callable[[Page], None]
) -> None:
    def left(needles: Needles) -> Searched:
        remains = tuple(Remains(owner, Term.PHOTO, "export.json", 3) for owner in needles.traces)
        return Searched(Place.FILES, "files", 123_456, remains)

    page = page_as("admin", path=certified(fresh_site.system, "E-4712", left), site=fresh_site)
    expect(page.get_by_role("alert")).to_contain_text("Something is left.")
    expect(page.get_by_role("row", name="export.json")).to_contain_text("Photo")
    look(page, "certificate-with-leftovers"), axe(page)


def test_what_could_not_be_searched_is_named(
    fresh_site: Service, page_as: Open, look: Any, axe: Callable[[Page], None]
) -> None:
    def closed(needles: Needles) -> Searched:
        return Searched(Place.FILES, "files", 123_456, failed=("lost.bin",))

    page = page_as("admin", path=certified(fresh_site.system, "E-4713", closed), site=fresh_site)
    expect(page.get_by_role("alert")).to_contain_text("Not everything could be searched.")
    expect(page.get_by_role("row", name="lost.bin")).to_be_visible()
    expect(page.get_by_role("region", name="Where was searched")).to_contain_text("search incomplete")
    look(page, "certificate-not-all-searched"), axe(page)
