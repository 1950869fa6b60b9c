"""Signing in, being sent back to where one wanted to go, and out again; in a real browser."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.console.service import PASSWORD, Service

Open = Callable[..., Page]
Look = Callable[[Page, str], Any]


def test_sign_in_and_out(site: Service, page_as: Open, look: Look, axe: Callable[[Page], None]) -> None:
    ada = site.user("admin", name="Ada at the door", password=PASSWORD)
    page = page_as(path="/signin?next=/docs")
    look(page, "signin")
    axe(page)
    page.get_by_label("Name").fill(ada.name)
    page.get_by_label("Password", exact=True).fill("something else entirely")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("Name or password is wrong")
    assert page.get_by_label("Name").input_value() == ada.name
    look(page, "signin-wrong")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{site.url}/docs")
    look(page, "contract")
    axe(page)
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page).to_have_url(f"{site.url}/signin?left=1")
    assert not [c for c in page.context.cookies() if c["name"] == "facegate"]


def test_theme_is_chosen_and_remembered(page_as: Open) -> None:
    page = page_as("viewer", path="/docs")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.get_by_role("button", name="light and dark").click()
    dark = page.evaluate(paper)
    assert dark != light
    page.reload()
    assert page.evaluate(paper) == dark
    page.get_by_role("button", name="light and dark").click()
    page.reload()
    assert page.evaluate(paper) == light


def test_sign_in_by_keyboard_alone(site: Service, page_as: Open) -> None:
    ada = site.user("viewer", name="Ada at the keyboard", password=PASSWORD)
    page = page_as(path="/signin")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type(ada.name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
