"""Unknown faces in the browser: turned on, named with one press, and known at the gate from then on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from app.core.people.details import Details
from app.services.access.access import Approach
from tests import pictures
from tests.console.browser import Tabs
from tests.console.service import Service

GATE = "lobby"


def test_an_unknown_face_is_named_with_one_press(
    tmp_path: Path, browser: Browser, look: Callable[[Page, str], Any], axe: Callable[[Page], None]
) -> None:
    with Service.running(tmp_path / "data", max_frame_age_ms=60_000) as site:
        site.system.gates.add(GATE)

        def decide(width: int) -> str:
            approach = Approach(GATE, (pictures.small("biden", width),), received_at=site.system.clock())
            return str(site.system.access.decide(approach).reason)

        person = site.system.enrolment.add(Details("U-1", "Joe Biden"))
        assert [decide(640), decide(600)] == ["not_recognised"] * 2
        tabs = Tabs(site, browser)
        page = tabs.open("admin", path="/employees/unknown")
        look(page, "unknown-off"), axe(page)
        page.get_by_role("button", name="Turn on").click()
        group = page.get_by_role("form", name="Unknown person 1")
        expect(group.get_by_text("2 attempts")).to_be_visible()
        group.get_by_label("Somebody else").fill("biden joe")
        look(page, "unknown-faces"), axe(page)
        group.get_by_role("button", name="Joe Biden").click()
        expect(page.get_by_text("2 photos were added, and 2 attempts name them now.")).to_be_visible()
        assert decide(620) == "recognised"
        assert len(site.system.enrolment.photos(person.id)) == 2
        page.get_by_role("button", name="Turn off").click()
        expect(page.get_by_role("button", name="Turn on")).to_be_visible()
        tabs.close()
