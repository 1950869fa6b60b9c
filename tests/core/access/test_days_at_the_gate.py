"""The first and last day of somebody's validity are days on the wall clock of the gate, however long they are."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.core.access.permission import CompiledRules
from app.core.access.rules import GatePlace, Site
from app.core.types import Reason
from tests.core.access.passage import ALWAYS, GATE, TICK, Scene

HOUR = timedelta(hours=1)


def at_gate(zone: str, now: datetime, first: date | None = None, last: date | None = None) -> Reason:
    scene = Scene()
    scene.now = scene.captured_at = now
    scene.rules = CompiledRules(replace(ALWAYS.rules, sites=(Site("here", "Here", zone),)))
    scene.changed(valid_from=first, valid_until=last)
    return scene.decide().reason


# When the day starts and ends at the gate, worked out by hand from the zone's offset.
DAYS = [
    ("Australia/Sydney", date(2026, 12, 1), datetime(2026, 11, 30, 13, tzinfo=UTC), 24),
    ("America/New_York", date(2026, 12, 1), datetime(2026, 12, 1, 5, tzinfo=UTC), 24),
    ("Europe/Berlin", date(2026, 12, 1), datetime(2026, 11, 30, 23, tzinfo=UTC), 24),
    ("Europe/Berlin", date(2027, 3, 28), datetime(2027, 3, 27, 23, tzinfo=UTC), 23),  # the clock goes forward
    ("Europe/Berlin", date(2026, 10, 25), datetime(2026, 10, 24, 22, tzinfo=UTC), 25),  # and back
    ("America/New_York", date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC), 25),
    ("Australia/Sydney", date(2026, 10, 4), datetime(2026, 10, 3, 14, tzinfo=UTC), 23),
    # The clock goes from 23:59:59 of the day before to 01:00: the day has no midnight, and starts at one.
    ("Africa/Cairo", date(2026, 4, 24), datetime(2026, 4, 23, 22, tzinfo=UTC), 23),
    # Samoa moved across the date line and had no 30 December 2011.
    ("Pacific/Apia", date(2011, 12, 31), datetime(2011, 12, 30, 10, tzinfo=UTC), 24),
]


@pytest.mark.parametrize(("zone", "day", "starts", "hours"), DAYS)
def test_one_day_holds_from_its_first_moment_to_its_last(zone: str, day: date, starts: datetime, hours: int) -> None:
    ends = starts + hours * HOUR
    found = {now: at_gate(zone, now, day, day) for now in (starts - TICK, starts, ends - TICK, ends)}
    assert found == {
        starts - TICK: Reason.NOT_YET_VALID,
        starts: Reason.RECOGNISED,
        ends - TICK: Reason.RECOGNISED,
        ends: Reason.EXPIRED,
    }


def test_day_that_the_calendar_skips_ends_with_the_day_before() -> None:
    skipped = date(2011, 12, 30)
    midnight = datetime(2011, 12, 30, 10, tzinfo=UTC)
    assert at_gate("Pacific/Apia", midnight - TICK, last=skipped) is Reason.RECOGNISED
    assert at_gate("Pacific/Apia", midnight, last=skipped) is Reason.EXPIRED
    assert at_gate("Pacific/Apia", midnight - TICK, first=skipped) is Reason.NOT_YET_VALID
    assert at_gate("Pacific/Apia", midnight, first=skipped) is Reason.RECOGNISED


def test_employee_in_sydney_passes_at_eight_on_the_first_day_and_not_after_the_last() -> None:
    first, last = date(2026, 12, 1), date(2026, 12, 31)
    assert at_gate("Australia/Sydney", datetime(2026, 11, 30, 21, tzinfo=UTC), first, last) is Reason.RECOGNISED
    assert at_gate("Australia/Sydney", datetime(2026, 12, 31, 21, tzinfo=UTC), first, last) is Reason.EXPIRED


def test_employee_in_new_york_passes_at_eight_in_the_evening_of_the_last_day() -> None:
    evening = datetime(2027, 1, 1, 1, tzinfo=UTC)
    assert at_gate("America/New_York", evening, last=date(2026, 12, 31)) is Reason.RECOGNISED


def test_gate_in_another_zone_than_its_site_has_its_own_day() -> None:
    away = GatePlace(GATE.id, GATE.name, "here", time_zone="Asia/Tokyo")
    scene = Scene()
    scene.now = scene.captured_at = datetime(2026, 11, 30, 15, tzinfo=UTC)
    scene.changed(valid_from=date(2026, 12, 1))
    assert scene.decide().reason is Reason.NOT_YET_VALID
    scene.rules = CompiledRules(replace(ALWAYS.rules, gates=(away,)))
    assert scene.decide().reason is Reason.RECOGNISED


def test_gate_that_the_rules_do_not_know_counts_in_utc() -> None:
    scene = Scene()
    scene.rules = CompiledRules(replace(ALWAYS.rules, gates=(), rules=()))
    assert scene.rules.day_at(GATE.id, datetime(2026, 11, 30, 23, 59, tzinfo=UTC)) == date(2026, 11, 30)
