"""Scripts come late over a bad line, and on a busy machine: what is clicked meanwhile is not lost.

Until 2026-11-26 a button could be clicked before the script that listens was there: nothing happened, and CI failed
now and then.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Route, expect

from app.core.alerts.alert import Alert, AlertKind
from app.wiring import new_id
from tests.console.service import Service
from tests.waiting import pass_time

Open = Callable[..., Page]
LATE_S = 0.5


@contextmanager
def _late_scripts(page: Page) -> Iterator[list[str]]:
    """Every script but the one that sets the theme comes half a second late."""
    held: list[str] = []

    def hold(route: Route) -> None:
        held.append(route.request.url.rsplit("/", 1)[-1])
        answer = route.fetch()
        pass_time(LATE_S)
        route.fulfill(response=answer)

    page.route(re.compile(r"/static/(?!\w*/theme).*\.js"), hold)
    yield held
    page.unroute_all(behavior="wait")


@pytest.mark.parametrize(("link", "button"), [("Users", "Add a user"), ("API keys", "Create a key")])
def test_click_before_the_script_loaded_is_not_lost(page_as: Open, link: str, button: str) -> None:
    """Given a page just gone to, and the same page reloaded, its button is clicked as soon as it can be, and works."""
    page = page_as("admin", path="/signins")
    with _late_scripts(page) as held:
        page.get_by_role("link", name=link).click()
        for _ in range(2):
            page.get_by_role("button", name=button).click()
            expect(page.get_by_role("dialog")).to_be_visible(timeout=1000)
            page.reload(wait_until="commit")
        assert held.count("shell.js") >= 2


def test_alarm_fills_the_wall_though_its_script_came_after_the_alerts(site: Service, page_as: Open) -> None:
    """Until 2026-11-30 it then filled the wall only with the next look at the alerts, five seconds later."""
    with site.system.store.write() as tx:
        alert = Alert(new_id(), site.system.clock(), AlertKind.DOOR_FORCED)
        tx.alerts.raise_(alert)
    wall = page_as("viewer")

    def hold(route: Route) -> None:
        answer = route.fetch()
        pass_time(2 * LATE_S)
        route.fulfill(response=answer)

    wall.route(re.compile(r"/static/.*/wall\.js"), hold)
    wall.goto("/live/wall")
    expect(wall.locator("#wall-alarm")).to_contain_text("Door was forced", timeout=3000)
    wall.unroute_all(behavior="wait")
    with site.system.store.write() as tx:
        tx.alerts.end(alert.id, site.system.clock())
    site.system.alerts.acknowledge_all([alert.id], "somebody", "a test")
