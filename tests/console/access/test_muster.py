"""The muster page: on a phone, on two devices at once, on paper, and when gates are released."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from app.core.access.passages.presence import Presence
from app.core.access.rules import GatePlace, Zone
from app.core.site.mode import SiteMode
from tests.console.browser import Shots
from tests.console.service import Service

Open = Callable[..., Page]
HALL, LAB = "01MUSTERHALL", "01MUSTERLAB"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def inside(building: Service) -> Iterator[Service]:
    """Ada is in the hall, Grace in the lab inside it; and one unknown person. Gates have places there."""
    system = building.system
    with system.store.write() as tx:
        first, second, *_ = tx.rules.all().gates
        people = {one.number: one.id for number in ("A-1", "A-2") if (one := tx.employees.by_number(number))}
        now = system.clock()
        tx.rules.put(Zone(HALL, "Hall", first.site_id), Zone(LAB, "Laboratory", first.site_id, HALL))
        tx.rules.put(GatePlace(first.id, first.name, first.site_id, None, HALL))
        tx.rules.put(GatePlace(second.id, second.name, second.site_id, HALL, LAB))
        tx.presences.set_unknown(HALL, 1, now)
        tx.presences.put(Presence(people["A-1"], HALL, now - timedelta(hours=2), first.id, "an event"))
        tx.presences.put(Presence(people["A-2"], LAB, now - timedelta(minutes=5), second.id, "an event"))
    yield building
    system.site.set_mode(SiteMode.NORMAL)
    with system.store.write() as tx:
        muster = tx.musters.newest()
        if muster is not None:
            tx.musters.end(muster.id, system.clock(), "the test")
        tx.presences.remove(people.values())


def seen(page: Page, name: str) -> str | None:
    return page.locator(f'[data-name="{name}"] [data-tick]').get_attribute("aria-pressed")


def test_two_guards_tick_people_off_on_their_phones(
    inside: Service, page_as: Open, look: Shots, axe: Callable[[Page], None]
) -> None:
    one = page_as("security", path="/muster", viewport=PHONE)
    expect(one.get_by_role("heading", name="Laboratory")).to_be_visible()
    expect(one.locator(".muster-count")).to_have_text("2 inside")
    expect(one.get_by_text("1 unknown person").first).to_be_visible()
    one.get_by_role("button", name="Begin a roll call").click()
    expect(one.get_by_text("The roll call has begun.")).to_be_visible()
    other = page_as("security", path="/muster", viewport=PHONE)
    one.locator('[data-name="Ada Lovelace"] [data-tick]').click()
    expect(one.locator("[data-missing]")).to_have_text("1")
    expect(other.locator("[data-missing]")).to_have_text("1")
    assert seen(other, "Ada Lovelace") == "true"
    other.get_by_label("Only who is missing").check()
    expect(other.locator('[data-name="Ada Lovelace"]')).to_be_hidden()
    other.locator('[data-name="Grace Hopper"] [data-tick]').click()
    expect(one.locator("[data-missing]")).to_have_text("0")
    look(one, "muster")
    axe(one)
    other.get_by_role("button", name="End the roll call").click()
    expect(one.get_by_text("No roll call is running.")).to_be_visible()


def test_correction_takes_somebody_off_the_list_with_a_reason(inside: Service, page_as: Open, look: Shots) -> None:
    page = page_as("security", path="/muster")
    page.get_by_role("button", name="Correct where Ada Lovelace is").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Say why")).to_be_visible()
    look(page, "muster-correction")
    dialog.get_by_label("Reason").fill("left by the fire exit")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator('[data-name="Ada Lovelace"]')).to_have_count(0)
    page.get_by_role("button", name="Correct the unknown people in Hall").click()
    dialog.get_by_label("Unknown people").fill("0")
    dialog.get_by_label("Reason").fill("it was a delivery")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator(".muster-row.unknown")).to_have_count(0)


def test_release_opens_the_muster_by_itself(inside: Service, page_as: Open, look: Shots) -> None:
    live = page_as("security", path="/live")
    form = page_as("admin", path="/gates")
    inside.system.site.set_mode(SiteMode.RELEASE, comment="smoke in the lab")
    live.wait_for_url("**/muster", timeout=20_000)
    expect(live.get_by_text("Begun by the emergency release")).to_be_visible()
    expect(form.get_by_role("link", name="Who is inside")).to_be_visible(timeout=20_000)
    assert form.url.endswith("/gates"), "whoever fills a form is not taken away from it"
    live.emulate_media(media="print")
    expect(live.get_by_role("button", name="Print")).to_be_hidden()
    expect(live.locator(".box").first).to_be_visible()
    look(live, "muster-printed")


def test_viewer_sees_the_list_and_ticks_nobody(inside: Service, page_as: Open) -> None:
    page = page_as("viewer", path="/muster")
    expect(page.locator('[data-name="Ada Lovelace"]')).to_be_visible()
    assert page.locator("[data-tick], [data-correct], [data-begins]").count() == 0


def test_zone_says_what_it_asks_of_those_who_enter(inside: Service, page_as: Open, look: Shots) -> None:
    page = page_as("admin", path="/access/zones")
    page.get_by_role("button", name="Change Hall").click()
    dialog = page.locator('dialog[data-entry="zones"]')
    expect(dialog.get_by_label("Forgiven after hours")).to_have_value("12")
    dialog.get_by_label("enters again").select_option("timed")
    dialog.get_by_label("Minutes, if for some minutes").fill("30")
    dialog.get_by_label("At most so many people").fill("60")
    dialog.get_by_label("Groups that are not asked").select_option(label="Staff")
    look(page, "zone-asks")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("at most 60")).to_be_visible()
    with inside.system.store.read() as tx:
        (hall,) = (zone for zone in tx.rules.all().zones if zone.id == HALL)
    assert (hall.policy.timed_min, hall.policy.limit, len(hall.policy.exempt_groups)) == (30, 60, 1)
