"""Dates as people write them: what a column proves about its order is right, and what it does not prove is asked."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import BadInput
from app.core.imports import people_file
from app.core.imports.people_columns import mapping_of
from app.core.imports.people_dates import ColumnOrder, DateOrder, read_day, spoken, written_day

DAY, MONTH = DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST
DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31)) | st.just(date(9999, 12, 31))
GERMAN = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]
Form = Callable[[date], str]
# However the day and the month are set, these say which is which.
CLEAR: list[Form] = [
    lambda day: day.isoformat(),
    lambda day: f"{day.year}/{day.month}/{day.day}",
    lambda day: f"{day.year}.{day.month:02}.{day.day:02}.",
    lambda day: f"{day:%Y-%m-%d} 00:00:00",
    lambda day: f"{day:%d %b %Y}",
    lambda day: f"{day:%B} {day.day}, {day.year}",
    lambda day: f"{day.day}. {GERMAN[day.month - 1]} {day.year}",
    lambda day: f"{day:%a, %d-%b-%Y}",
    lambda day: f"{day.day}th of {day:%B} {day.year}",
]
OPEN: dict[DateOrder, list[Form]] = {
    DAY: [
        lambda day: f"{day.day:02}.{day.month:02}.{day.year}",
        lambda day: f"{day.day}/{day.month}/{day.year}",
        lambda day: f"{day.day}. {day.month}. {day.year}",
        lambda day: f"{day.day:02}-{day.month:02}-{day.year} 23:59:59",
        lambda day: f"{day.day:02}.{day.month:02}.{day.year} 12:00:00 AM",
    ],
    MONTH: [
        lambda day: f"{day.month:02}/{day.day:02}/{day.year}",
        lambda day: f"{day.month}-{day.day}-{day.year}",
        lambda day: f"{day.month}/{day.day}/{day.year} 12:00 AM",
    ],
}


@given(DAYS, st.sampled_from(CLEAR))
def test_clear_form_is_read_in_any_order(day: date, form: Form) -> None:
    for order in (None, *DateOrder):
        assert read_day("valid_until", form(day), order) == day, form(day)


@given(DAYS, st.sampled_from(DateOrder), st.data())
def test_named_order_reads_its_form(day: date, order: DateOrder, data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(OPEN[order]))
    assert read_day("valid_until", form(day), order) == day, form(day)


@given(st.lists(DAYS, min_size=1, max_size=30), st.sampled_from(DateOrder), st.data())
def test_column_proves_its_order_or_is_asked_and_is_never_read_wrong(
    days: list[date], order: DateOrder, data: st.DataObject
) -> None:
    form = data.draw(st.sampled_from(OPEN[order]))
    column = ColumnOrder("valid_until")
    for line, day in enumerate(days, 2):
        column.take(line, form(day))
    proved = any(day.day > 12 for day in days)
    matters = any(day.day != day.month for day in days)
    if not proved and matters:
        with pytest.raises(BadInput) as asked:
            column.order()
        assert asked.value.code == "ambiguous_dates"
        return
    assert column.order() is (order if proved else None)
    assert [read_day("valid_until", form(day), column.order()) for day in days] == days


@given(DAYS)
def test_eight_digits_are_read_if_one_reading_is_a_day(day: date) -> None:
    assert read_day("valid_until", f"{day:%Y%m%d}", None) == day


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["01.02.2027", "03.04.2027"], "valid_until in line 2 is 01.02.2027: 1 February 2027, or 2 January 2027?"),
        (
            ["05/05/2027", "31/12/2026", "12/31/2026"],
            "the day first in line 3 (31/12/2026) and the month first in line 4",
        ),
    ],
)
def test_question_names_line_and_both_readings(cells: list[str], said: str) -> None:
    column = ColumnOrder("valid_until")
    for line, cell in enumerate(cells, 2):
        column.take(line, cell)
    with pytest.raises(BadInput) as asked:
        column.order()
    assert said in asked.value.detail


@pytest.mark.parametrize(
    ("cell", "cure"),
    [
        ("31.12.26", "four digits"),
        ("31-Dec-26", "four digits"),
        ("46387", "spreadsheet's count of days"),
        ("31.12.2026 08:00", "without a time of day"),
        ("31.12.2026 11:59 AM", "without a time of day"),
        ("30.02.2026", "such as 2027-12-31"),
        ("2026-31-12", "such as 2027-12-31"),
        ("tomorrow", "such as 2027-12-31"),
        ("1 Ju 2027", "such as 2027-12-31"),
        ("1 Feb Mar 2027", "such as 2027-12-31"),
        ("1 2 3 Feb 2027", "such as 2027-12-31"),
        ("31.12.1026", "such as 2027-12-31"),
        ("31.12-2026", "such as 2027-12-31"),
        ("٣١.١٢.٢٠٢٦", "such as 2027-12-31"),
        ("9" * 100_000, "such as 2027-12-31"),
    ],
)
@pytest.mark.parametrize("order", [None, *DateOrder])
def test_what_is_no_day_is_refused_with_the_cure(cell: str, cure: str, order: DateOrder | None) -> None:
    with pytest.raises(BadInput) as refused:
        read_day("valid_until", cell, order)
    assert refused.value.code == "bad_valid_until" and cure in refused.value.detail


def test_cell_that_the_named_order_excludes_is_refused() -> None:
    with pytest.raises(BadInput, match="no date with the month first"):
        read_day("valid_until", "31/12/2026", MONTH)
    with pytest.raises(BadInput, match="day or the month is first"):
        read_day("valid_until", "01/02/2026", None)


def test_consent_with_a_time_proves_the_order_of_its_column() -> None:
    file = people_file.read(
        b"number,name,consent_at\nE-1,Ada,01/02/2027 14:30\nE-2,Bob,25/02/2027 09:15\nE-3,Cy,\xc2\xa003/04/2027\n"
    )
    assert [row.value("consent_at") for row in file.rows] == [date(2027, 2, 1), date(2027, 2, 25), date(2027, 4, 3)]
    assert "consent_at was read with the day first: 01/02/2027 14:30 is 1 February 2027." in file.notices
    with pytest.raises(BadInput, match="consent_at in line 2 is 01/02/2027 14:30: 1 February 2027, or 2 January 2027"):
        people_file.read(b"number,name,consent_at\nE-1,Ada,01/02/2027 14:30\n")


def test_order_is_said_of_a_cell_as_it_was_read() -> None:
    said = mapping_of({"dates": "day_first"})
    file = people_file.read(b'number,name,valid_until\nE-1,Ada,"=""01/02/2027"""\n', None, said)
    assert "valid_until was read with the day first: 01/02/2027 is 1 February 2027." in file.notices


def test_consent_may_have_a_time() -> None:
    assert read_day("consent_at", "31.12.2026 14:30", DAY) == date(2026, 12, 31)


@given(st.text(max_size=40))
def test_any_text_is_a_day_or_none(text: str) -> None:
    written = written_day(text)
    assert written is None or written.day_first or written.month_first


def test_spoken_day_is_the_day() -> None:
    for days in range(366):
        day = date(2028, 1, 1) + timedelta(days)
        assert read_day("valid_until", spoken(day), None) == day
