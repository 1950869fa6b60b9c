"""A person gets a badge in the browser: by number, or by presenting it at a gate's reader; and it is taken back."""

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
