"""Days out of iCalendar files: as other programs write them, as their senders meant them, and hostile ones."""

from datetime import UTC, date, datetime
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.icalendar.calendar_file import MOST_BYTES, MOST_LEFT_OUT, read_calendar, write_calendar
from app.core.access.schedules import Calendar, CalendarDay
from app.core.errors import BadInput

TODAY = date(2026, 11, 29)
NOW = datetime(2026, 11, 29, 8, tzinfo=UTC)


def ics(*events: str, line: str = "\r\n") -> bytes:
    """Each event is its lines, apart from BEGIN and END."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN"]
    for number, event in enumerate(events):
        lines += ["BEGIN:VEVENT", f"UID:{number}", "DTSTAMP:20260101T000000Z", *event.splitlines(), "END:VEVENT"]
    return line.join([*lines, "END:VCALENDAR", ""]).encode()


def days(*events: str) -> list[str]:
    """The days of a file, as `2026-12-25 Name` or `12-25 of every year Name`."""
    return [f"{day} {day.name}".strip() for day in read_calendar(ics(*events), TODAY).days]


def left_out(*events: str) -> str:
    """Why the only event was left out."""
    found = read_calendar(ics(*events, "DTSTART;VALUE=DATE:20990101"), TODAY)
    assert len(found.days) == 1
    (why,) = found.left_out
    return why


FRIDAY = "DTSTART;VALUE=DATE:20270326"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (f"{FRIDAY}\nSUMMARY:Good Friday", ["2027-03-26 Good Friday"]),
        (f"{FRIDAY}\nDTEND;VALUE=DATE:20270327", ["2027-03-26"]),
        (f"{FRIDAY}\nDTEND;VALUE=DATE:20270329", ["2027-03-26", "2027-03-27", "2027-03-28"]),
        (f"{FRIDAY}\nDURATION:P2D", ["2027-03-26", "2027-03-27"]),
        # Outlook writes whole days as from midnight to midnight.
        ("DTSTART;TZID=Europe/Berlin:20270326T000000\nDTEND;TZID=Europe/Berlin:20270327T000000", ["2027-03-26"]),
        (f"{FRIDAY}\nSUMMARY:Tag der\\, Arbeit \\n und mehr", ["2027-03-26 Tag der, Arbeit und mehr"]),
        (f"{FRIDAY}\nSUMMARY:A\u202eB\u0007", ["2027-03-26 A B"]),
        ("DTSTART;VALUE=DATE:20201225\nRRULE:FREQ=YEARLY\nSUMMARY:Christmas", ["12-25 of every year Christmas"]),
        ("DTSTART;VALUE=DATE:16011225\nRRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;WKST=MO", None),
        ("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY", ["02-29 of every year"]),
        (
            "DTSTART;VALUE=DATE:20231231\nDTEND;VALUE=DATE:20240102\nRRULE:FREQ=YEARLY",
            ["01-01 of every year", "12-31 of every year"],
        ),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;COUNT=2", ["2026-12-25", "2027-12-25"]),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;UNTIL=20281225", ["2026-12-25", "2027-12-25", "2028-12-25"]),
        (
            "DTSTART;VALUE=DATE:20341225\nRRULE:FREQ=YEARLY\nEXDATE;VALUE=DATE:20351225",
            ["2034-12-25", "2036-12-25"],
        ),
        (
            "DTSTART;VALUE=DATE:20350101\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
            ["2035-01-01", "2035-11-22", "2036-11-27"],
        ),
        (
            "DTSTART;VALUE=DATE:20361128\nRRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=FR,SA",
            ["2036-11-28", "2036-11-29", "2036-12-12", "2036-12-13", "2036-12-26", "2036-12-27"],
        ),
        ("DTSTART;VALUE=DATE:20270326\nRDATE;VALUE=DATE:20280414", ["2027-03-26", "2028-04-14"]),
    ],
)
def test_an_event_becomes_its_days(event: str, expected: list[str] | None) -> None:
    assert days(event) == (expected or ["12-25 of every year"])


def test_a_recurrence_is_followed_for_ten_years() -> None:
    found = days("DTSTART;VALUE=DATE:20200525\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO\nSUMMARY:Memorial Day")
    assert (found[0], found[-1], len(found)) == ("2025-05-26 Memorial Day", "2036-05-26 Memorial Day", 12)


def test_a_date_is_there_once_and_the_one_of_every_year_covers_it() -> None:
    christmas = "DTSTART;VALUE=DATE:20261225\nSUMMARY:"
    assert days(f"{christmas}First", f"{christmas}Second") == ["2026-12-25 First"]
    assert days(f"{christmas}Once", f"{christmas}Always\nRRULE:FREQ=YEARLY") == ["12-25 of every year Always"]


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ("SUMMARY:Fair", "Fair: it has no start."),
        ("SUMMARY:Fair\nDTSTART:tomorrow", "Fair: its DTSTART cannot be read."),
        (f"{FRIDAY}\n{FRIDAY}", "Event 1: its DTSTART cannot be read."),
        ("DTSTART:20270326T140000Z\nDTEND:20270326T150000Z", "Event 1: it has a time of day"),
        ("DTSTART:20270326T000000Z", "Event 1: it has a time of day"),
        (f"{FRIDAY}\nDTEND;VALUE=DATE:20290327", "Event 1: it lasts longer than 366 days."),
        (f"{FRIDAY}\nDURATION:long\nRDATE:x", "Event 1: its RDATE cannot be read."),
        ("DTSTART;VALUE=DATE:00010101", "Event 1: its year is 1."),
        (f"{FRIDAY}\nSTATUS:CANCELLED", "Event 1: it is cancelled."),
        (f"{FRIDAY}\nRRULE:FREQ=SOMETIMES", "Event 1: its recurrence cannot be read."),
        (f"{FRIDAY}\nRRULE:FREQ=DAILY\nRRULE:FREQ=YEARLY", "Event 1: its recurrence cannot be read."),
        (f"{FRIDAY}\nRRULE:FREQ=SECONDLY", "Event 1: its recurrence is of a kind that is not read."),
        (f"{FRIDAY}\nRRULE:FREQ=YEARLY;BYWEEKNO=20", "Event 1: its recurrence is of a kind that is not read."),
        (f"{FRIDAY}\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "Event 1: its recurrence is of a kind"),
        (f"{FRIDAY}\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "Event 1: it names a day that not every month has."),
        (f"{FRIDAY}\nRRULE:FREQ=MONTHLY;BYDAY=5MO", "Event 1: it names a day that not every month has."),
        (f"{FRIDAY}\nRRULE:FREQ=YEARLY;BYDAY=99MO", "Event 1: it names a day that not every year has."),
        (
            "DTSTART;VALUE=DATE:20270331\nRRULE:FREQ=YEARLY;BYMONTH=2",
            "Event 1: it names a day that not every month has.",
        ),
        ("DTSTART;VALUE=DATE:19050101\nRRULE:FREQ=DAILY", "Event 1: it repeats since 1905"),
    ],
)
def test_an_event_that_is_left_out_is_reported(event: str, why: str) -> None:
    assert left_out(event).startswith(why)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "This is no iCalendar file"),
        (b"hello", "This is no iCalendar file"),
        (b"PK\x03\x04", "This is no iCalendar file"),
        (ics().replace(b"BEGIN", "BEGIN\u00e9".encode("latin-1")), "The file is not UTF-8"),
        (ics("DTSTART;VALUE=DATE:20270326").decode().encode("utf-16"), "The file is not UTF-8"),
        (ics(), "The file holds no events"),
        (ics("SUMMARY:Fair")[:-30], "The file breaks off"),
        (ics() + b"END:VCALENDAR", "The file breaks off"),
        (b"BEGIN:VCALENDAR\r\n" * 5 + b"END:VCALENDAR\r\n" * 5, "The parts of the file are nested too deep"),
        (
            b"BEGIN:VCALENDAR\r\n" + b"BEGIN:A\r\n" * 9000 + b"END:A\r\n" * 9001,
            "The parts of the file are nested too deep",
        ),
        (ics(*["S:"] * 4001), "The file holds too many events"),
        (ics(*["S:"] * 2001), "The file holds 2001 events"),
        (b"x" * (MOST_BYTES + 1), "The file is too large: at most 500 kB"),
        (ics(*["DTSTART;VALUE=DATE:19700101\nRRULE:FREQ=DAILY"] * 2), "The events of this file repeat too often"),
        (ics(f"{FRIDAY}\nDURATION:P366D\nRRULE:FREQ=DAILY"), "The file holds more than"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_as_a_whole(raw: bytes, said: str) -> None:
    began = process_time()
    with pytest.raises(BadInput) as refused:
        read_calendar(raw, TODAY)
    assert refused.value.code == "bad_calendar_file"
    assert refused.value.detail.startswith(said)
    assert process_time() - began < 20


def test_a_bad_line_spoils_its_event_alone() -> None:
    found = read_calendar(ics("no content line", FRIDAY), TODAY)
    assert (len(found.days), found.left_out) == (1, ("Event 1: it has no start.",))


def test_a_long_report_is_cut() -> None:
    found = read_calendar(ics(*["SUMMARY:x"] * 80), TODAY)
    assert len(found.left_out) == MOST_LEFT_OUT + 1
    assert found.left_out[-1] == "30 more events."


LINES = st.sampled_from(
    [f"{key}{rest}" for key in ("DTSTART", "DTEND", "RRULE", "EXDATE", "RDATE", "DURATION", "SUMMARY", "STATUS", "END")
     for rest in (":", ";VALUE=DATE:20270326", ":20270326T000000Z", ";TZID=Nowhere:20270326T000000", ":FREQ=YEARLY",
                  ":FREQ=MONTHLY;BYDAY=1MO,-1FR;COUNT=-3", ":FREQ=DAILY;INTERVAL=0", ":P1D", ":\u0000", ":VEVENT", "")]
)  # fmt: skip


@given(st.lists(st.lists(LINES, max_size=6).map("\n".join), min_size=1, max_size=3))
def test_whatever_a_file_holds_it_is_read_or_refused(events: list[str]) -> None:
    try:
        found = read_calendar(ics(*events), TODAY)
    except BadInput as refused:
        assert refused.code == "bad_calendar_file"
    else:
        Calendar("C", "Read", found.days)


DATES = st.dates(date(1999, 1, 1), date(2100, 1, 1))
NAMES = st.sampled_from(("", "Good Friday", "Tag der; Arbeit, oder\\auch", "Neujahr " * 12, "\u5143\u65e6"))
DAYS = st.lists(st.builds(CalendarDay, DATES, st.booleans(), NAMES), min_size=1, max_size=20)


@given(DAYS)
def test_written_calendar_reads_back_the_same(drawn: list[CalendarDay]) -> None:
    by_date = {day.month_and_day: day for day in drawn}
    calendar = Calendar("C", "Holidays", tuple(sorted(by_date.values())))
    written = write_calendar(calendar, NOW)
    assert written == write_calendar(calendar, NOW)
    found = read_calendar(written, TODAY)
    assert not found.left_out
    named = [CalendarDay(day.date, day.yearly, day.name.strip() or "Holidays") for day in calendar.days]
    assert list(found.days) == sorted(named)
