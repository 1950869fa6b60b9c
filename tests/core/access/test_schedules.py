"""When schedules are open: half-open windows, nights in one piece, calendars, and days on which the clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.access.schedules import WEEK_MIN, Calendar, CalendarDay, CalendarHours, Hours, Schedule, Window
from app.core.access.time_zones import clock_change, instant, time_zone
from app.core.access.timetable import Timetable
from app.core.errors import BadInput
from tests.core.access.worlds import CALENDARS, CLOCKS, INSTANTS, schedules

BERLIN, NEW_YORK, LORD_HOWE = (time_zone(n) for n in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe"))
EVERY_DAY = tuple(range(7))
MINUTE = timedelta(minutes=1)
CHRISTMAS = Calendar("x", "Holidays", (CalendarDay(date(2026, 12, 25), yearly=True),))


def schedule(*windows: Window, on_calendar: tuple[CalendarHours, ...] = ()) -> Timetable:
    calendars = {"x": CHRISTMAS, "y": Calendar("y", "Closing", (CalendarDay(date(2026, 12, 25)),))}
    return Timetable(Schedule("s", "Schedule", windows, on_calendar), calendars)


def window(days: str, start: str, length: str) -> Window:
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    weekdays = EVERY_DAY if days == "daily" else tuple(names.index(day) for day in days.split())
    (h, m), (hours, minutes) = (map(int, time.split(":")) for time in (start, length))
    return Window(weekdays, Hours(h * 60 + m, hours * 60 + minutes))


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def open_minutes(timetable: Timetable, start: datetime, end: datetime, zone: ZoneInfo) -> int:
    """Counted minute by minute, as somebody with a watch would."""
    count, step = 0, start.astimezone(UTC)
    while step < end.astimezone(UTC):
        count += timetable.is_open(step, zone)
        step += MINUTE
    return count


SPRING, AUTUMN = "spring", "autumn"
CHANGES = {
    (BERLIN, SPRING): date(2027, 3, 28),
    (BERLIN, AUTUMN): date(2027, 10, 31),
    (NEW_YORK, SPRING): date(2027, 3, 14),
    (NEW_YORK, AUTUMN): date(2027, 11, 7),
    (LORD_HOWE, SPRING): date(2027, 10, 3),
    (LORD_HOWE, AUTUMN): date(2027, 4, 4),
}


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        ("02:00", "01:00", {BERLIN: (0, 120), NEW_YORK: (0, 60), LORD_HOWE: (30, 60)}),
        ("01:30", "02:00", {BERLIN: (60, 180), NEW_YORK: (60, 150), LORD_HOWE: (90, 150)}),
        ("00:00", "24:00", {BERLIN: (1380, 1500), NEW_YORK: (1380, 1500), LORD_HOWE: (1410, 1470)}),
    ],
)
@pytest.mark.parametrize("season", [SPRING, AUTUMN])
def test_minutes_open_on_the_day_the_clock_changes(
    start: str, length: str, expected: dict[ZoneInfo, tuple[int, int]], season: str
) -> None:
    timetable = schedule(window("daily", start, length))
    for zone, (spring, autumn) in expected.items():
        day = CHANGES[zone, season]
        opened = open_minutes(timetable, instant(day, 0, zone), instant(day, 1440, zone), zone)
        assert opened == (spring if season == SPRING else autumn), zone


@pytest.mark.parametrize(("season", "expected"), [(SPRING, 420), (AUTUMN, 540)])
def test_saturday_night_shift_over_the_change(season: str, expected: int) -> None:
    sunday = CHANGES[BERLIN, season]
    timetable = schedule(window("Sat", "22:00", "08:00"))
    start, end = instant(sunday - timedelta(days=1), 0, BERLIN), instant(sunday, 1440, BERLIN)
    assert open_minutes(timetable, start, end, BERLIN) == expected


def test_overnight_window_belongs_to_its_first_day() -> None:
    nights = schedule(window("Mon Tue Wed Thu Fri", "22:00", "08:00"))
    assert nights.is_open(at("2026-11-28 01:00"), BERLIN)  # Saturday: Friday's night
    assert not nights.is_open(at("2026-11-30 01:00"), BERLIN)  # Monday: no night began on Sunday
    assert nights.is_open(at("2026-11-30 22:00"), BERLIN)
    assert nights.is_open(at("2026-12-01 05:59:59"), BERLIN)
    assert not nights.is_open(at("2026-12-01 06:00"), BERLIN)


def test_calendar_replaces_the_windows_that_start_on_its_dates() -> None:
    nights = schedule(window("daily", "22:00", "08:00"), on_calendar=(CalendarHours("x"),))
    assert nights.is_open(at("2026-12-25 05:00"), BERLIN)  # the night before runs to its end
    assert not nights.is_open(at("2026-12-25 23:00"), BERLIN)
    assert not nights.is_open(at("2026-12-26 05:00"), BERLIN)
    assert nights.is_open(at("2026-12-26 22:00"), BERLIN)


def test_first_listed_calendar_counts() -> None:
    short = CalendarHours("x", (Hours(600, 60),))
    for entries, opened in (((short, CalendarHours("y")), True), ((CalendarHours("y"), short), False)):
        timetable = schedule(window("daily", "07:00", "12:00"), on_calendar=entries)
        assert timetable.is_open(at("2026-12-25 10:30"), BERLIN) is opened
        assert not timetable.is_open(at("2026-12-25 12:00"), BERLIN)


def test_schedule_without_a_calendar_ignores_holidays() -> None:
    assert schedule(window("daily", "07:00", "12:00")).is_open(at("2026-12-25 10:30"), BERLIN)


def test_29_february_comes_in_leap_years() -> None:
    calendar = Calendar("x", "Leap", (CalendarDay(date(2028, 2, 29), yearly=True),))
    assert [calendar.has(date(year, 2, 28)) for year in (2027, 2028)] == [False, False]
    assert calendar.has(date(2032, 2, 29))


def test_window_in_a_clock_change_gap_is_found_in_advance() -> None:
    timetable = schedule(window("daily", "02:00", "01:00"))
    year = date(2027, 1, 1), date(2027, 12, 31)
    assert timetable.skipped(*year, BERLIN) == [(date(2027, 3, 28), Hours(120, 60))]
    assert timetable.skipped(*year, LORD_HOWE) == []  # half an hour of it is left
    assert schedule(window("daily", "02:00", "01:01")).skipped(*year, BERLIN) == []
    assert schedule(window("Mon", "02:00", "01:00")).skipped(*year, BERLIN) == []


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-29 12:00", "2026-11-30 07:00"),
        ("2026-11-30 07:00", "2026-11-30 07:00"),
        ("2026-11-30 19:00", "2026-12-01 07:00"),
        ("2026-12-24 19:00", "2026-12-28 07:00"),
    ],
)
def test_next_opening(now: str, opens: str) -> None:
    working = schedule(window("Mon Tue Wed Thu Fri", "07:00", "12:00"), on_calendar=(CalendarHours("x"),))
    assert working.next_opening(at(now), BERLIN) == at(opens)


def test_window_opens_when_the_clock_skips_its_start() -> None:
    timetable = schedule(window("Sun", "02:30", "02:00"))
    assert timetable.next_opening(at("2027-03-28 00:00"), BERLIN) == at("2027-03-28 03:00")


def test_window_opens_again_in_a_repeated_hour() -> None:
    timetable = schedule(window("Sun", "02:00", "00:30"))
    first = at("2027-10-31 02:45").astimezone(UTC)
    assert timetable.next_opening(first, BERLIN) == first + timedelta(minutes=15)


def test_schedule_of_one_past_day_does_not_open_again() -> None:
    once = Timetable(
        Schedule("s", "Once", (), (CalendarHours("y", (Hours(600, 60),)),)),
        {"y": Calendar("y", "Day", (CalendarDay(date(2026, 12, 25)),))},
    )
    assert once.next_opening(at("2026-12-25 11:00"), BERLIN) is None


def test_start_of_an_open_window() -> None:
    timetable = schedule(window("daily", "22:00", "08:00"))
    assert timetable.open_since(at("2026-12-01 05:00"), BERLIN) == at("2026-11-30 22:00")
    assert timetable.open_since(at("2026-12-01 06:00"), BERLIN) is None
    round_the_clock = schedule(window("daily", "00:00", "24:00"))
    assert round_the_clock.open_since(at("2026-12-01 05:00"), BERLIN) == at("2026-12-01 00:00")


def test_clock_change_is_found_to_the_second() -> None:
    assert clock_change(date(2027, 3, 28), BERLIN) == (datetime(2027, 3, 28, 1, tzinfo=UTC), timedelta(hours=1))
    assert clock_change(date(2027, 4, 4), LORD_HOWE) == (datetime(2027, 4, 3, 15, tzinfo=UTC), timedelta(minutes=-30))
    assert clock_change(date(2027, 6, 1), BERLIN) is None


@settings(max_examples=30, deadline=None)
@given(schedules(), st.tuples(CALENDARS, CALENDARS), INSTANTS, st.sampled_from(CLOCKS))
def test_next_opening_is_the_first_open_minute(
    drawn: Schedule, dates: tuple[tuple[CalendarDay, ...], tuple[CalendarDay, ...]], now: datetime, clock: str
) -> None:
    zone = time_zone(clock)
    timetable = Timetable(drawn, {f"c{i}": Calendar(f"c{i}", "Dates", days) for i, days in enumerate(dates)})
    opening = timetable.next_opening(now, zone, days=4)
    expected = now if timetable.is_open(now, zone) else None
    step = now.replace(second=0, microsecond=0) + MINUTE
    while expected is None and step < now + timedelta(days=3):
        if timetable.is_open(step, zone):
            expected = step
        step += MINUTE
    if expected is not None:
        assert opening == expected
    else:
        assert opening is None or opening >= now + timedelta(days=3) - MINUTE


@settings(max_examples=20, deadline=None)
@given(schedules(), st.sampled_from(CLOCKS), st.dates(date(2027, 1, 1), date(2028, 12, 31)))
def test_minutes_of_a_week_are_the_lengths_of_its_windows(drawn: Schedule, clock: str, day: date) -> None:
    """In a week before which and in which the clock is not changed."""
    zone = time_zone(clock)
    if any(clock_change(day + timedelta(days=n), zone) for n in range(-1, 8)):
        return
    timetable = Timetable(Schedule("s", "s", drawn.windows), {})
    opened = sum(bin(timetable.minutes_on((day + timedelta(days=n)).toordinal())).count("1") for n in range(7))
    assert opened == sum(len(w.weekdays) * w.hours.length_min for w in drawn.windows) <= WEEK_MIN
    assert opened == open_minutes(timetable, instant(day, 0, zone), instant(day + timedelta(days=7), 0, zone), zone)


@pytest.mark.parametrize(
    ("build", "code"),
    [
        (lambda: Hours(0, 0), "bad_window"),
        (lambda: Hours(0, 1441), "bad_window"),
        (lambda: Hours(1440, 10), "bad_window"),
        (lambda: Hours(-1, 10), "bad_window"),
        (lambda: Window((), Hours(0, 60)), "bad_window"),
        (lambda: Window((1, 1), Hours(0, 60)), "bad_window"),
        (lambda: Window((7,), Hours(0, 60)), "bad_window"),
        (lambda: Schedule("s", "Empty"), "bad_schedule"),
        (lambda: Schedule("s", "", (window("Mon", "07:00", "01:00"),)), "bad_name"),
        (lambda: schedule(window("Mon", "07:00", "02:00"), window("Mon", "08:59", "01:00")), "overlapping_windows"),
        (lambda: schedule(window("Sun", "22:00", "08:00"), window("Mon", "05:00", "01:00")), "overlapping_windows"),
        (lambda: CalendarHours("x", (Hours(600, 60), Hours(600, 60))), "overlapping_windows"),
        (
            lambda: schedule(window("Mon", "07:00", "01:00"), on_calendar=(CalendarHours("x"), CalendarHours("x"))),
            "duplicate_calendar",
        ),
        (
            lambda: Calendar("c", "Twice", (CalendarDay(date(2027, 1, 1)), CalendarDay(date(2027, 1, 1)))),
            "duplicate_date",
        ),
        (
            lambda: Calendar("c", "Twice", (CalendarDay(date(2027, 1, 1)), CalendarDay(date(2020, 1, 1), True))),
            "duplicate_date",
        ),
        (
            lambda: Calendar("c", "Twice", (CalendarDay(date(2021, 1, 1), True), CalendarDay(date(2020, 1, 1), True))),
            "duplicate_date",
        ),
        (
            lambda: Calendar(
                "c", "Twice", (CalendarDay(date(2027, 1, 1), False, "New Year"), CalendarDay(date(2027, 1, 1)))
            ),
            "duplicate_date",
        ),
        (lambda: CalendarDay(date(2027, 1, 1), False, "\u202e"), "bad_name"),
        (lambda: time_zone("Europe/Bonn"), "unknown_time_zone"),
        (lambda: time_zone("../../etc/passwd"), "unknown_time_zone"),
    ],
)
def test_impossible_schedule_is_refused(build: object, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        build()  # type: ignore[operator]
    assert refused.value.code == code


def test_windows_that_touch_do_not_overlap() -> None:
    timetable = schedule(window("daily", "00:00", "24:00"))
    assert timetable.minutes_on(date(2026, 11, 29).toordinal()) == (1 << 1440) - 1
    schedule(window("Mon", "07:00", "02:00"), window("Mon", "09:00", "01:00"))
