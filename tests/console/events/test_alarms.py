"""Live alarms for what happens now, and for nothing that is old news."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from app.core.types import Reason
from app.services.events.orders import ordered
from app.wiring import new_id
from tests.console.service import Service

Open = Callable[..., Page]


def record(site: Service, name: str, reason: Reason) -> None:
    """A decision with this reason, in the gate's log."""
    system = site.system
    gate = system.gates.get(name)
    with system.store.write() as tx:
        system.by_hand.log.append(tx, ordered(gate, new_id(), reason, system.clock(), None))


def heard_all(page: Page, site: Service, name: str, count: int) -> Locator:
    """The gate's lane, once the page has heard whatever was sent before one more order."""
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    lane = page.get_by_role("region", name=name, exact=True)
    site.system.by_hand.lock(name, f"the last of {count}", "somebody")
    expect(lane.locator(".now")).to_contain_text(f"the last of {count}")
    return lane


def red(page: Page) -> int:
    """How often a lane has turned red, even if it is not any more."""
    return int(page.evaluate("window.alarms"))


COUNT = """window.alarms = 0;
addEventListener('DOMContentLoaded', () => new MutationObserver((all) => all.forEach(({oldValue, target}) => {
  if (target.matches('.alarm') && !/\\balarm\\b/.test(oldValue ?? '')) window.alarms += 1;
})).observe(document.body, {subtree: true, attributeFilter: ['class'], attributeOldValue: true}));"""


STATES = """window.states = [];
new MutationObserver(() => states.push([document.getElementById('state').textContent, document.body.matches('.stale')]))
  .observe(document.body, {subtree: true, childList: true, attributes: true});"""


def test_opening_a_page_sounds_no_alarm_for_old_alerts(site: Service, page_as: Open) -> None:
    """Given a fault with so much after it that it is not among the last six, opening the page is no alarm."""
    site.system.gates.add("old-news")
    record(site, "old-news", Reason.SYSTEM_FAULT)
    for _ in range(7):
        record(site, "old-news", Reason.NOT_RECOGNISED)
    page = page_as("viewer")
    page.add_init_script(COUNT)
    for visit in range(2):
        page.goto("/live")
        heard_all(page, site, "old-news", visit)
        assert red(page) == 0
        site.system.by_hand.unlock("old-news", "again", "somebody")
    record(site, "old-news", Reason.SYSTEM_FAULT)
    page.wait_for_function("() => window.alarms === 1")
    expect(page.get_by_role("region", name="old-news", exact=True)).to_have_class("lane card alarm")


def test_wrong_clock_silences_no_alarm(site: Service, page_as: Open) -> None:
    site.system.gates.add("wrong-clock")
    page = page_as("viewer")
    page.add_init_script("{ const now = Date.now; Date.now = () => now() + 3600_000; }" + COUNT)
    page.goto("/live")
    heard_all(page, site, "wrong-clock", 1)
    record(site, "wrong-clock", Reason.SPOOF_SUSPECTED)
    page.wait_for_function("() => window.alarms === 1")


def test_each_tailgating_sounds_an_alarm_until_acknowledged(site: Service, page_as: Open) -> None:
    gate = site.system.gates.add("followed")
    guard, wall = page_as("security"), page_as("viewer")
    for page in (guard, wall):
        page.add_init_script(COUNT)
        page.goto("/live")
        heard_all(page, site, "followed", 1)
        site.system.by_hand.unlock("followed", "again", "somebody")
    guard.wait_for_timeout(2000)  # what stands as a page opens is no news
    for times in (1, 2):
        site.system.transient_alerts.tailgating(gate, "no-camera")
        guard.wait_for_function("times => window.alarms === times", arg=times)
        guard.wait_for_timeout(6500)  # the lane is red for 6 s
    for page in (guard, wall):
        expect(page.get_by_text("2 \u00d7 Somebody may have followed in at followed")).to_be_visible()
    expect(wall.get_by_role("button", name="Acknowledge")).to_have_count(0)
    row = guard.get_by_role("listitem").filter(has_text="at followed")
    row.get_by_role("button", name="Acknowledge").click()
    guard.get_by_role("dialog").get_by_role("button", name="Acknowledge").click()
    for page in (guard, wall):
        expect(page.get_by_text("Somebody may have followed in at followed")).to_have_count(0, timeout=10_000)


def test_lost_connection_is_shown_within_ten_seconds(site: Service, page_as: Open) -> None:
    """Given a silent stream, the page turns grey and shows how old it is. The next beat makes it live again."""
    site.system.gates.add("silent")
    page = page_as("viewer")
    page.clock.install()
    page.goto("/live")
    heard_all(page, site, "silent", 1)
    page.evaluate(STATES)
    page.clock.run_for(12_000)
    page.wait_for_function("() => states.some(([text, stale]) => stale && text.includes('What you see is old.'))")
    page.clock.resume()
    page.wait_for_function("() => { const [text, stale] = states.at(-1); return text === 'live' && !stale; }")


def test_missed_alerts_are_shown_without_an_alarm(site: Service, page_as: Open) -> None:
    """Given a machine that slept for a minute, a fault of that minute stands on the page, without an alarm."""
    site.system.gates.add("slept")
    page = page_as("viewer")
    page.add_init_script(COUNT)
    page.goto("/live")
    heard_all(page, site, "slept", 1)
    page.evaluate("{ const now = Date.now; Date.now = () => now() + 60_000; }")
    record(site, "slept", Reason.SYSTEM_FAULT)
    lane = page.get_by_role("region", name="slept", exact=True)
    expect(lane.locator(".now-reason")).to_have_text("System fault")
    assert red(page) == 0
