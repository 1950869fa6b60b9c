"""An admin adds a gate, sets how it behaves, learns of somebody else's change, and removes it again."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from app.core.approach.tries import Region
from app.services.cameras.camera_list import Address
from app.services.gates.gate_settings import GateUpdate
from tests.console.service import Service

Open = Callable[..., Page]
Look = Callable[[Page, str], Any]
Axe = Callable[[Page], None]
GATE = "page-gate"


def test_a_gate_from_its_first_name_to_its_removal(site: Service, page_as: Open, look: Look, axe: Axe) -> None:
    system = site.system
    page = page_as("admin", path="/gates")
    page.get_by_role("link", name="Add a gate").first.click()
    look(page, "gate-new"), axe(page)
    page.get_by_label("Name of the gate").fill("no good name")
    page.get_by_role("button", name="Add the gate").click()
    expect(page.get_by_text("A gate's name has 1 to 64 letters")).to_be_visible()
    page.get_by_label("Name of the gate").fill(GATE)
    page.get_by_label("Leads to").fill("Page room")
    page.get_by_role("button", name="Add the gate").click()
    expect(page.get_by_role("heading", name=GATE)).to_be_visible()
    expect(page.get_by_text("no hardware: nothing opens")).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="Page room")).to_be_visible()

    page.get_by_label("Kind of hardware").select_option("osdp")
    page.get_by_label("Serial line").fill("/dev/ttyUSB7")
    page.get_by_label("Key (SCBK)").fill("too short")
    page.get_by_role("button", name="Save and check the line").click()
    expect(page.get_by_text("Must be 32 hex digits")).to_be_visible()
    look(page, "gate"), axe(page)
    assert system.gates.get(GATE).driver == "dry_run", "nothing was stored"

    page.reload()
    page.get_by_label("Opens for, in seconds").fill("2.5")
    system.gate_settings.change(GATE, GateUpdate(door_held_after_ms=60_000))
    behaviour = page.get_by_role("form", name="How it behaves")
    behaviour.get_by_role("button", name="Save").click()
    theirs = page.get_by_role("dialog", name="Somebody else changed this meanwhile")
    expect(theirs.get_by_role("row", name="Door held after")).to_contain_text("60 s")
    theirs.get_by_role("button", name="Save mine").click()
    expect(page.get_by_text("Saved. It applies from the next decision.")).to_be_visible()
    assert (system.gates.get(GATE).unlock_ms, system.gates.get(GATE).door_held_after_ms) == (2500, 15_000)

    page.reload()
    expect(page.get_by_text("Saved.")).to_have_count(0)
    page.get_by_label("Kind of hardware").select_option("plain")
    hardware = page.get_by_role("region", name="Hardware")
    hardware.get_by_role("button", name="Save", exact=True).click()
    expect(hardware.get_by_role("button", name="Done")).to_be_visible()
    page.get_by_label("Opens for, in seconds").fill("3")
    behaviour.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. It applies from the next decision.")).to_be_visible()
    assert system.gates.get(GATE).unlock_ms == 3000, "one's own change of the hardware is nobody else's"

    system.cameras.add("page-cam", GATE, Address("rtsp://10.0.5.7/1"), Region())
    page.reload()
    page.get_by_role("button", name="Remove the gate").click()
    expect(
        page.get_by_role("dialog", name=f"{GATE} is still used").get_by_role("link", name="page-cam")
    ).to_be_visible()
    system.cameras.delete("page-cam")
    page.reload()
    page.get_by_role("button", name="Remove the gate").click()
    page.get_by_role("dialog", name=f"Remove {GATE}?").get_by_role("button", name="Remove", exact=True).click()
    expect(page).to_have_url(f"{site.url}/gates")
    assert GATE not in {gate.name for gate in system.gates.all()}
