"""An admin asks who changed a gate, and follows one person's changes, on a screen and on a phone."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from app.core.people.details import Details
from tests.console.browser import NARROW
from tests.console.service import Service

Open = Callable[..., Page]
Look = Callable[[Page, str], Any]
Axe = Callable[[Page], None]


def test_admin_sees_who_changed_what(site: Service, page_as: Open, look: Look, axe: Axe) -> None:
    site.system.gates.add("trail-gate")
    employee = site.system.enrolment.add(Details(number="T-1", name="Tara Trail"))
    page = page_as("admin", path="/gates/trail-gate")
    page.get_by_label("Opens for, in seconds").fill("2.5")
    page.get_by_role("form", name="How it behaves").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. It applies from the next decision.")).to_be_visible()
    page.goto(f"/employees/{employee.id}")
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Name", exact=True).fill("Tara Path")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Tara Path")).to_be_visible()

    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Audit trail").click()
    change = page.get_by_role("row").filter(has_text="trail-gate")
    expect(change.first).to_contain_text("unlock_ms 5000 → 2500")
    expect(change.first).to_contain_text("127.0.0.1")
    renamed = page.get_by_role("row").filter(has_text="Tara Path").first
    expect(renamed).to_contain_text("name not kept here")
    look(page, "audit-trail"), axe(page)
    page.get_by_label("What").select_option(label="Person")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("row").filter(has_text="trail-gate")).to_have_count(0)
    expect(page.get_by_role("row").filter(has_text="Tara Path").first).to_be_visible()

    page.goto(f"/employees/{employee.id}")
    page.get_by_role("link", name="Who changed this").click()
    expect(page.get_by_text("Only about Tara Path")).to_be_visible()
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    with page.expect_download() as saved:
        page.get_by_role("link", name="CSV").click()
    text = saved.value.path().read_text("utf-8")
    assert "person" in text and "unlock_ms" not in text and "Tara" not in text
