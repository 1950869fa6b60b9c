"""A person gets a badge in the browser: by number, or by presenting it at a gate's reader; and it is taken back."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from app.core.credentials.formats import CardFormat
from app.core.people.details import Details
from app.services.gates.gate_settings import GateUpdate
from tests.console.service import Service

Open = Callable[..., Page]
Look = Callable[[Page, str], Any]
Axe = Callable[[Page], None]
GATE = "badge-gate"


@pytest.fixture
def person(site: Service) -> Iterator[str]:
    system = site.system
    if GATE not in {gate.name for gate in system.gates.all()}:
        system.gates.add(GATE)
    system.gate_settings.change(GATE, GateUpdate(badge_format=CardFormat.H10301))
    # Before any page in the test's arguments, so that pages are closed when the person is erased.
    made = system.enrolment.add(Details(number="BP-1", name="Bea Badge")).id
    yield made
    system.erasure.erase(made)


def test_badge_is_typed_previewed_given_and_taken_back(
    site: Service, person: str, page_as: Open, look: Look, axe: Axe
) -> None:
    page = page_as("admin", path=f"/employees/{person}")
    expect(page.get_by_text("No gate can recognise Bea Badge")).to_be_visible()
    page.get_by_role("button", name="Add a badge").click()
    dialog = page.get_by_role("dialog", name="A badge for Bea Badge")
    dialog.get_by_label("Number").fill("4711")
    expect(dialog.get_by_text("a facility code comes before the number")).to_be_visible()
    dialog.get_by_label("Number").fill("12-54711")
    expect(dialog.get_by_text("26 bits, number 12-54711")).to_be_visible()
    look(page, "badge"), axe(page)
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("The badge was added.")).to_be_visible()
    expect(page.get_by_text("Badge ending 4711")).to_be_visible()
    expect(page.get_by_text("Bea Badge passes by badge.")).to_be_visible()
    look(page, "badges"), axe(page)
    page.wait_for_load_state()
    page.get_by_role("button", name="Take back badge 4711").click()
    expect(page.get_by_text("No badge.")).to_be_visible()
    assert site.system.credentials.of(person) == []


def test_badge_is_presented_at_a_reader(site: Service, person: str, page_as: Open) -> None:
    key = site.key("gate", GATE)
    page = page_as("admin", path=f"/employees/{person}")
    page.wait_for_load_state()
    page.get_by_role("button", name="Add a badge").click()
    dialog = page.get_by_role("dialog", name="A badge for Bea Badge")
    dialog.get_by_label("Present it at").select_option(label=GATE)
    expect(dialog.get_by_text("Waiting for a badge that nobody has")).to_be_visible()
    report = {"state": "closed", "badge": {"bits": 26, "hex": "860933C0"}}
    assert httpx.post(f"{site.url}/v1/gates/{GATE}/heartbeat", headers=key, json=report).status_code == 204
    expect(dialog.get_by_label("Number")).to_have_value("26:860933C0")
    expect(dialog.get_by_text("26 bits, number 12-4711")).to_be_visible()
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Badge ending 4711")).to_be_visible()
    decided = httpx.post(f"{site.url}/v1/gates/{GATE}/decisions", headers=key, json={"credential": "12-4711"})
    assert decided.json()["reason"] == "credential_accepted"


def test_reader_at_the_keyboard_types_a_badge_and_nothing_is_added_unseen(
    site: Service, person: str, page_as: Open, look: Look
) -> None:
    page = page_as("admin", path=f"/employees/{person}")
    page.wait_for_load_state()
    page.get_by_role("button", name="Add a badge").click()
    dialog = page.get_by_role("dialog", name="A badge for Bea Badge")
    dialog.get_by_label("Present it at").select_option(label="this computer: a reader types hex")
    expect(dialog.get_by_label("Number")).to_be_focused()
    for digits in ("DEADBEEF\n", "04A1B2C3\n"):  # the second takes the place of the first
        page.keyboard.type(digits)
    expect(dialog.get_by_text("32 bits, number 77705923")).to_be_visible()
    expect(dialog.get_by_text("Check it, then add it.")).to_be_visible()
    assert site.system.credentials.of(person) == []
    look(page, "badge at the keyboard")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Badge ending 5923")).to_be_visible()


def test_pin_is_issued_shown_once_and_taken_back(
    site: Service, person: str, page_as: Open, look: Look, axe: Axe
) -> None:
    page = page_as("admin", path=f"/employees/{person}")
    page.wait_for_load_state()
    expect(page.get_by_text("No PIN.")).to_be_visible()
    page.get_by_role("button", name="Issue a PIN").click()
    dialog = page.get_by_role("dialog", name="A PIN for Bea Badge")
    dialog.get_by_role("button", name="Issue", exact=True).click()
    expect(dialog.locator("output")).to_have_text(re.compile(r"^\d{3} \d{3}$"))
    look(page, "pin"), axe(page)
    digits = dialog.locator("output").inner_text()
    dialog.get_by_role("button", name="Done").click()
    expect(page.get_by_text("The PIN was issued.")).to_be_visible()
    assert digits not in page.content()
    page.wait_for_load_state()
    page.get_by_role("button", name="Add a duress PIN").click()
    page.get_by_role("dialog", name="A duress PIN for Bea Badge").get_by_role("button", name="Issue").click()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("button", name="Take back the duress PIN")).to_be_visible()
    look(page, "pins"), axe(page)
    page.wait_for_load_state()
    page.get_by_role("button", name="Take back the PIN").click()
    expect(page.get_by_text("No PIN.")).to_be_visible()
