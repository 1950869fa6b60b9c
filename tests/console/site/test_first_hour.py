"""The first hour: from the set-up link to a passing person in one browser, without a shell, in a few presses.

A press is a click, Enter, or a choice in the browser's own file dialog; typing is none.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from app.core.events.records import EventFilter
from app.core.gates.commands import CommandOutcome
from app.core.recognition.liveness import LivenessMode
from app.core.types import Reason, Role
from app.services.gates.gate_settings import GateUpdate
from app.services.site.first_hour import FIRST_KEY
from tests import pictures
from tests.adapters.gates.relays.devices import PASSWORD as RELAY_PASSWORD
from tests.adapters.gates.relays.devices import USER as RELAY_USER
from tests.adapters.gates.relays.devices import Served, ShellyGen2
from tests.console.service import PASSWORD, Service
from tests.e2e.cameras import JACINDA, Film, NetworkCamera

Open = Callable[..., Page]
Look = Callable[[Page, str], Any]
Axe = Callable[[Page], None]
MOST_PRESSES = 25
# What a busy machine needs to open a gate, or to see somebody walk up.
SLOW_MS = 60_000
PEOPLE = (("Jacinda Ardern", "E-1", JACINDA), ("Barack Obama", "E-2", "obama2"), ("Joe Biden", "E-3", "biden"))


class Presses:
    """Counts what a hand does."""

    def __init__(self) -> None:
        self.count = 0

    def click(self, what: Locator) -> None:
        self.count += 1
        what.click()

    def choose(self, what: Locator, value: str) -> None:
        """Opens a list and picks an entry."""
        self.count += 2
        what.select_option(value)

    def file(self, what: Locator, path: Path) -> None:
        """Opens the browser's dialog, picks a file, confirms."""
        self.count += 3
        what.set_input_files(path)


@pytest.fixture
def relay() -> Iterator[Served]:
    served = Served(ShellyGen2(guarded=True))
    yield served
    served.close()


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[NetworkCamera]:
    """Shows somebody who walks up, again and again."""
    camera = NetworkCamera(Film.shot(tmp_path))
    yield camera
    camera.unplug()


@pytest.fixture
def new_site(tmp_path: Path) -> Iterator[Service]:
    """A first start: it drives gates and watches cameras, and nobody has set it up."""
    with Service.running(tmp_path / "data", watches=True, workers=1, camera_networks="127.0.0.0/8") as service:
        yield service


def step(page: Page, title: str) -> Locator:
    return page.locator(".step").filter(has=page.get_by_text(title, exact=True))


def test_from_the_set_up_link_to_a_passing_person(
    new_site: Service, page_as: Open, look: Look, axe: Axe, relay: Served, camera: NetworkCamera, tmp_path: Path
) -> None:
    system, hand = new_site.system, Presses()
    system.keys.create(Role.ADMIN, name=FIRST_KEY)  # as the first start prints it
    page = page_as(path=f"/setup?token={system.accounts.users.setup()}", site=new_site)
    page.set_default_timeout(SLOW_MS)
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Repeat the password").fill(PASSWORD)
    hand.click(page.get_by_role("button", name="Create the admin"))
    assert system.first_hour.key() is None, "the first start's key is revoked"

    page.get_by_label("Name of the site").fill("Wellington")
    page.get_by_label("Time zone").fill("Pacific/Auckland")
    hand.click(step(page, "Name the site").get_by_role("button", name="Save"))

    page.get_by_label("Name of the gate").fill("lobby-1")
    page.get_by_label("Leads to").fill("Lobby")
    hand.click(page.get_by_role("button", name="Add the gate"))

    hardware = step(page, "Connect its hardware")
    hand.choose(hardware.get_by_label("Kind of hardware"), "http-shelly-gen2")
    hardware.get_by_role("textbox", name="Address").fill(relay.url)
    hardware.get_by_label("User name").fill(RELAY_USER)
    hardware.get_by_label("Password").fill(RELAY_PASSWORD)
    hand.click(hardware.get_by_role("button", name="Save and open once"))
    expect(hardware.get_by_text("Sent: the relay answered 200 in")).to_be_visible(timeout=SLOW_MS)
    assert relay.device.coil.switched.count(True) == 1, "it opened once"
    look(page, "first-hour-hardware")
    axe(page)
    hand.click(hardware.get_by_role("button", name="Continue"))

    hand.click(page.get_by_role("link", name="Add a camera at lobby-1"))
    page.get_by_label("Name", exact=True).fill("lobby-cam")
    page.get_by_label("Address").fill(camera.url)
    hand.click(page.get_by_role("button", name="Add the camera"))
    expect(page).to_have_url(re.compile(r"/cameras/(?!new)\w+$"), timeout=SLOW_MS)
    hand.click(page.get_by_role("link", name="Facegate"))

    # The film shows photos, which a gate with the networks for liveness would refuse.
    system.gate_settings.change("lobby-1", GateUpdate(liveness=LivenessMode.MONITOR))
    for name, number, portrait in PEOPLE:
        photo = tmp_path / f"{number}.jpg"
        photo.write_bytes(pictures.small(portrait, 720))
        people = step(page, "Add three people")
        people.get_by_label("Name of the person").fill(name)
        people.get_by_label("Number").fill(number)
        hand.file(people.get_by_label("Photos"), photo)
        hand.click(people.get_by_role("button", name="Add the person"))
        expect(page.get_by_text(f"{name} can be recognised at every gate.")).to_be_visible(timeout=SLOW_MS)

    expect(page.get_by_role("heading", name="Everything is set up")).to_be_visible(timeout=SLOW_MS)
    print(f"from the set-up link to a passing person: {hand.count} presses")  # noqa: T201  a figure of the README
    assert hand.count <= MOST_PRESSES
    (first, *_) = [one for one in system.events.find(EventFilter(reason=Reason.RECOGNISED)) if one.decision is not None]
    assert first.decision is not None and first.decision.employee is not None
    assert first.decision.employee.name == "Jacinda Ardern"
    assert first.gate_report is not None and first.gate_report.outcome is CommandOutcome.SENT
    look(page, "first-hour-finished")
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_text("Everything is set up")).to_have_count(0)
    expect(page.get_by_role("heading", name="Today")).to_be_visible(timeout=SLOW_MS)  # last: a loading page is empty
    look(page, "today")
    axe(page)
