"""Time ranges as people write them: on the site's clock, also where it goes back or ahead, or refused with examples."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import BadInput
from app.core.events.time_range import TimeRange, in_parts, read_range, written_range

BERLIN = ZoneInfo("Europe/Berlin")
INSTANTS = st.integers(0, 10**12).map(lambda ms: datetime(2010, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms))
NINE = datetime(2026, 11, 29, 8, tzinfo=UTC)  # a Sunday, nine in Berlin


def utc(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("", None, None),
        ("last hour", "2026-11-29T07:00", None),
        ("the Last 30 minutes", "2026-11-29T07:30", None),
        ("last 7 days", "2026-11-22T08:00", None),
        ("today", "2026-11-28T23:00", "2026-11-29T23:00"),
        ("Yesterday", "2026-11-27T23:00", "2026-11-28T23:00"),
        ("yesterday 17:00-17:10", "2026-11-28T16:00", "2026-11-28T16:10"),
        ("yesterday 17:00 \u2013 17:10:30", "2026-11-28T16:00", "2026-11-28T16:10:30"),
        ("08:00 to 08:30", "2026-11-29T07:00", "2026-11-29T07:30"),
        ("17:00-17:10", "2026-11-28T16:00", "2026-11-28T16:10"),  # today's has not begun
        ("today 17:00-17:10", "2026-11-29T16:00", "2026-11-29T16:10"),
        ("22:00-06:00", "2026-11-28T21:00", "2026-11-29T05:00"),
        ("23:00-24:00", "2026-11-28T22:00", "2026-11-28T23:00"),
        ("08:00 - now", "2026-11-29T07:00", None),
        ("monday", "2026-11-22T23:00", "2026-11-23T23:00"),
        ("sunday 10:00-11:00", "2026-11-22T09:00", "2026-11-22T10:00"),  # not today
        ("28.11. 10:00-11:00", "2026-11-28T09:00", "2026-11-28T10:00"),
        ("30.11.", "2025-11-29T23:00", "2025-11-30T23:00"),  # this year's is not over
        ("2026-11-20 - 2026-11-25", "2026-11-19T23:00", "2026-11-25T23:00"),
        ("2026-11-20 17:00 - 2026-11-21 06:00", "2026-11-20T16:00", "2026-11-21T05:00"),
        ("until 2026-11-20 17:00", None, "2026-11-20T16:00"),
        ("2026-10-25 02:15-02:45", "2026-10-25T00:15", "2026-10-25T01:45"),  # the clock shows both twice
        ("2026-10-25", "2026-10-24T22:00", "2026-10-25T23:00"),  # 25 hours
        ("2026-03-29 02:15-02:45", "2026-03-29T00:15", "2026-03-29T01:45"),  # the clock shows neither
        ("2026-03-29", "2026-03-28T23:00", "2026-03-29T22:00"),  # 23 hours
    ],
)
def test_range_is_read_on_the_clock_of_the_site(text: str, since: str | None, until: str | None) -> None:
    assert read_range(text, NINE, BERLIN) == TimeRange(utc(since), utc(until))


@pytest.mark.parametrize(
    "text",
    [
        "17:00", "foo", "17:00-", "-", "now", "now - now", "2026-13-01", "30.2.2026", "25:00-26:00", "24:01-24:02",
        "10:60-10:70", "2026-11-25 - 2026-11-20", "last 0 days", "last 99999 weeks", "0001-01-01", "9999-12-31",
        "17:00-17:10-17:20", "17:00 yesterday - now", "today today", "x" * 65, "\u0661\u0662:00-13:00",
    ],
)  # fmt: skip
def test_what_is_no_range_is_refused_with_examples(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_range(text, NINE, BERLIN)
    assert refused.value.code == "bad_range" and "yesterday 17:00-17:10" in refused.value.detail


@given(st.text(alphabet="0123456789:.- today yesterday last hours now until monday", max_size=40))
def test_any_text_is_a_range_or_refused(text: str) -> None:
    try:
        span = read_range(text, NINE, BERLIN)
    except BadInput:
        return
    assert span.since is None or span.until is None or span.since < span.until


@given(
    INSTANTS,
    st.timedeltas(timedelta(seconds=1), timedelta(days=400)),
    st.sampled_from(["Europe/Berlin", "UTC", "Asia/Kathmandu", "Australia/Lord_Howe"]),
)
def test_written_range_reads_as_no_less(start: datetime, wide: timedelta, zone: str) -> None:
    clock = ZoneInfo(zone)
    for span in (TimeRange(start, start + wide), TimeRange(start, None), TimeRange(None, start)):
        read = read_range(written_range(span, clock), NINE, clock)
        assert read.since is None if span.since is None else read.since is not None and read.since <= span.since
        assert read.until is None if span.until is None else read.until is not None and read.until >= span.until


@given(
    INSTANTS,
    st.timedeltas(timedelta(milliseconds=1), timedelta(days=4000)),
)
def test_parts_cover_the_range_and_are_few(start: datetime, wide: timedelta) -> None:
    edges = in_parts(start, start + wide, 60, BERLIN)
    assert edges[0] <= start and edges[-1] >= start + wide and 2 <= len(edges) <= 61
    assert len({later - earlier for earlier, later in itertools.pairwise(edges)}) == 1
