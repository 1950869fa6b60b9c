"""Groups in the browser: members found while one types, added, removed; renamed by two at once; kept while used."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from app.core.access.rules import Group, Rule, Who
from app.services.access.rules.rule_changes import EVERYBODY
from app.wiring import new_id
from tests.bench.ground import populate
from tests.console.service import Service
from tests.waiting import pass_time

Open = Callable[..., Page]
Axe = Callable[[Page], None]


@pytest.fixture
def group(site: Service) -> Group:
    made = Group(new_id(), f"Group {new_id()[-6:]}")
    with site.system.store.write() as tx:
        tx.rules.put(made)
    return made


def groups_of(site: Service, person: str) -> tuple[str, ...]:
    return site.system.enrolment.get(person).groups


def test_group_is_added_and_filled_with_the_mouse(
    site: Service, page_as: Open, look: Any, axe: Axe, person: str
) -> None:
    page = page_as("admin", path="/access/groups")
    page.get_by_role("button", name="Add a group").click()
    page.get_by_label("Name").fill("Cleaners")
    page.get_by_label("Description").fill("Evenings")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="Cleaners")).to_be_visible()
    expect(page.get_by_text("Nobody is in this group yet.")).to_be_visible()
    name = site.system.enrolment.get(person).name
    page.get_by_label("Search everybody").fill(name[:12])
    page.get_by_role("button", name=f"Add {name}").click()
    expect(page.get_by_role("list", name="Members").get_by_text(name)).to_be_visible()
    expect(page.locator("#count")).to_have_text("1 person")
    assert groups_of(site, person) == ("Cleaners",)
    look(page, "group"), axe(page)
    page.get_by_role("button", name=f"Remove {name}").click()
    expect(page.locator("#count")).to_have_text("0 people")
    assert groups_of(site, person) == ()
    page.goto("/access/groups")
    expect(page.get_by_role("row", name="Cleaners")).to_contain_text("no rule names it")
    look(page, "groups"), axe(page)


def test_group_is_filled_by_keyboard_alone(site: Service, page_as: Open, group: Group, person: str) -> None:
    page = page_as("admin", path=f"/access/groups/{group.id}")
    expect(page.locator("#count")).to_have_text("0 people")
    page.get_by_label("Search everybody").focus()
    page.keyboard.type(site.system.enrolment.get(person).number)
    expect(page.get_by_role("list", name="People found").get_by_role("button")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_have_text("1 person")
    assert groups_of(site, person) == (group.name,)


def test_members_are_paged_and_searched(fresh_site: Service, page_as: Open) -> None:
    populate(fresh_site.system, 120)
    with fresh_site.system.store.write() as tx:
        group = Group(new_id(), "Crowd")
        tx.rules.put(group)
        people = tx.employees.find(EVERYBODY)
    fresh_site.system.group_members.change(group.id, [one.id for one in people], [])
    page = page_as("admin", path=f"/access/groups/{group.id}", site=fresh_site)
    members = page.get_by_role("list", name="Members").get_by_role("listitem")
    expect(members).to_have_count(50)
    page.get_by_role("button", name="Show more").click()
    expect(members).to_have_count(100)
    page.get_by_role("button", name="Show more").click()
    expect(members).to_have_count(120)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    page.get_by_label("Search the members").fill(people[60].number)
    expect(members).to_have_count(1)
    expect(page.locator("#count")).to_have_text("120 people")


def test_group_is_renamed_by_two_admins_at_once(site: Service, page_as: Open, group: Group, person: str) -> None:
    site.system.group_members.change(group.id, [person], [])
    first, second = (page_as("admin", path=f"/access/groups/{group.id}") for _ in range(2))
    for page in (first, second):
        expect(page.locator("#count")).to_have_text("1 person")
        page.get_by_role("button", name="Rename", exact=True).click()
    first.get_by_role("textbox", name="Name").fill(f"{group.name} one")
    first.get_by_role("button", name="Save").click()
    expect(first.get_by_role("heading", name=f"{group.name} one")).to_be_visible()
    second.get_by_role("textbox", name="Name").fill(f"{group.name} two")
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_role("dialog")).to_contain_text(f'renamed it to "{group.name} one"')
    second.get_by_role("button", name="Use mine").click()
    expect(second.get_by_role("heading", name=f"{group.name} two")).to_be_visible()
    assert groups_of(site, person) == (f"{group.name} two",)


def test_name_that_is_taken_is_said_beside_it(page_as: Open, group: Group) -> None:
    page = page_as("admin", path="/access/groups")
    page.get_by_role("button", name="Add a group").click()
    page.get_by_label("Name").fill(group.name)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".field-problem")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_attribute("aria-invalid", "true")


def test_group_in_use_is_not_deleted_and_names_its_rules(
    site: Service, page_as: Open, look: Any, axe: Axe, group: Group, only_rule: Callable[..., Rule]
) -> None:
    rule = only_rule(Who(groups=frozenset({group.id})))
    page = page_as("admin", path=f"/access/groups/{group.id}")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog").get_by_role("link", name=rule.name)).to_be_visible()
    look(page, "group-in-use"), axe(page)
    with site.system.store.read() as tx:
        assert group in tx.rules.all().groups


def test_what_is_pressed_before_the_group_was_read_is_not_lost(page_as: Open, group: Group) -> None:
    page = page_as("admin")

    def late(route: Route) -> None:
        answer = route.fetch()
        pass_time(0.5)
        route.fulfill(response=answer)

    page.route(f"**/v1/groups/{group.id}", late)
    page.goto(f"/access/groups/{group.id}", wait_until="commit")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog", name=f"Delete {group.name}?")).to_be_visible()
    page.unroute_all(behavior="wait")


def test_groups_are_chosen_on_the_form_of_a_person(
    site: Service, page_as: Open, look: Any, axe: Axe, group: Group
) -> None:
    page = page_as("admin", path="/employees/new")
    page.get_by_label("Name", exact=True).fill("Joan Clarke")
    page.get_by_label("Number", exact=True).fill(number := f"P1-{new_id()[-8:]}")
    page.get_by_label("Groups", exact=True).focus()
    page.keyboard.type(group.name.upper())
    page.keyboard.press("Enter")  # adds the group, and does not send the form
    page.keyboard.type("Brand new")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    chosen = page.get_by_role("list", name="Chosen", exact=True).get_by_role("listitem")
    expect(chosen).to_have_count(2)
    expect(chosen.nth(0)).not_to_contain_text("new")
    expect(chosen.nth(1)).to_contain_text("new")
    look(page, "person-groups"), axe(page)
    page.keyboard.type("Third, Fourth")
    page.get_by_role("button", name="Add and go to photos").click()
    expect(page.get_by_role("heading", name="Joan Clarke", exact=True)).to_be_visible()
    person = page.url.rpartition("/")[2]
    try:
        assert groups_of(site, person) == (group.name, "Brand new", "Third", "Fourth")
        page.get_by_role("button", name="Edit").click()
        page.get_by_role("button", name="Remove the group Third").click()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved. It applies at every gate now.")).to_be_visible()
        assert groups_of(site, person) == (group.name, "Brand new", "Fourth")
        assert site.system.enrolment.get(person).number == number
    finally:
        site.system.erasure.erase(person)
