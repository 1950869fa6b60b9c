"""The site's page: its name and its time zone, which move every clock; two admins at once."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from app.core.access.schedules import Hours, Schedule, Window
from app.core.site.settings import SiteSettings
from app.wiring import new_id
from tests.console.service import Service

Open = Callable[..., Page]
SAVED = "Saved. Times on pages are on this clock now."


def test_site_moves_to_another_clock(
    fresh_site: Service, page_as: Open, look: Any, axe: Callable[[Page], None]
) -> None:
    """By keyboard alone. Then a schedule says on which night its window is skipped there."""
    night = Schedule(new_id(), "Half past two", (Window((6,), Hours(120, 60)),))
    with fresh_site.system.store.write() as tx:
        tx.rules.put(night)
    page = page_as("admin", path="/settings/site", site=fresh_site)
    other = page_as("admin", path="/settings/site", site=fresh_site)
    expect(page.get_by_text("There it is")).to_be_visible()
    expect(other.get_by_text("There it is")).to_be_visible()
    zone = page.get_by_label("Time zone")
    zone.fill("Mars/Olympus")
    expect(page.get_by_text("No such time zone.")).to_be_visible()
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator(".field-problem")).to_contain_text("is not a time zone")
    look(page, "site"), axe(page)
    page.get_by_label("Name").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("Berlin works")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("Europe/Berlin")
    expect(page.get_by_text("GMT+0")).to_be_visible()
    page.keyboard.press("Enter")
    confirm(page)
    expect(page.get_by_text(SAVED)).to_be_visible()
    assert fresh_site.system.site_clock.read().zone.key == "Europe/Berlin"
    other.get_by_label("Time zone").fill("Asia/Kathmandu")
    other.get_by_role("button", name="Save").first.click()
    confirm(other)
    expect(other.get_by_role("dialog")).to_contain_text("Somebody else changed this meanwhile")
    expect(other.get_by_role("dialog").get_by_role("row", name="Time zone")).to_contain_text("Europe/Berlin")
    other.get_by_role("button", name="Keep theirs").click()
    expect(other.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    page.goto(f"/access/schedules/{night.id}")
    expect(page.locator("#skipped")).to_contain_text("The window at 02:00 is not open on")
    expect(page.locator("#skipped")).to_contain_text("March 2027: the clock is put forward over it in Europe/Berlin.")


def test_guards_may_do_what_an_admin_says(fresh_site: Service, page_as: Open) -> None:
    first, second = (page_as("admin", path="/settings/site", site=fresh_site) for _ in range(2))
    for page in (first, second):
        expect(page.get_by_text("There it is")).to_be_visible()
    first.get_by_label("Longest temporary grant, in hours").fill("8")
    first.get_by_label("Guards may begin and end a lockdown").check()
    first.get_by_role("form", name="What guards may do").get_by_role("button").click()
    expect(first.get_by_text("Saved. It applies now.")).to_be_visible()
    assert fresh_site.system.site_settings.get().guard_grant_max_hours == 8
    second.get_by_label("Longest temporary grant, in hours").fill("4")
    second.get_by_role("form", name="What guards may do").get_by_role("button").click()
    expect(second.locator(".field-problem")).to_contain_text(
        "Somebody else set this to 8 hours, with lockdowns, meanwhile."
    )
    assert fresh_site.system.site_settings.get().guard_grant_max_hours == 8
    second.get_by_role("form", name="What guards may do").get_by_role("button").click()
    expect(second.get_by_text("Saved. It applies now.")).to_be_visible()
    assert fresh_site.system.site_settings.get() == SiteSettings(4, guards_may_lock_down=False)
    expect(second.get_by_label("Text of consent")).to_have_value("")
    expect(second.get_by_label("Text of consent")).to_have_attribute("placeholder", re.compile("^I agree that {site} "))
    second.get_by_label("Text of consent").fill("At {site} we film you.")
    second.get_by_role("form", name="What people agree to").get_by_role("button").click()
    expect(second.get_by_text("Saved. Whoever opens a link now reads it.")).to_be_visible()
    assert fresh_site.system.site_settings.get().consent_text == "At {site} we film you."
    second.get_by_label("For browsers that ask for none of these").select_option(label="Deutsch")
    second.get_by_role("form", name="Language of the pages").get_by_role("button").click()
    expect(second.get_by_text("Saved. It applies to the next page that is opened.")).to_be_visible()
    assert fresh_site.system.site_settings.get().language == "de"


def confirm(page: Page) -> None:
    """Agrees to what the change does, if the page asks."""
    dialog = page.get_by_role("dialog")
    expect(dialog.or_(page.get_by_text(SAVED))).to_be_visible()
    if dialog.is_visible() and "What this changes" in dialog.inner_text():
        dialog.get_by_role("button", name="Save").click()
