"""Schedules in the browser: drawn by mouse and finger, written by keyboard alone, compared before they are saved."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.core.access.rules import Rule, Who
from app.core.access.schedules import Calendar, CalendarDay, CalendarHours, Hours, Schedule, Window
from app.wiring import new_id
from tests.console.access.conftest import Api
from tests.console.service import Service

Open = Callable[..., Page]
Axe = Callable[[Page], None]
GATE = "schedule-gate"
WORKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri"]


@pytest.fixture
def days(site: Service) -> Schedule:
    """A schedule of its own: working hours."""
    made = Schedule(new_id(), f"Days {new_id()[-6:]}", (Window((0, 1, 2, 3, 4), Hours(8 * 60, 9 * 60)),))
    with site.system.store.write() as tx:
        tx.rules.put(made)
    return made


@pytest.fixture(scope="module", autouse=True)
def gate(site: Service) -> str:
    return site.system.gates.add(GATE).id


def at(page: Page, day: int, hour: float) -> tuple[float, float]:
    """Where on the screen a time of the week is drawn."""
    box = page.locator(".week-row").nth(day).bounding_box()
    assert box is not None
    return box["x"] + box["width"] * hour / 24, box["y"] + box["height"] / 2


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.mouse.move(*end)
    page.mouse.up()


def notes(page: Page) -> list[str]:
    return page.locator(".window-note").all_inner_texts()


def test_week_is_drawn_with_the_mouse(api: Api, page_as: Open, look: Any, axe: Axe) -> None:
    page = page_as("admin", path="/access/schedules/new")
    page.get_by_label("Name").fill("Drawn nights")
    page.get_by_role("button", name="Remove window 1").click()
    expect(page.locator(".week-block")).to_have_count(0)
    drag(page, at(page, 1, 22.02), at(page, 2, 6))
    assert notes(page) == ["Tue, 22:00 to 06:00 the next day"]
    # In one piece: what reaches into Wednesday is the same window, and its end is dragged there.
    expect(page.locator(".week-block")).to_have_count(2)
    drag(page, at(page, 2, 5.95), at(page, 2, 7.25))
    assert notes(page) == ["Tue, 22:00 to 07:15 the next day"]
    drag(page, at(page, 1, 22.1), at(page, 1, 20))
    assert notes(page) == ["Tue, 20:00 to 07:15 the next day"]
    drag(page, at(page, 2, 3), at(page, 3, 3))
    assert notes(page) == ["Wed, 20:00 to 07:15 the next day"]
    # Sunday's night goes on in Monday, and an equal one joins its window.
    drag(page, at(page, 6, 20.02), at(page, 0, 7.25))
    assert notes(page) == ["Wed, Sun, 20:00 to 07:15 the next day"]
    drag(page, at(page, 4, 12.02), at(page, 4, 13.5))
    assert notes(page)[1] == "Fri, 12:00 to 13:30"
    look(page, "schedule-drawn"), axe(page)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="Drawn nights")).to_be_visible()
    (saved,) = api("GET", "schedules?q=Drawn+nights")["items"]
    assert saved["windows"] == [
        {"days": ["Wed", "Sun"], "start": "20:00", "length": "11:15"},
        {"days": ["Fri"], "start": "12:00", "length": "01:30"},
    ]


def test_escape_ends_a_drag_without_a_change(page_as: Open) -> None:
    page = page_as("admin", path="/access/schedules/new")
    page.get_by_role("button", name="Remove window 1").click()
    page.mouse.move(*at(page, 1, 9))
    page.mouse.down()
    page.mouse.move(*at(page, 1, 12))
    expect(page.locator(".week-tip")).to_have_text("Tue, 09:00 to 12:00")
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page.locator(".week-block")).to_have_count(0)


def test_week_is_written_by_keyboard_alone(api: Api, page_as: Open) -> None:
    page = page_as("admin", path="/access/schedules/new")
    week = page.get_by_role("img")
    expect(week).to_have_attribute("aria-label", "The week: Mon to Fri, 07:00 to 19:00")
    page.get_by_label("Name").focus()
    page.keyboard.type("Typed hours")
    page.keyboard.press("Tab")  # to Monday of the first window
    expect(page.get_by_role("checkbox", name="Mon")).to_be_focused()
    page.keyboard.press("Space")
    expect(week).to_have_attribute("aria-label", "The week: Tue to Fri, 07:00 to 19:00")
    for _ in range(7):
        page.keyboard.press("Tab")
    expect(page.get_by_label("From")).to_be_focused()
    page.keyboard.type("1000PM")
    page.get_by_label("Until").focus()
    page.keyboard.type("0600AM")
    expect(page.locator(".window-note")).to_have_text("Tue to Fri, 22:00 to 06:00 the next day")
    expect(week).to_have_attribute("aria-label", "The week: Tue to Fri, 22:00 to 06:00 the next day")
    page.get_by_role("button", name="Add a window").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox", name="Mon").nth(1)).to_be_focused()
    page.get_by_role("button", name="Add", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Typed hours")).to_be_visible()
    (saved,) = api("GET", "schedules?q=Typed+hours")["items"]
    assert saved["windows"] == [
        {"days": ["Mon"], "start": "08:00", "length": "09:00"},
        {"days": ["Tue", "Wed", "Thu", "Fri"], "start": "22:00", "length": "08:00"},
    ]


def test_week_is_drawn_with_a_finger(page_as: Open, look: Any, axe: Axe) -> None:
    page = page_as("admin", path="/access/schedules/new", viewport={"width": 390, "height": 844}, has_touch=True)
    page.get_by_role("button", name="Remove window 1").tap()
    page.locator("#week").scroll_into_view_if_needed()
    cdp = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        found = [{"x": x, "y": y} for x, y in points]
        cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": found})

    start, end = at(page, 5, 9.02), at(page, 5, 17)
    touch("touchStart", start)
    for share in (0.3, 0.6, 1):
        touch("touchMove", (start[0] + (end[0] - start[0]) * share, start[1]))
    touch("touchEnd")
    expect(page.locator(".window-note")).to_have_text("Sat, 09:00 to 17:00")
    for target in page.locator(".window input, .window button, .save-bar button").all():
        box = (target.locator("xpath=..") if target.get_attribute("type") == "checkbox" else target).bounding_box()
        assert box is not None
        assert box["height"] >= 43.5
    look(page, "schedule-finger"), axe(page)


def test_change_is_shown_with_whom_it_concerns(
    site: Service, page_as: Open, look: Any, axe: Axe, days: Schedule, gate: str, person: str, only_rule: Any
) -> None:
    only_rule(Who(people=frozenset({person})), days.id)
    page = page_as("admin", path=f"/access/schedules/{days.id}")
    expect(page.get_by_text("Used by Rule")).to_be_visible()
    page.get_by_label("Until").fill("12:00")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("takes hours from 1 person")
    dialog.get_by_text(GATE).click()
    expect(dialog.get_by_role("link", name="Ada")).to_be_visible()
    look(page, "schedule-difference"), axe(page)
    dialog.get_by_role("button", name="Back").click()
    assert _stored(site, days).windows == days.windows
    page.get_by_role("button", name="Save").click()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("It applies from the next decision.")).to_be_visible()
    assert _stored(site, days).windows == (Window((0, 1, 2, 3, 4), Hours(480, 240)),)


def test_second_admin_sees_the_first_ones_change(
    site: Service, page_as: Open, look: Any, axe: Axe, days: Schedule
) -> None:
    first = page_as("admin", path=f"/access/schedules/{days.id}")
    second = page_as("admin", path=f"/access/schedules/{days.id}")
    expect(second.get_by_label("Until")).to_have_value("17:00")
    first.get_by_label("Until").fill("18:00")
    first.get_by_role("button", name="Save").click()
    expect(first.get_by_text("It applies from the next decision.")).to_be_visible()
    second.get_by_label("Until").fill("20:00")
    second.get_by_role("button", name="Save").click()
    dialog = second.get_by_role("dialog")
    expect(dialog).to_contain_text("Somebody else changed this meanwhile")
    expect(dialog.get_by_role("row", name="Windows")).to_contain_text("Mon to Fri, 08:00 to 18:00")
    expect(dialog.get_by_role("row", name="Windows")).to_contain_text("Mon to Fri, 08:00 to 20:00")
    look(second, "schedule-meanwhile"), axe(second)
    dialog.get_by_role("button", name="Back").click()
    assert _stored(site, days).windows[0].hours == Hours(480, 600)
    second.get_by_role("button", name="Save").click()
    dialog.get_by_role("button", name="Save mine").click()
    expect(second.get_by_text("It applies from the next decision.")).to_be_visible()
    assert _stored(site, days).windows[0].hours == Hours(480, 720)


def test_overlap_is_reported_beside_the_windows(
    site: Service, page_as: Open, look: Any, axe: Axe, days: Schedule
) -> None:
    page = page_as("admin", path=f"/access/schedules/{days.id}")
    page.get_by_role("button", name="Add a window").click()
    page.get_by_role("checkbox", name="Wed").nth(1).check(force=True)
    problem = page.locator("[data-field=windows] .field-problem")
    expect(problem).to_have_text("Two windows overlap at 08:00.")
    expect(page.get_by_text("Not known until the windows are right.")).to_be_visible()
    look(page, "schedule-overlap"), axe(page)
    page.get_by_role("button", name="Save").click()
    expect(problem).to_have_count(1)
    assert _stored(site, days) == days
    page.get_by_role("checkbox", name="Wed").nth(1).uncheck(force=True)
    page.get_by_role("checkbox", name="Sat").nth(1).check(force=True)
    expect(problem).to_have_count(0)


def test_name_that_is_taken_is_said_beside_it(page_as: Open, days: Schedule) -> None:
    page = page_as("admin", path="/access/schedules/new")
    page.get_by_label("Name").fill(days.name.upper())
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("[data-field=name] .field-problem")).to_have_text(f'Another is called "{days.name.upper()}".')
    expect(page.get_by_label("Name")).to_have_attribute("aria-invalid", "true")


def test_calendar_closes_a_schedule_and_the_next_days_show_it(site: Service, page_as: Open, days: Schedule) -> None:
    today = site.system.site_clock.today()
    calendar = Calendar(new_id(), f"Closing {new_id()[-6:]}", (CalendarDay(today),))
    with site.system.store.write() as tx:
        tx.rules.put(calendar)
    page = page_as("admin", path=f"/access/schedules/{days.id}")
    expect(page.get_by_text("A schedule that names no calendar is not changed by holidays.")).to_be_visible()
    page.get_by_label("Calendar").select_option(calendar.name)
    expect(page.locator("#preview li").first).to_contain_text(f"closed · {calendar.name}")
    page.get_by_role("button", name=f"Add hours on {calendar.name}").click()
    expect(page.locator("#preview li").first).to_contain_text("08:00 to 12:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("It applies from the next decision.")).to_be_visible()
    assert _stored(site, days).on_calendar == (CalendarHours(calendar.id, (Hours(480, 240),)),)


def test_schedule_in_use_is_not_deleted_and_names_its_rules(
    site: Service, page_as: Open, days: Schedule, only_rule: Callable[..., Rule]
) -> None:
    rule = only_rule(Who(everybody=True), days.id)
    page = page_as("admin", path=f"/access/schedules/{days.id}")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog").get_by_role("link", name=rule.name)).to_be_visible()
    assert _stored(site, days) == days


def _stored(site: Service, schedule: Schedule) -> Schedule:
    with site.system.store.read() as tx:
        return next(one for one in tx.rules.all().schedules if one.id == schedule.id)
