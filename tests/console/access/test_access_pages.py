"""Who may pass, on pages: zones, gates and their modes, who may pass and why, grants and blocks."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from playwright.sync_api import Page, expect

from app.core.events.decision import Identity
from app.core.types import Reason
from app.services.events.orders import ordered
from app.wiring import new_id
from tests.console.access.conftest import LOBBY, SERVERS
from tests.console.browser import NARROW
from tests.console.service import Service

Open = Callable[..., Page]
Look = Callable[[Page, str], Any]
Axe = Callable[[Page], None]


def test_zones_are_nested_and_a_circle_is_refused_beside_its_field(
    building: Service, page_as: Open, look: Look, axe: Axe
) -> None:
    page = page_as("admin", path="/access/zones")
    dialog = page.get_by_role("dialog")
    for name, parent in (("Office", None), ("Lab", "Office")):
        page.get_by_role("button", name="Add a zone").click()
        dialog.get_by_label("Name").fill(name)
        if parent:
            dialog.get_by_label("Inside", exact=True).select_option(label=parent)
        dialog.get_by_role("button", name="Save").click()
        expect(page.get_by_role("button", name=f"Change {name}")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Lab")).to_contain_text("inside Office")
    page.get_by_role("button", name="Change Office").click()
    dialog.get_by_label("Inside", exact=True).select_option(label="Lab")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("inside itself")
    expect(dialog.get_by_label("Inside", exact=True)).to_have_attribute("aria-invalid", "true")
    look(page, "access-circle")
    axe(page)
    page.keyboard.press("Escape")
    look(page, "access-zones")
    axe(page)
    # Dragged to the top again.
    page.locator('[data-name="Lab"]').drag_to(page.locator(".card-head").first)
    expect(page.get_by_text("Lab is now at the top")).to_be_visible()


def test_two_gates_are_a_lane(building: Service, page_as: Open) -> None:
    page = page_as("admin", path="/access/zones", viewport=NARROW)
    page.get_by_role("button", name="Add a lane").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Turnstile")
    for label, gate in (("in", LOBBY), ("out", LOBBY)):
        dialog.get_by_label(f"lets {'people' if label == 'in' else 'them'} {label}").select_option(label=gate)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("two different gates")
    dialog.get_by_label("lets them out").select_option(label=SERVERS)
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name="Turnstile")).to_contain_text(SERVERS)


def test_a_gate_leads_somewhere_and_lets_nobody_in_at_its_hours(
    building: Service, page_as: Open, look: Look, axe: Axe
) -> None:
    page = page_as("admin", path="/gates")
    look(page, "gates")
    axe(page)
    page.get_by_role("link", name=SERVERS).click()
    expect(page.get_by_role("region", name="Who may pass")).to_contain_text("2")
    page.get_by_role("button", name="Add a mode").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Starts with the first of")).to_be_visible()
    dialog.get_by_label("Starts with the first of").select_option(label="Staff")
    dialog.get_by_label("Mode").select_option(label="no entry: nobody gets in")
    expect(dialog.get_by_label("Starts with the first of")).to_be_hidden()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name="no entry")).to_contain_text("always")
    look(page, "gate")
    axe(page)
    assert building.system.rule_questions.explain("A-1", SERVERS).reason == "no_entry"
    page.get_by_role("button", name="Change no entry").click()
    dialog.get_by_role("button", name="Remove …").click()
    expect(page.get_by_text("Normal at all times")).to_be_visible()


def test_people_who_may_pass_are_listed_searched_and_explained(
    building: Service, page_as: Open, look: Look, axe: Axe
) -> None:
    page = page_as("viewer", path=f"/access/who?gate={LOBBY}")
    expect(page.get_by_role("row", name="Ada Lovelace")).to_be_visible()
    look(page, "access-who")
    axe(page)
    page.get_by_label("Name or number").fill("hopper")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row", name="Ada Lovelace")).to_have_count(0)
    with page.expect_download() as saved:
        page.get_by_role("link", name="CSV").click()
    assert saved.value.path().read_text(encoding="utf-8").splitlines()[1].startswith(f"A-2,Grace Hopper,,{LOBBY},")
    page.get_by_role("link", name="Why may Grace Hopper pass?").click()
    answer = page.get_by_role("region", name="Answer")
    expect(answer).to_contain_text("Yes")
    expect(answer).to_contain_text("lets Grace Hopper through")
    expect(page.get_by_text("Who: fits")).to_be_attached()
    look(page, "access-explain")
    axe(page)
    page.get_by_label("Name or number").fill("nobody")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("There is no employee with that id or number.")).to_be_visible()


def test_somebody_is_blocked_and_let_in_again_from_their_page(
    building: Service, page_as: Open, look: Look, axe: Axe
) -> None:
    page = page_as("admin", path=f"/employees/{building.system.enrolment.by_number('A-1').id}")
    gates = page.get_by_role("region", name="Gates that they may pass")
    expect(gates.get_by_role("row", name=LOBBY)).to_contain_text("yes")
    look(page, "employee-access")
    axe(page)
    page.get_by_role("button", name="Block", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Block").click()
    expect(dialog.get_by_role("alert")).to_have_text("Say why.")
    dialog.get_by_label("Reason").fill("Badge lost")
    dialog.get_by_role("button", name="Block").click()
    expect(page.get_by_text("until somebody lifts it: Badge lost")).to_be_visible()
    expect(gates.get_by_role("row", name=LOBBY)).to_contain_text("noBlocked")
    page.get_by_role("link", name=f"Why, at {LOBBY}").click()
    expect(page.get_by_role("region", name="Answer")).to_contain_text(
        "blocked at every gate until somebody lifts the block"
    )
    look(page, "employee-blocked")
    axe(page)
    page.get_by_role("button", name="Lift the block").click()
    expect(gates.get_by_role("row", name=LOBBY)).to_contain_text("yes")


def test_a_grant_is_given_by_keyboard_from_the_persons_page_and_ended_on_the_list(
    building: Service, page_as: Open, look: Look, axe: Axe
) -> None:
    with building.system.store.write() as tx:
        tx.rules.delete(*tx.rules.all().rules)
    page = page_as("admin", path=f"/employees/{building.system.enrolment.by_number('A-2').id}", viewport=NARROW)
    gates = page.get_by_role("region", name="Gates that they may pass")
    row = gates.get_by_role("row").filter(has=page.get_by_role("rowheader", name=LOBBY))
    expect(row).to_contain_text("No rule lets them in here")
    page.get_by_role("button", name="Let in for a while").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_text("Choose a gate, or everywhere.")
    dialog.get_by_role("checkbox", name=LOBBY).focus()
    page.keyboard.press("Space")
    dialog.get_by_label("Reason").focus()
    page.keyboard.type("Meets the auditor")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("yesA temporary grant lets them in")
    look(page, "employee-granted")
    page.goto("/access/grants")
    expect(page.get_by_role("row", name="Grace Hopper")).to_contain_text("Meets the auditor")
    look(page, "access-grants")
    axe(page)
    page.get_by_role("button", name="End the grant for Grace Hopper").click()
    expect(page.get_by_text("No temporary grants")).to_be_visible()
    assert building.system.rule_questions.explain("A-2", LOBBY).reason == "no_rule"


def test_a_guard_lets_a_refused_person_in_for_the_hours_that_the_site_allows(
    building: Service, page_as: Open, look: Look, axe: Axe
) -> None:
    system = building.system
    grace, gate, event_id = system.enrolment.by_number("A-2"), system.gates.get(LOBBY), new_id()
    with system.store.write() as tx:
        tx.rules.delete(*tx.rules.all().rules)
    with system.store.write() as tx:
        refused = ordered(gate, event_id, Reason.NO_RULE, system.clock(), None, None, None)
        system.by_hand.log.append(tx, replace(refused, employee=Identity.of(grace)))  # type: ignore[arg-type]  # she is enrolled
    page = page_as("security", path=f"/activity/{event_id}")
    expect(page.locator("#missing")).to_contain_text("No rule lets Grace Hopper through")
    expect(page.get_by_role("button", name="Let them in for a while")).to_have_count(0)
    system.site_settings.change(lambda before: replace(before, guard_grant_max_hours=8))
    try:
        page.reload()
        page.get_by_role("button", name="Let them in for a while").click()
        dialog = page.get_by_role("dialog", name="Let Grace Hopper in for a while")
        until = dialog.get_by_label("Until")
        allowed = until.input_value()
        until.fill("2099-01-01T08:00")
        dialog.get_by_label("Reason").fill("Her group is new")
        dialog.get_by_role("button", name="Let them in").click()
        expect(dialog.get_by_role("alert")).to_contain_text("8 hours")
        expect(until).to_have_attribute("aria-invalid", "true")
        look(page, "event-grant")
        axe(page)
        until.fill(allowed)
        dialog.get_by_role("button", name="Let them in").click()
        expect(page.get_by_text("The grant applies from now on.")).to_be_visible()
        assert system.rule_questions.explain("A-2", LOBBY).reason == "recognised"
        page.goto("/access/grants")
        expect(page.get_by_role("row", name="Grace Hopper")).to_contain_text("Her group is new")
        expect(page_as("security", path="/access/grants").get_by_role("button", name="End the grant")).to_have_count(0)
        page.get_by_role("button", name="End the grant for Grace Hopper").click()
        expect(page.get_by_text("No temporary grants")).to_be_visible()
        # On the list a guard knows people by their numbers.
        page.get_by_role("button", name="Let somebody in").click()
        page.get_by_label("Employee number").fill("nobody")
        page.get_by_role("checkbox", name=LOBBY).check()
        page.get_by_label("Reason").fill("Again")
        page.get_by_role("button", name="Let them in").click()
        expect(page.locator("#grant").get_by_role("alert")).to_contain_text("There is no employee with that id")
        page.get_by_label("Employee number").fill("A-2")
        page.get_by_role("button", name="Let them in").click()
        expect(page.get_by_role("row", name="Grace Hopper")).to_contain_text("Again")
    finally:
        system.site_settings.change(lambda before: replace(before, guard_grant_max_hours=None))
