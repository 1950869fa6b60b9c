"""The list of people in the browser: searched, sorted, read on by scrolling; and many changed at once."""

import csv
from collections.abc import Callable
from typing import Any, cast

from playwright.sync_api import Page, Route, expect

from app.core.people.details import Details
from tests import pictures
from tests.bench.ground import populate
from tests.console.browser import NARROW
from tests.console.service import Service
from tests.waiting import eventually

Open = Callable[..., Page]
Look = Callable[[Page, str], Any]
Axe = Callable[[Page], None]


def links_are_saved(site: Service, page: Page) -> None:
    """For those who are selected; and what was made before a request failed."""
    page.get_by_label("Select Suspended soon").check()
    page.get_by_role("button", name="Links to enrol").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Make and save").click()
    head, line = csv.reader(saved.value.path().read_text("utf-8-sig").splitlines())
    assert head == ["number", "name", "email", "link", "ends_at"]
    assert line[:3] == ["Z-2", "Suspended soon", ""]
    token = line[3].partition("token=")[2]
    assert site.system.self_enrolment.open(token)[1].number == "Z-2"
    page.get_by_label("Select Suspended soon").uncheck()
    asked: list[int] = []

    def answer(route: Route) -> None:
        asked.append(len(cast(Any, route.request.post_data_json)["employees"]))
        made = {"number": "Z-2", "name": "'=1+1", "email": None, "link": "https://here", "ends_at": "tomorrow"}
        fault = {"error": "too_busy", "detail": "Try again."}
        status, body = (201, {"items": [made]}) if len(asked) == 1 else (503, fault)
        route.fulfill(status=status, json=body)

    page.route("**/v1/invitations", answer)
    with page.expect_download() as saved:
        page.evaluate(
            "async (at) => (await import(at)).saveLinks(Array.from({length: 501}, (_, i) => String(i)))",
            f"{site.url}/static/people/invitations/links.js",
        )
    assert asked == [500, 1]
    assert "\"''=1+1\"" in saved.value.path().read_text("utf-8-sig"), "plain or escaped, a spreadsheet runs no cell"
    expect(page.get_by_text("Links for 1 of 501 people were made.")).to_be_visible()
    page.unroute("**/v1/invitations")
    for close in page.locator("#messages").get_by_role("button", name="Close").all()[::-1]:
        close.click()


def test_list_of_people(fresh_site: Service, page_as: Open, look: Look, axe: Axe) -> None:
    """Found by words in any order, sorted, read on by scrolling; then many are changed at once, and erased."""
    populate(fresh_site.system, 300)
    enrolment = fresh_site.system.enrolment
    person = enrolment.add(Details("Z-1", "Éva Sørensen")).id
    assert enrolment.add_photos(person, [pictures.small("obama2", 720)])[0].accepted
    enrolment.add(Details("Z-2", "Suspended soon"))
    page = page_as("admin", path="/employees", site=fresh_site)
    expect(page.get_by_text("302 people")).to_be_visible()
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Added", exact=True).check()
    expect(page.get_by_role("columnheader", name="Added")).to_be_visible()
    page.keyboard.press("Escape")
    page.mouse.wheel(0, 10_000)
    expect(page.locator("tbody tr")).to_have_count(100)
    page.get_by_label("Search").press_sequentially("sor eva")
    expect(page.locator("tbody tr")).to_have_count(1)
    face = page.locator("tbody img.avatar")
    eventually(lambda: face.evaluate("image => image.naturalWidth > 0"), "the face in the list")
    expect(page).to_have_url(f"{fresh_site.url}/employees?q=sor+eva")
    page.get_by_role("button", name="No photos").click()
    expect(page.get_by_text("0 of 302 people")).to_be_visible()
    page.get_by_label("Search").fill("")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("Search").fill("nobody at all")
    expect(page.get_by_text("No matches")).to_be_visible()
    look(page, "employees-nobody")
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_label("Search").fill("")
    page.get_by_role("link", name="Number").click()
    expect(page.locator("tbody tr").first).to_contain_text("R-000000")
    page.get_by_role("link", name="Number").click()
    expect(page.locator("tbody tr").first).to_contain_text("Z-2")
    page.get_by_label("Select everybody shown").check()
    page.get_by_role("button", name="Select all 302 that match").click()
    expect(page.get_by_text("302 people selected")).to_be_visible()
    look(page, "employees")
    axe(page)
    page.get_by_role("button", name="Clear").click()
    links_are_saved(fresh_site, page)
    # Two of three are as they were chosen.
    page.get_by_label("Search").fill("random 298")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("Select Random 298").check()
    page.get_by_label("Search").fill("Z-")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_label("Select everybody shown").check()
    enrolment.update(person, lambda e: Details(e.number, "Éva Larsen"))
    page.get_by_role("button", name="Erase").click()
    page.set_viewport_size(NARROW)
    page.get_by_role("button", name="Erase permanently").click()
    expect(page.get_by_role("alert")).to_contain_text("Type “erase 3”")
    page.get_by_label("to confirm").fill("erase 3")
    look(page, "employees-erase")
    axe(page)
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 done, 1 not.")).to_be_visible()
    expect(page.locator("#bulk-problems")).to_contain_text("Éva Sørensen (Z-1) Somebody changed this person meanwhile")
    look(page, "employees-report")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert enrolment.by_number("Z-2") is None
    page.get_by_role("link", name="Éva Larsen").click()
    expect(page).to_have_url(f"{fresh_site.url}/employees/{person}")
