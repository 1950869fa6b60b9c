"""The page of retention: what is due is counted, and an admin changes a period by keyboard."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.console.service import Service

Open = Callable[..., Page]


def test_admin_shortens_a_period(fresh_site: Service, page_as: Open, look: Any, axe: Callable[[Page], None]) -> None:
    page = page_as("admin", path="/settings/retention", site=fresh_site)
    expect(page.get_by_role("row", name="Audit trail").locator("[data-due]")).to_have_text("0")
    pictures = page.get_by_label("Pictures of unknown people")
    expect(pictures).to_have_value("72")
    expect(page.get_by_label("Passages with names")).to_have_value("90")
    pictures.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("24")
    expect(page.locator("#unsaved")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved. What is older now goes within ten minutes.")).to_be_visible()
    expect(page.get_by_text("usually 72 hours")).to_be_visible()
    assert fresh_site.system.site_settings.get().kept_hours == {"stranger_pictures": 24}
    look(page, "retention"), axe(page)
    page.get_by_role("button", name="Fill in the usual times").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("usually 72 hours")).to_have_count(0)
    assert fresh_site.system.site_settings.get().kept_hours == {}
