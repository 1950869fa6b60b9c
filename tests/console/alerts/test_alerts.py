"""Alerts in front of people: on every page, in the tab, by ear, until somebody acknowledges them."""

import re
import signal
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.alerts.alert import Alert, AlertKind
from app.core.types import Reason
from app.services.events.orders import ordered
from app.wiring import new_id
from tests.console.browser import Shots
from tests.console.service import Service
from tests.e2e.server import Server, Site

Open = Callable[..., Page]
SOUNDS = "window.sounds = []; document.addEventListener('sounded', ({detail}) => sounds.push([detail, Date.now()]));"


def forced(site: Service, gate: str) -> Alert:
    system = site.system
    alert = Alert(new_id(), system.clock(), AlertKind.DOOR_FORCED, system.gates.get(gate).id, None, "no decision")
    with system.store.write() as tx:
        tx.alerts.raise_(alert)
    return alert


def test_alerts_are_on_every_page_until_somebody_acknowledges_them(
    fresh_site: Service, page_as: Open, look: Shots, axe: Callable[[Page], None]
) -> None:
    system = fresh_site.system
    dock = system.gates.add("dock")
    for _ in range(6):
        system.transient_alerts.tailgating(dock, "no-camera")
    door = forced(fresh_site, "dock")
    with system.store.write() as tx:
        tx.alerts.clear(door.kind, dock.id, None, system.clock())
    guard, viewer = page_as("security", path="/activity", site=fresh_site), page_as("viewer", path="/", site=fresh_site)
    for page in (guard, viewer):
        expect(page.get_by_text("6 \u00d7 Somebody may have followed in at dock")).to_be_visible()
        expect(page.get_by_role("listitem").filter(has_text="Door was forced")).to_contain_text("over")
        expect(page).to_have_title(re.compile(r"^\(7\) "))
        assert "%3E7%3C" in (page.locator('link[rel="icon"]').get_attribute("href") or ""), "the number is in the icon"
    expect(viewer.get_by_role("button", name="Acknowledge")).to_have_count(0)
    look(guard, "bar")
    axe(guard)
    row = guard.get_by_role("listitem").filter(has_text="followed")
    row.get_by_role("button", name="Acknowledge").press("Enter")
    guard.keyboard.type("two on the camera")
    look(guard, "acknowledge")
    guard.keyboard.press("Enter")
    expect(row).to_have_count(0)
    expect(guard).to_have_title(re.compile(r"^\(1\) "))
    expect(viewer.get_by_text("followed in at dock")).to_have_count(0, timeout=10_000)
    guard.goto("/alerts")
    (row,) = guard.get_by_role("row").filter(has_text="Door was forced").all()
    row.get_by_role("button", name="Acknowledge").click()
    guard.get_by_role("dialog").get_by_label("Note").fill("wind")
    guard.get_by_role("dialog").get_by_role("button", name="Acknowledge").click()
    expect(row).to_contain_text("wind")
    expect(guard).to_have_title("Alerts · Facegate")
    expect(guard.locator('link[rel="icon"]')).to_have_attribute("href", re.compile(r"^/static/\w{12}/icon\.svg$"))
    system.transient_alerts.tailgating(dock, "no-camera")
    guard.get_by_role("button", name="Show new alerts").click(timeout=10_000)
    expect(guard.get_by_role("row").filter(has_text="Somebody may have followed in")).to_have_count(1)
    guard.get_by_label("Show", exact=True).select_option("All")
    guard.get_by_label("Cause").select_option("tailgating")
    guard.get_by_role("button", name="Show", exact=True).click()
    expect(guard.get_by_role("row").filter(has_text="two on the camera")).to_have_count(6)
    look(guard, "alerts")
    axe(guard)


def test_an_alert_sounds_every_five_seconds_until_acknowledged(fresh_site: Service, page_as: Open) -> None:
    fresh_site.system.gates.add("dock")
    guard = page_as("security", path="/alerts", site=fresh_site)
    guard.add_init_script(SOUNDS)
    guard.get_by_role("button", name="Test the sound").click()
    expect(guard.get_by_text("Three tones are playing.")).to_be_visible()
    guard.goto("/activity")  # the choice goes with the browser
    guard.get_by_role("button", name="Sound is").focus()
    guard.keyboard.press("Tab")
    expect(guard.get_by_role("button", name="Sound is on")).to_be_visible()
    forced(fresh_site, "dock")
    guard.wait_for_function("() => sounds.length >= 3", timeout=25_000)
    kinds, times = zip(*guard.evaluate("sounds"), strict=True)
    assert set(kinds) == {"critical"}
    gaps = [(later - earlier) / 1000 for earlier, later in pairwise(times)]
    assert all(3 < gap < 9 for gap in gaps), gaps
    guard.get_by_role("button", name="Acknowledge").click()
    guard.get_by_role("dialog").get_by_role("button", name="Acknowledge").click()
    expect(guard.get_by_role("listitem").filter(has_text="Door was forced")).to_have_count(0)
    heard = guard.evaluate("sounds.length")
    guard.wait_for_timeout(6000)
    assert guard.evaluate("sounds.length") == heard


def test_blocked_sound_is_shown_in_red(fresh_site: Service, page_as: Open) -> None:
    page = page_as("viewer", site=fresh_site)
    page.add_init_script("localStorage.setItem('sound', 'on');")
    page.goto("/activity")
    said = page.get_by_text("The browser blocks the sound of alerts on this page.")
    expect(said).to_be_visible()
    page.get_by_role("button", name="Allow sound").click()
    expect(said).to_be_hidden()
    expect(page.get_by_role("button", name="Sound is on")).to_be_visible()


def test_a_shift_report_lists_alerts_orders_openings_and_refusals(
    fresh_site: Service, page_as: Open, look: Shots, axe: Callable[[Page], None]
) -> None:
    system = fresh_site.system
    gate = system.gates.add("dock")
    guard = page_as("security", site=fresh_site)
    system.by_hand.lock("dock", "=cmd|' /C calc'!A0", "somebody")
    system.by_hand.unlock("dock", "over", "somebody")
    system.by_hand.open("dock", "a delivery", "somebody")
    with system.store.write() as tx:
        system.by_hand.log.append(tx, ordered(gate, new_id(), Reason.NOT_RECOGNISED, system.clock(), None))
    alert = forced(fresh_site, "dock")
    system.alerts.acknowledge(alert.id, "somebody", "wind")
    guard.goto("/alerts")
    guard.get_by_role("link", name="Shift report").click()
    expect(guard.get_by_text("1 alert, 3 orders, 1 opening by hand, 0 refusals")).to_be_visible()
    for title, text in (("Alerts", "wind"), ("Openings by hand", "a delivery"), ("Orders", "over")):
        expect(guard.get_by_role("region", name=title).first).to_contain_text(text)
    look(guard, "shift")
    axe(guard)
    with guard.expect_download() as download:
        guard.get_by_role("link", name="CSV").click()
    lines = Path(download.value.path()).read_text("utf-8").splitlines()
    assert lines[0].startswith("at,what,gate,reason") and len(lines) == 6
    assert any("'=cmd" in line for line in lines), "no spreadsheet runs it"
    long_ago = (system.clock() - timedelta(days=9)).strftime("%Y-%m-%dT%H:%M:%S")
    guard.goto(f"/alerts/shift?to={long_ago}")
    expect(guard.get_by_text("0 alerts, 0 orders, 0 openings by hand, 0 refusals")).to_be_visible()


def test_a_hung_service_shows_within_twelve_seconds(browser: Browser, tmp_path: Path, look: Shots) -> None:
    """The process is stopped as a hang would leave it: its connections stay open and nothing comes."""
    server = Server(Site.make(tmp_path / "data")).ready()
    try:
        posted = server.http.post("/v1/displays", headers=server.site.key("admin"), json={"name": "Guard room"})
        page = browser.new_page(base_url=str(server.http.base_url))
        page.goto("/display")
        page.get_by_label("Code").fill(posted.json()["code"])
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_text("live", exact=True)).to_be_visible(timeout=15_000)
        server.process.send_signal(signal.SIGSTOP)
        try:
            expect(page.locator("#contact")).to_contain_text(re.compile(r"^No connection for 1\d s"), timeout=13_500)
            expect(page.locator("#contact")).to_contain_text("What you see is old. Last heard at")
            expect(page.locator("#state")).to_contain_text("What you see is old.")
            assert page.evaluate("getComputedStyle(document.querySelector('.lanes')).filter") == "grayscale(1)"
            look(page, "blind")
        finally:
            server.process.send_signal(signal.SIGCONT)
        expect(page.locator("#contact")).to_be_hidden(timeout=15_000)
        page.close()
    finally:
        server.stop()


def test_a_display_is_added_opened_and_revoked(
    fresh_site: Service, page_as: Open, look: Shots, axe: Callable[[Page], None]
) -> None:
    fresh_site.system.gates.add("dock")
    admin, wall = page_as("admin", path="/displays", site=fresh_site), page_as(path="/display", site=fresh_site)
    look(admin, "displays-empty")
    admin.get_by_role("button", name="Add a display").click()
    admin.get_by_label("Name").fill("Guard room")
    admin.get_by_role("button", name="Add and make a code").click()
    dialog = admin.get_by_role("dialog", name="Code for Guard room")
    code = dialog.locator(".secret").inner_text()
    look(admin, "display-code")
    axe(admin)
    look(wall, "display-open")
    axe(wall)
    wall.get_by_label("Code").fill(code.lower())
    wall.keyboard.press("Enter")
    expect(wall.get_by_text("live", exact=True)).to_be_visible()
    expect(wall.get_by_role("navigation", name="Pages").get_by_role("link")).to_have_text(["Live", "Alerts"])
    expect(wall.get_by_role("button", name="Sign out")).to_have_count(0)
    expect(wall.get_by_role("button", name="Open dock by hand")).to_have_count(0)
    forced(fresh_site, "dock")
    expect(wall.get_by_role("listitem").filter(has_text="Door was forced at dock")).to_be_visible(timeout=10_000)
    look(wall, "display-live")
    dialog.get_by_role("button", name="Done").click()
    row = admin.get_by_role("row").filter(has_text="Guard room")
    expect(row).to_contain_text("on")
    look(admin, "displays")
    axe(admin)
    row.get_by_role("button", name="Revoke").click()
    admin.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(wall.get_by_text("This display was revoked or its weeks are over.")).to_be_visible(timeout=15_000)


def test_live_keeps_the_focus_and_shows_a_new_gate_without_a_reload(fresh_site: Service, page_as: Open) -> None:
    system = fresh_site.system
    system.gates.add("dock")
    page = page_as("security", path="/live", site=fresh_site)
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    page.evaluate("window.loaded = 1")
    system.by_hand.lock("dock", "first", "somebody")
    expect(page.locator(".now")).to_contain_text("first")
    page.locator(".now-reason a").focus()
    focused = page.evaluate("document.activeElement.href")
    system.by_hand.unlock("dock", "second", "somebody")
    expect(page.locator(".now")).to_contain_text("second")
    assert page.evaluate("document.activeElement.href") == focused
    system.gates.add("porch")
    lane = page.get_by_role("region", name="porch", exact=True)
    expect(lane).to_be_visible()
    expect(lane).to_contain_text("Test gate")
    system.by_hand.lock("porch", "third", "somebody")
    expect(lane.locator(".now")).to_contain_text("third")
    lane.get_by_role("button", name="Unlock porch").click()
    expect(page.get_by_role("dialog", name="Unlock porch")).to_be_visible()
    assert page.evaluate("window.loaded") == 1 and page.evaluate("document.activeElement.id") == "comment"


@pytest.mark.parametrize("why", ["idle", "disabled"])
def test_a_sign_out_says_why(fresh_site: Service, page_as: Open, why: str) -> None:
    page = page_as("viewer", path="/activity", site=fresh_site)
    system = fresh_site.system
    (user,) = system.accounts.users.all()
    (session,) = system.accounts.sessions.of(user.id)
    if why == "idle":
        with system.store.write() as tx:
            tx.sessions.seen(session.id, system.clock() - timedelta(hours=2))
        words = "because nobody used this page for 60 minutes"
    else:
        system.accounts.users.change(user.id, enabled=False)
        words = "You were signed out: from another browser"
    expect(page.get_by_text(words)).to_be_visible(timeout=10_000)
    assert "next=%2Factivity" in page.url


def test_the_log_shows_alerts_among_events_and_the_page_of_the_first(fresh_site: Service, page_as: Open) -> None:
    system = fresh_site.system
    dock = system.gates.add("dock")
    system.gates.add("porch")
    system.by_hand.lock("dock", "before", "somebody")
    system.transient_alerts.tailgating(dock, "no-camera")
    for _ in range(26):  # the next page begins among them
        system.by_hand.unlock("dock", "x", "somebody")
        system.by_hand.lock("dock", "x", "somebody")
    late = forced(fresh_site, "porch")
    system.alerts.acknowledge(late.id, "somebody", "wind")
    page = page_as("viewer", path="/activity", site=fresh_site)
    rows = page.get_by_role("table").get_by_role("row")
    expect(rows.nth(1)).to_contain_text(re.compile(r"ALERT\s*Door was forced\s*somebody: wind\s*porch"))
    page.mouse.wheel(0, 100_000)
    expect(rows.filter(has_text="Somebody may have followed in")).to_have_count(1)
    expect(rows.nth(-1)).to_contain_text("Locked by hand")
    page.goto("/activity?gate=porch")
    expect(rows.filter(has_text="alert")).to_have_count(1)
    page.goto("/activity?gate=dock&decision=deny")
    expect(rows.filter(has_text="Somebody may have followed in")).to_have_count(0)
    page.goto("/activity?gate=porch")
    rows.filter(has_text="alert").click()
    expect(page.get_by_role("row").filter(has_text="Door was forced")).to_be_visible()
