"""Rules on pages: the diff before one is saved, two admins at once, and who may pass where at a glance."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.console.access.conftest import LOBBY
from tests.console.browser import NARROW
from tests.console.service import Service

Open = Callable[..., Page]
Look = Callable[[Page, str], Any]
Axe = Callable[[Page], None]


def test_a_rule_is_narrowed_and_the_diff_names_whom_it_takes_off(
    building: Service, page_as: Open, look: Look, axe: Axe
) -> None:
    page = page_as("admin", path="/access/rules")
    expect(page.get_by_role("listitem").filter(has_text="Everybody · everywhere · always")).to_be_visible()
    look(page, "access-rules")
    axe(page)
    page.get_by_role("link", name="Everybody, everywhere, always").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Everybody, everywhere, always")
    page.get_by_label("Groups and people").check()
    page.get_by_role("checkbox", name="Staff").check()
    expect(page.locator("#preview")).to_have_text("Staff · everywhere · always")
    look(page, "access-rule")
    axe(page)
    page.get_by_role("button", name="Save …").click()
    dialog = page.get_by_role("dialog", name="What this changes")
    expect(dialog).to_contain_text("This takes")
    dialog.get_by_text(LOBBY).click()
    expect(dialog.get_by_role("link", name="Grace Hopper").first).to_be_visible()
    expect(dialog.get_by_role("link", name="Ada Lovelace")).to_have_count(0)
    look(page, "access-diff")
    axe(page)
    dialog.get_by_role("button", name="Back").click()
    with building.system.store.read() as tx:
        assert tx.rules.all().rules[0].who.everybody, "nothing is saved before the diff is agreed to"
    page.get_by_role("button", name="Save …").click()
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("listitem").filter(has_text="Staff · everywhere · always")).to_be_visible()
    ada, grace = (building.system.rule_questions.explain(number, LOBBY) for number in ("A-1", "A-2"))
    assert (ada.reason, grace.reason) == ("recognised", "no_rule")


def test_rule_is_written_by_keyboard_with_errors_beside_their_fields(building: Service, page_as: Open) -> None:
    page = page_as("admin", path="/access/rules/new", viewport=NARROW)
    name = page.get_by_label("Name", exact=True)
    name.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Give the rule a name")).to_be_visible()
    expect(name).to_be_focused()
    expect(name).to_have_attribute("aria-invalid", "true")
    page.keyboard.type("Night watch")
    page.get_by_label("Everybody").focus()
    page.keyboard.press("ArrowDown")
    search = page.get_by_label("Search people by name or number")
    search.focus()
    page.keyboard.type("Hopper")
    expect(page.get_by_role("button", name="Add Grace Hopper (A-2)")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Chosen people")).to_contain_text("Grace Hopper")
    page.get_by_label("Hours").focus()
    page.keyboard.type("Friday")
    page.get_by_label("Valid until").fill("2027-12-31")
    page.get_by_label("Valid from").fill("2028-01-01")
    page.get_by_role("button", name="Save …").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="valid_until is before valid_from")).to_be_visible()
    page.get_by_label("Valid from").fill("2026-01-01")
    page.get_by_role("button", name="Save …").focus()
    page.keyboard.press("Enter")
    # Everybody may pass anyway, so nothing changes for anybody and nothing is asked.
    expect(page.get_by_role("listitem").filter(has_text="Night watch")).to_contain_text(
        "Grace Hopper · everywhere · Friday nights, from 2026-01-01 until 2027-12-31"
    )


def test_the_second_of_two_admins_sees_the_first_ones_change_beside_their_own(
    building: Service, page_as: Open, look: Look, axe: Axe
) -> None:
    first, second = (page_as("admin", path="/access/rules") for _ in range(2))
    for page in (first, second):
        page.get_by_role("link", name="Everybody, everywhere, always").click()
        expect(page.get_by_label("Name", exact=True)).to_have_value("Everybody, everywhere, always")
    first.locator("#note").fill("Since the move")
    first.get_by_role("button", name="Save …").click()
    expect(first.get_by_text("Saved.")).to_be_visible()
    second.locator("#note").fill("Until the audit")
    second.get_by_role("button", name="Save …").click()
    dialog = second.get_by_role("dialog", name="Somebody else changed this meanwhile")
    row = dialog.get_by_role("row", name="Note")
    expect(row).to_contain_text("Since the move")
    expect(row).to_contain_text("Until the audit")
    look(second, "access-conflict")
    axe(second)
    dialog.get_by_role("button", name="Back").click()
    expect(second.locator("#note")).to_have_value("Until the audit")
    second.get_by_role("button", name="Save …").click()
    dialog.get_by_role("button", name="Save mine").click()
    expect(second.get_by_text("Until the audit")).to_be_visible()


def test_removing_the_last_rule_says_that_nobody_is_left(building: Service, page_as: Open, look: Look) -> None:
    page = page_as("admin", path="/access/rules")
    page.get_by_role("link", name="Everybody, everywhere, always").click()
    page.get_by_role("button", name="Remove …").click()
    dialog = page.get_by_role("dialog", name="What this changes")
    expect(dialog).to_contain_text("nobody is left for")
    look(page, "access-remove")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="Remove …").click()
    dialog.get_by_role("button", name="Remove the rule").click()
    expect(page.get_by_text("Nobody may pass anywhere until you add one.")).to_be_visible()


def test_the_matrix_shows_where_groups_may_pass(building: Service, page_as: Open, look: Look, axe: Axe) -> None:
    page = page_as("admin", path="/access/rules/matrix")
    expect(page.get_by_role("row", name="Staff")).to_contain_text("always")
    look(page, "access-matrix")
    axe(page)
