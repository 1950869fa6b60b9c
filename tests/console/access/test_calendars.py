"""Calendars in the browser: days marked by mouse and by keyboard alone, iCalendar files, two admins at once."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.core.access.rules import Who
from app.core.access.schedules import Calendar, CalendarDay, CalendarHours, Hours, Schedule, Window
from app.wiring import new_id
from tests.console.service import Service

Open = Callable[..., Page]
Axe = Callable[[Page], None]
SAVED = "It applies from the next decision."
FILE = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n"
    b"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20270326\r\nSUMMARY:Good Friday\r\nEND:VEVENT\r\n"
    b"BEGIN:VEVENT\r\nUID:2\r\nDTSTART;VALUE=DATE:20201225\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Christmas\r\nEND:VEVENT\r\n"
    b"BEGIN:VEVENT\r\nUID:3\r\nDTSTART:20270326T140000Z\r\nSUMMARY:Party\r\nEND:VEVENT\r\n"
    b"END:VCALENDAR\r\n"
)


@pytest.fixture(scope="module", autouse=True)
def gate(site: Service) -> str:
    return site.system.gates.add("calendar-gate").id


@pytest.fixture
def holidays(site: Service) -> Calendar:
    days = (CalendarDay(date(2000, 12, 25), True, "Christmas"), CalendarDay(date(2027, 3, 26), False, "Good Friday"))
    made = Calendar(new_id(), f"Holidays {new_id()[-6:]}", days)
    with site.system.store.write() as tx:
        tx.rules.put(made)
    return made


def stored(site: Service, calendar_id: str) -> list[str]:
    """The days of a calendar, as `2027-03-26 Good Friday`."""
    with site.system.store.read() as tx:
        found = next(one for one in tx.rules.all().calendars if one.id == calendar_id)
    return [f"{day} {day.name}".strip() for day in sorted(found.days)]


def day(page: Page, name: str) -> Any:
    return page.get_by_role("button", name=re.compile(rf"\b{name}"))


def test_days_are_marked_with_the_mouse(site: Service, page_as: Open, look: Any, axe: Axe) -> None:
    page = page_as("admin", path="/access/calendars/new")
    page.get_by_label("Name", exact=True).fill("Clicked")
    page.get_by_role("button", name="Next year").click()
    year = site.system.site_clock.today().year + 1
    expect(page.get_by_role("heading", name=str(year), exact=True)).to_be_visible()
    day(page, f"1 May {year}").click()
    day(page, f"24 December {year}").click()
    day(page, f"25 December {year}").click()
    page.get_by_label("Name of Fri 24 Dec" if year == 2027 else "24 Dec").first.fill("Christmas Eve")
    page.get_by_label("1 May in every year").check()
    expect(day(page, f"1 May {year}, every year")).to_have_attribute("aria-pressed", "true")
    expect(day(page, f"24 December {year}, Christmas Eve")).to_have_attribute("aria-pressed", "true")
    day(page, f"25 December {year}").click()
    look(page, "calendar"), axe(page)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="Clicked")).to_be_visible()
    assert stored(site, page.url.split("/")[-1].split("?")[0]) == [
        "05-01 of every year",
        f"{year}-12-24 Christmas Eve",
    ]


def test_days_are_marked_by_keyboard_alone(site: Service, page_as: Open, holidays: Calendar) -> None:
    page = page_as("admin", path=f"/access/calendars/{holidays.id}?year=2027")
    page.get_by_role("button", name="Next year").focus()
    page.keyboard.press("Tab")
    expect(day(page, "1 January 2027")).to_be_focused()
    for key in ("PageDown", "PageDown", "ArrowDown", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(day(page, "9 March 2027")).to_be_focused()
    expect(day(page, "9 March 2027")).to_have_attribute("aria-pressed", "true")
    for key in ("Home", "ArrowLeft", "End", "PageUp", "PageUp", "PageUp"):
        page.keyboard.press(key)
    expect(day(page, "7 December 2026")).to_be_focused()  # over the edge of the year, which is shown
    expect(page.get_by_role("heading", name="Days in 2026")).to_be_visible()
    expect(day(page, "25 December 2026, Christmas, every year")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(SAVED)).to_be_visible()
    assert stored(site, holidays.id) == ["12-25 of every year Christmas", "2027-03-09", "2027-03-26 Good Friday"]


def test_day_of_every_year_goes_from_all_years_and_says_so(site: Service, page_as: Open, holidays: Calendar) -> None:
    page = page_as("admin", path=f"/access/calendars/{holidays.id}?year=2031")
    day(page, "25 December 2031").click()
    expect(page.get_by_text("25 December is taken out of every year.")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(SAVED)).to_be_visible()
    assert stored(site, holidays.id) == ["2027-03-26 Good Friday"]


def test_file_is_shown_before_its_days_are_saved(
    site: Service, page_as: Open, look: Any, axe: Axe, tmp_path: Path
) -> None:
    calendar = Calendar(new_id(), f"Imported {new_id()[-6:]}", (CalendarDay(date(2027, 5, 1), False, "May Day"),))
    with site.system.store.write() as tx:
        tx.rules.put(calendar)
    file = tmp_path / "bank holidays.ics"
    file.write_bytes(FILE)
    page = page_as("admin", path=f"/access/calendars/{calendar.id}?year=2027")
    page.get_by_label("Import an iCalendar file").set_input_files(file)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 days, 2 of them new. Nothing is saved yet.")
    expect(dialog.get_by_role("row", name="Good Friday")).to_contain_text("26 Mar 2027")
    dialog.get_by_text("Left out: 1").click()
    expect(dialog).to_contain_text("Party: it has a time of day")
    look(page, "calendar-file"), axe(page)
    dialog.get_by_role("button", name="Add 2 days").click()
    expect(day(page, "26 March 2027, Good Friday")).to_have_attribute("aria-pressed", "true")
    assert stored(site, calendar.id) == ["2027-05-01 May Day"]
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(SAVED)).to_be_visible()
    assert stored(site, calendar.id) == [
        "12-25 of every year Christmas",
        "2027-03-26 Good Friday",
        "2027-05-01 May Day",
    ]
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    assert b"SUMMARY:Good Friday" in Path(download.value.path()).read_bytes()


def test_file_that_cannot_be_read_is_refused_beside_its_field(page_as: Open, tmp_path: Path) -> None:
    file = tmp_path / "photo.ics"
    file.write_bytes(b"\xff\xd8\xff")
    page = page_as("admin", path="/access/calendars/new")
    page.get_by_label("Import an iCalendar file").set_input_files(file)
    expect(page.locator("#file-problem")).to_have_text("photo.ics: The file is not UTF-8. Export it again as UTF-8.")
    file.write_bytes(b"x" * 700_000)
    page.get_by_label("Import an iCalendar file").set_input_files(file)
    expect(page.locator("#file-problem")).to_contain_text("500 kB")


def test_change_is_shown_with_whom_it_concerns_and_second_admin_sees_the_firsts(
    site: Service, page_as: Open, look: Any, holidays: Calendar, person: str, only_rule: Any
) -> None:
    schedule = Schedule(
        new_id(), f"Closed {new_id()[-6:]}", (Window(tuple(range(7)), Hours(0, 1440)),), (CalendarHours(holidays.id),)
    )
    with site.system.store.write() as tx:
        tx.rules.put(schedule)
    only_rule(Who(people=frozenset({person})), schedule.id)
    year = site.system.site_clock.today().year + 1
    first = page_as("admin", path=f"/access/calendars/{holidays.id}?year={year}")
    second = page_as("admin", path=f"/access/calendars/{holidays.id}?year={year}")
    expect(day(second, f"25 December {year}, Christmas")).to_have_attribute("aria-pressed", "true")
    day(first, f"3 May {year}").click()
    first.get_by_role("button", name="Save").click()
    expect(first.get_by_role("dialog")).to_contain_text("takes hours from 1 person")
    first.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(first.get_by_text(SAVED)).to_be_visible()
    day(second, f"4 May {year}").click()
    second.get_by_role("button", name="Save").click()
    dialog = second.get_by_role("dialog")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("Somebody else changed this meanwhile")
    expect(dialog.get_by_role("row", name=re.compile("^Days"))).to_contain_text(f"{year}-05-03")
    look(second, "calendar-meanwhile")
    dialog.get_by_role("button", name="Keep theirs").click()
    expect(day(second, f"3 May {year}")).to_have_attribute("aria-pressed", "true")
    expect(day(second, f"4 May {year}")).to_have_attribute("aria-pressed", "false")
    assert f"{year}-05-04" not in stored(site, holidays.id)


def test_calendar_in_use_is_not_deleted(site: Service, page_as: Open, holidays: Calendar) -> None:
    schedule = Schedule(new_id(), f"Uses {new_id()[-6:]}", (Window((0,), Hours(0, 60)),), (CalendarHours(holidays.id),))
    with site.system.store.write() as tx:
        tx.rules.put(schedule)
    page = page_as("admin", path="/access/calendars")
    page.get_by_role("link", name=holidays.name).click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog").get_by_role("link", name=schedule.name)).to_be_visible()
    assert stored(site, holidays.id)
