"""An admin adds somebody and hands out a link; they choose a password in a browser of their own, and lose it again."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.console.service import PASSWORD, Service

Open = Callable[..., Page]
Look = Callable[[Page, str], Any]
Axe = Callable[[Page], None]


def test_from_the_first_link_to_a_colleague(fresh_site: Service, page_as: Open, look: Look, axe: Axe) -> None:
    """Given a new service, the first admin sets it up, adds a guard, and takes the right away again."""
    token = fresh_site.system.accounts.users.setup()
    admin = page_as(path=f"/setup?token={token}", site=fresh_site)
    look(admin, "setup")
    axe(admin)
    admin.get_by_label("Your name").fill("Ada")
    admin.get_by_label("Password", exact=True).fill(PASSWORD)
    admin.get_by_label("Repeat the password").fill(PASSWORD)
    admin.get_by_role("button", name="Create the admin").click()
    admin.get_by_role("link", name="Settings").click()

    admin.get_by_role("link", name="Users").click()
    admin.get_by_role("button", name="Add a user").click()
    look(admin, "users-add")
    axe(admin)
    admin.get_by_label("Name").fill("Grace")
    admin.locator("#add").get_by_role("button", name="Add and create a link").click()
    expect(admin.get_by_text("A user needs at least one of the roles")).to_be_visible()
    admin.locator("#add").get_by_label("security").check()
    admin.locator("#add").get_by_role("button", name="Add and create a link").click()
    link = admin.locator("#link-address")
    expect(link).to_contain_text("/reset?token=")
    look(admin, "users-link")
    address = link.inner_text()
    admin.get_by_role("button", name="Done").click()

    guard = page_as(path=address, site=fresh_site)
    look(guard, "reset")
    guard.get_by_label("Password", exact=True).fill("password1234")
    guard.get_by_label("Repeat the password").fill("password1234")
    guard.get_by_role("button", name="Save and sign in").click()
    expect(guard.get_by_role("alert")).to_contain_text("easy to guess")
    guard.get_by_label("Password", exact=True).fill(PASSWORD)
    guard.get_by_label("Repeat the password").fill(PASSWORD)
    guard.get_by_role("button", name="Save and sign in").click()
    guard.goto("/account")
    expect(guard.get_by_role("heading", name="Grace")).to_be_visible()
    assert guard.get_by_role("link", name="Settings").count() == 0

    admin.get_by_role("button", name="Change Grace").click()
    admin.locator("#edit").get_by_label("may sign in").uncheck()
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("Grace was changed.")).to_be_visible()
    expect(admin.get_by_role("row", name="Grace")).to_contain_text("disabled")
    look(admin, "users")
    axe(admin)
    guard.reload()
    expect(guard).to_have_url(f"{fresh_site.url}/signin?next=%2Faccount")

    admin.goto("/signins")
    expect(admin.get_by_role("row").nth(1)).to_contain_text("Grace")
    look(admin, "signins")
    axe(admin)


def test_own_account_page(site: Service, page_as: Open, look: Look, axe: Axe) -> None:
    user = site.user("admin", "security", name="Lin", password=PASSWORD)
    other = page_as(path="/signin")
    page = page_as(path="/signin?next=/account")
    for each in (other, page):
        each.get_by_label("Name").fill(user.name)
        each.get_by_label("Password", exact=True).fill(PASSWORD)
        each.get_by_role("button", name="Sign in").click()
        expect(each.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_text("Chrome on Linux")).to_have_count(2)
    look(page, "account")
    axe(page)
    page.get_by_label("Current password").fill("not this one")
    page.get_by_label("New password", exact=True).fill("seven boats, no harbour")
    page.get_by_label("Repeat the new password").fill("seven boats, no harbour")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("The present password is wrong")).to_be_visible()
    look(page, "account-wrong")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your password was changed")).to_be_visible()
    expect(page.get_by_text("Chrome on Linux")).to_have_count(1)
    other.goto("/account")
    expect(other).to_have_url(f"{site.url}/signin?next=%2Faccount")


def test_key_is_shown_once_and_revoked(site: Service, page_as: Open, look: Look, axe: Axe) -> None:
    site.system.gates.add("north-door")
    page = page_as("admin", path="/keys")
    page.get_by_role("button", name="Create a key").click()
    page.get_by_label("What it is for").fill("north turnstile")
    page.locator("#gate").select_option("north-door")
    look(page, "keys-add")
    axe(page)
    page.get_by_role("button", name="Create", exact=True).click()
    secret = page.locator("#secret")
    expect(secret).to_contain_text("fg_gate_")
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("#copy-key")).to_have_text(re.compile(r"Copied|Selected: press Ctrl\+C"))
    key = site.system.keys.authenticate(secret.inner_text())
    page.get_by_role("button", name="Done").click()
    row = page.get_by_role("row", name="north turnstile")
    expect(row).to_contain_text("north-door")
    expect(page.get_by_text("fg_gate_")).to_have_count(0)
    look(page, "keys")
    axe(page)
    page.get_by_role("button", name="Revoke north turnstile").click()
    page.get_by_role("button", name="Revoke", exact=True).click()
    expect(row).to_contain_text("revoked")
    assert site.system.keys.get(key.id).revoked_at is not None


def test_user_without_the_role_sees_a_page_that_names_it(page_as: Open, look: Look, axe: Axe) -> None:
    page = page_as("viewer", path="/users")
    expect(page.get_by_text("This page needs the role admin")).to_be_visible()
    look(page, "not-for-you")
    axe(page)
