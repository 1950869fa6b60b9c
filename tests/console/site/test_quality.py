"""An admin chooses how strict the gates are: what it means in strangers and employees is said before it is saved."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page, expect

from app.core.events.histograms import buckets_of
from app.core.people.details import Details
from app.core.types import Reason
from app.wiring import new_id
from tests.console.service import Service
from tests.fakes import decided

Open = Callable[..., Page]


def pass_by(site: Service, count: int) -> None:
    """So many people let in on each of two days, and a third as many faces that nobody knows."""
    gate = site.system.gates.add("lobby-1")
    ada = site.system.enrolment.add(Details("E-1", "Ada Lovelace"))
    now = site.system.clock()
    with site.system.store.write() as tx:
        for number in range(count):
            at = now - timedelta(days=2) + timedelta(days=2) * number / count
            for reason, who, similarity in ((Reason.RECOGNISED, ada, 0.5), (Reason.NOT_RECOGNISED, None, 0.3)):
                if who or number % 3 == 0:
                    answer = decided(gate, new_id(), reason, at, who, similarity=similarity)
                    site.system.log.append(tx, answer, None)
                    tx.histograms.add(buckets_of(answer))


def test_admin_moves_the_slider_and_saves(
    fresh_site: Service, page_as: Open, look: Any, axe: Callable[[Page], None]
) -> None:
    pass_by(fresh_site, 60)
    page, other = (page_as("admin", path="/settings/quality", site=fresh_site) for _ in range(2))
    slider = page.get_by_role("slider")
    expect(slider).to_have_attribute("aria-valuetext", "1 in 1,000")
    expect(page.locator(".step:visible")).to_contain_text("strangers a year")
    expect(page.get_by_text("60 people were recognised, and 20 attempts were not")).to_be_visible()
    look(page, "quality"), axe(page)
    # By keyboard: one stop stricter
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "1 in 3,330")
    expect(page.locator(".step:visible")).to_contain_text("Of the 60 faces that were let in here, none would")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved: 1 in 3,330. It counts from the next decision.")).to_be_visible()
    assert fresh_site.system.false_accept_rate() == 0.0003
    # Somebody who has read the former rate is told, and saves knowingly
    other.get_by_role("slider").focus()
    other.keyboard.press("ArrowLeft")
    other.get_by_role("button", name="Save").click()
    expect(other.locator(".field-problem")).to_contain_text("the rate is 1 in 3,330 now")
    assert fresh_site.system.false_accept_rate() == 0.0003
    page.get_by_role("button", name="Back to 1 in 1,000").click()
    expect(page.get_by_text("Saved: as the service was started.")).to_be_visible()
    assert fresh_site.system.site_settings.get().false_accept_rate is None
    # And every setting is on one page, with its value and its default
    page.goto("/settings/all")
    expect(page.get_by_role("row", name="False-accept rate")).to_contain_text("as started")
    look(page, "all-settings"), axe(page)
