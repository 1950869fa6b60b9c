"""What a schedule comes to: open or not, when it opens next, the next fourteen days, windows that no clock shows."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.core.access.schedules import Calendar, CalendarDay, CalendarHours, Hours, Window
from app.core.errors import BadField, BadInput
from app.core.ports.store import Store
from app.services.access.rules.schedule_preview import DAYS, Preview, SchedulePreviews

SUNDAY = datetime(2026, 11, 29, 12, tzinfo=UTC)
WEEKDAYS = (0, 1, 2, 3, 4)
WORK = Window(WEEKDAYS, Hours(7 * 60, 12 * 60))
NIGHTS = Window(WEEKDAYS, Hours(22 * 60, 8 * 60))
HOLIDAYS = Calendar("c", "Holidays", (CalendarDay(date(2026, 12, 1)),))


@pytest.fixture
def store(store: Store) -> Store:
    """At a site in Berlin, with a calendar."""
    with store.write() as tx:
        (site,) = tx.rules.all().sites
        tx.rules.put(replace(site, time_zone="Europe/Berlin"), HOLIDAYS)
    return store


def preview(store: Store, *windows: Window, at: datetime = SUNDAY, on: tuple[CalendarHours, ...] = ()) -> Preview:
    return SchedulePreviews(store, lambda: at).preview(windows, on)


@pytest.mark.parametrize(
    ("windows", "at", "words"),
    [
        ((WORK,), SUNDAY, "Closed now. Next: opens Mon 07:00."),
        ((WORK,), datetime(2026, 11, 30, 8, tzinfo=UTC), "Open now, until 19:00."),
        ((NIGHTS,), datetime(2026, 12, 4, 22, tzinfo=UTC), "Open now, until Sat 06:00."),
        ((Window(tuple(range(7)), Hours(0, 1440)),), SUNDAY, "Open now, and all week."),
    ],
)
def test_words_say_when_it_opens_or_closes(store: Store, windows: tuple[Window, ...], at: datetime, words: str) -> None:
    assert preview(store, *windows, at=at).words == words


def test_next_opening_has_a_date_if_far_and_none_is_said(store: Store) -> None:
    on = (CalendarHours("c", (Hours(600, 60),)),)
    found = preview(store, at=datetime(2026, 10, 1, tzinfo=UTC), on=on)
    assert found.words == "Closed now. Next: opens Tue 1 December 2026 10:00."
    assert found.next_opening == datetime(2026, 12, 1, 9, tzinfo=UTC)
    gone = preview(store, at=datetime(2026, 12, 2, tzinfo=UTC), on=on)
    assert (gone.words, gone.next_opening) == ("Closed, and it does not open within a year.", None)


def test_days_show_nights_that_go_on_and_calendars_that_close(store: Store) -> None:
    days = preview(store, NIGHTS, on=(CalendarHours("c"),)).days
    assert len(days) == DAYS
    monday, tuesday, wednesday = days[1:4]
    assert monday.open == ((1320, 1440),)
    assert (tuesday.calendar, tuesday.hours, tuesday.open) == ("Holidays", (), ((0, 360),))
    assert (wednesday.calendar, wednesday.open) == (None, ((1320, 1440),))


def test_window_that_the_clock_skips_is_a_warning(store: Store) -> None:
    found = preview(store, Window((6,), Hours(120, 60)))
    assert found.warnings[0] == (
        "The window at 02:00 is not open on 28 March 2027: the clock is put forward over it in Europe/Berlin."
    )


def test_contradiction_is_refused(store: Store) -> None:
    with pytest.raises(BadInput, match="overlap"):
        preview(store, WORK, Window((0,), Hours(600, 60)))
    with pytest.raises(BadField) as refused:
        preview(store, WORK, on=(CalendarHours("gone"),))
    assert refused.value.field == "on_calendar"
