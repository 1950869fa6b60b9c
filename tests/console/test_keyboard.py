"""Whoever uses the keyboard sees where they are: what stays at the upper edge of the window does not cover it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.core.alerts.alert import Acknowledgement, Alert, AlertKind
from app.wiring import new_id
from tests.console.browser import NARROW, WIDE
from tests.console.service import Service

Open = Callable[..., Page]
STOPS = 40
# Whether what has the focus is seen at its middle.
SEEN = """() => {
  const {left, top, width, height} = document.activeElement.getBoundingClientRect();
  const there = document.elementFromPoint(left + width / 2, top + height / 2);
  return Boolean(there) && (document.activeElement.contains(there) || there.contains(document.activeElement));
}"""


@pytest.mark.parametrize("window", [WIDE, NARROW], ids=["wide", "narrow"])
def test_focus_that_goes_back_is_never_covered(site: Service, page_as: Open, window: dict[str, int]) -> None:
    system, gate = site.system, f"keyboard-{window['width']}"
    system.gates.add(gate)
    alert = Alert(new_id(), system.clock(), AlertKind.DOOR_FORCED, system.gates.get(gate).id, None, "no decision")
    with system.store.write() as tx:
        tx.alerts.raise_(alert)
    page = page_as("admin", "security", path="/settings/quality", viewport=window)
    expect(page.locator(".alert-row").first).to_be_visible()

    page.locator(".foot button").first.focus()
    covered = []
    for _ in range(STOPS):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("!document.activeElement.closest('main')"):
            break
        if not page.evaluate(SEEN):
            covered.append(page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))

    assert covered == []
    with system.store.write() as tx:
        tx.alerts.clear(alert.kind, alert.gate_id, None, system.clock())
        tx.alerts.acknowledge(alert.id, Acknowledgement(system.clock(), "01NOBODY"))
