"""On a screen of 2560 px: pages use it, and who is signed in can be read."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.core.types import Role
from tests.console.browser import CUT, OVER
from tests.console.service import Service

Open = Callable[..., Page]
LARGE = {"width": 2560, "height": 1440}


@pytest.mark.parametrize("path", ["/", "/live", "/activity", "/employees", "/reports", "/access/rules"])
def test_page_fills_a_large_screen(page_as: Open, path: str) -> None:
    page = page_as("admin", path=path, viewport=LARGE)

    assert page.locator("main").evaluate("(e) => e.getBoundingClientRect().width") >= 1700
    assert page.locator("main").evaluate("(e) => parseFloat(getComputedStyle(e).fontSize)") == 20
    assert page.evaluate(OVER) <= 0
    assert page.evaluate(CUT) == []


def test_name_of_who_is_signed_in_is_whole(page_as: Open, site: Service) -> None:
    name = "Ursula Martin"
    user = site.system.accounts.users.add(name, frozenset({Role.ADMIN}), None)
    page = page_as()
    page.context.add_cookies([{"name": "facegate", "value": site.session(user), "url": site.url, "httpOnly": True}])
    page.goto("/")
    shown = page.locator(".me-name")
    expect(shown).to_have_text(name)
    assert shown.evaluate("(e) => e.scrollWidth <= e.clientWidth + 1")
