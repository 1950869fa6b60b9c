"""Whatever zone a reader's browser is in, scripts and server show the same times, on the clock of the gate."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests import pictures
from tests.console.service import Service

Open = Callable[..., Page]
HERE, FAR = "times-here", "times-far"


@pytest.fixture
def moved(site: Service) -> Iterator[Service]:
    """A site in Berlin with one gate there and one in Kathmandu, until the test ends."""
    store = site.system.store
    for name in (HERE, FAR):
        site.system.gates.add(name)
    with store.write() as tx:
        found = tx.rules.all()
        (before,) = found.sites
        far = next(place for place in found.gates if place.name == FAR)
        tx.rules.put(replace(before, time_zone="Europe/Berlin"), replace(far, time_zone="Asia/Kathmandu"))
    yield site
    with store.write() as tx:
        tx.rules.put(before, far)


def nobody_came(site: Service, gate: str) -> datetime:
    headers = {**site.key("gate", gate), "Content-Type": "image/jpeg"}
    address = f"{site.url}/v1/gates/{gate}/decisions"
    answer: dict[str, Any] = httpx.post(
        address, headers=headers, content=pictures.empty(), trust_env=False, timeout=30
    ).json()
    return datetime.fromisoformat(answer["at"])


def test_live_and_the_log_show_the_gates_time_in_any_browser(moved: Service, page_as: Open) -> None:
    here = nobody_came(moved, HERE).astimezone(ZoneInfo("Europe/Berlin"))
    far = nobody_came(moved, FAR).astimezone(ZoneInfo("Asia/Kathmandu"))
    page = page_as("viewer", path="/live", timezone_id="America/New_York")
    expect(page.get_by_text("Times are in Europe/Berlin unless they name another zone.")).to_have_count(1)
    for gate, at, zone in ((HERE, here, ""), (FAR, far, " Asia/Kathmandu")):
        shown = f"{at:%Y-%m-%d %H:%M:%S}{zone}"
        expect(page.get_by_role("region", name=gate, exact=True).locator("time").first).to_have_text(shown)
        page_of_gate = page_as("viewer", path=f"/activity?gate={gate}", timezone_id="America/New_York")
        expect(page_of_gate.locator("a.log-row time").first).to_have_text(shown)
        later = f"{at.astimezone(ZoneInfo('Europe/Berlin')) + timedelta(seconds=1):%Y-%m-%d %H:%M:%S} - now"
        page_of_gate.get_by_label("When").fill(later)
        page_of_gate.get_by_role("button", name="Show", exact=True).click()
        expect(page_of_gate.get_by_text("No events")).to_be_visible()
        expect(page_of_gate.get_by_label("When")).to_have_value(later)
