"""What zones ask and what gates between them mean, without a database."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.access.passages.muster import Tick, muster_list
from app.core.access.passages.presence import Passage, Presence, UnknownPeople, reserved_until
from app.core.access.passages.ways import ZoneMap
from app.core.access.passages.zone_checks import Position, check
from app.core.access.rule_set import RuleSet
from app.core.access.rules import GatePlace, Site, Zone
from app.core.access.time_zones import time_zone
from app.core.access.zone_policy import AntiPassback, ZonePolicy
from app.core.errors import BadInput
from app.core.types import Reason

NOW = datetime(2027, 3, 28, 12, 0, tzinfo=UTC)
BERLIN = time_zone("Europe/Berlin")
NOBODY: frozenset[str] = frozenset()
PLACES = (None, "yard", "office", "lab", "store")
HARD = ZonePolicy(AntiPassback.HARD)


def building(policy: ZonePolicy = HARD, **of: ZonePolicy) -> ZoneMap:
    """The yard holds the office, which holds the lab; the store is apart. A gate leads from every place to every other,
    and is called by both."""
    parents = {"yard": None, "office": "yard", "lab": "office", "store": None}
    zones = tuple(Zone(name, name.title(), "s", parent, of.get(name, policy)) for name, parent in parents.items())
    ways = [(a, b) for a, b in product(PLACES, PLACES) if a != b]
    gates = tuple(GatePlace(f"{a}>{b}", f"{a}>{b}", "s", a, b) for a, b in ways)
    return ZoneMap(RuleSet(1, (Site("s", "Site", "Europe/Berlin"),), zones, gates))


def asks(zones: ZoneMap, gate: str, position: Position, inside: int = 0, now: datetime = NOW) -> Reason | None:
    way = zones.way(gate)
    assert way is not None
    return check(way, zones, position, NOBODY, now, lambda zone: inside).reason


def at(place: str | None, since: datetime = NOW - timedelta(minutes=5)) -> Position:
    return Position(Presence("ada", place, since))


WAYS = [f"{a}>{b}" for a, b in product(PLACES, PLACES) if a != b]


@pytest.mark.parametrize("gate", WAYS)
def test_zones_entered_and_left_are_what_differs_between_both_ends(gate: str) -> None:
    zones = building()
    way = zones.way(gate)
    assert way is not None
    before, after = zones.around(way.zone_from), zones.around(way.zone_to)
    assert {zone.id for zone in way.entered} == after - before
    assert {zone.id for zone in way.left} == before - after
    depths = [len(zones.around(zone.id)) for zone in way.entered]
    assert depths == sorted(depths, reverse=True), "the innermost first"


@given(
    gate=st.sampled_from(WAYS),
    place=st.sampled_from((*PLACES, "nobody knows")),
    policy=st.builds(
        ZonePolicy,
        st.sampled_from((AntiPassback.SOFT, AntiPassback.HARD, AntiPassback.OFF)),
        limit=st.none() | st.integers(1, 3),
    ),
    inside=st.integers(0, 5),
    minutes=st.integers(0, 3000),
)
def test_way_that_only_leads_out_is_never_refused(
    gate: str, place: str | None, policy: ZonePolicy, inside: int, minutes: int
) -> None:
    zones = building(policy)
    way = zones.way(gate)
    assert way is not None
    position = Position() if place == "nobody knows" else at(place, NOW - timedelta(minutes=minutes))
    reason = asks(zones, gate, position, inside)
    if not way.entered:
        assert reason is None
    elif place == "nobody knows" and policy.limit is None:
        assert reason is None, "once in either direction"


@given(gate=st.sampled_from(WAYS), place=st.sampled_from(PLACES))
def test_hard_refuses_exactly_who_is_in_a_zone_that_they_enter(gate: str, place: str | None) -> None:
    zones = building()
    way = zones.way(gate)
    assert way is not None
    there = {zone.id for zone in way.entered} & zones.around(place)
    assert (asks(zones, gate, at(place)) is Reason.ANTI_PASSBACK) == bool(there)


def test_granted_passage_counts_as_inside_until_it_lapses() -> None:
    zones = building()
    granted = Passage("p", "g", "e", "ada", None, "office", NOW, NOW + timedelta(seconds=8))
    on_the_way = Position(None, (granted,))
    assert asks(zones, "None>yard", on_the_way) is Reason.ANTI_PASSBACK
    assert asks(zones, "None>yard", on_the_way, now=granted.until) is None
    assert asks(zones, "office>None", on_the_way) is None


def test_way_into_a_zone_that_cannot_be_read_is_shut_inwards_alone() -> None:
    gates = (GatePlace("in", "in", "s", None, "gone"), GatePlace("out", "out", "s", "gone", None))
    zones = ZoneMap(RuleSet(1, (Site("s", "Site", "UTC"),), (), gates))
    assert asks(zones, "in", Position()) is Reason.SYSTEM_FAULT
    assert asks(zones, "out", Position()) is None


def test_leaving_into_a_zone_that_cannot_be_read_or_from_one_is_never_refused() -> None:
    inner = Zone("inner", "Inner", "s", "gone")
    outwards = GatePlace("up", "up", "s", "inner", "gone")
    zones = ZoneMap(RuleSet(1, (Site("s", "Site", "UTC"),), (inner,), (outwards,)))
    assert asks(zones, "up", Position()) is None
    yard = Zone("yard", "Yard", "s", None, ZonePolicy(AntiPassback.HARD))
    from_gone = GatePlace("up", "up", "s", "gone", "yard")
    zones = ZoneMap(RuleSet(1, (Site("s", "Site", "UTC"),), (yard,), (from_gone,)))
    assert asks(zones, "up", Position(Presence("ada", "yard", NOW), ())) is None


def test_gate_at_no_zone_is_no_way() -> None:
    assert ZoneMap(RuleSet(1, (), (), (GatePlace("g", "g", "s"),))).way("g") is None


@pytest.mark.parametrize(
    "policy",
    [
        {"anti_passback": AntiPassback.TIMED},
        {"anti_passback": AntiPassback.HARD, "timed_min": 30},
        {"anti_passback": AntiPassback.TIMED, "timed_min": 0},
        {"anti_passback": AntiPassback.TIMED, "timed_min": 1441},
        {"forgive_after_h": -1},
        {"forgive_after_h": 337},
        {"daily_reset_min": 1440},
        {"daily_reset_min": -1},
        {"limit": 0},
        {"limit": 100_001},
    ],
)
def test_policy_out_of_bounds_is_refused(policy: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        ZonePolicy(**policy)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reset", "now", "last"),
    [
        (4 * 60, datetime(2027, 3, 27, 2, 59, tzinfo=UTC), datetime(2027, 3, 26, 3, 0, tzinfo=UTC)),
        (4 * 60, datetime(2027, 3, 27, 3, 0, tzinfo=UTC), datetime(2027, 3, 27, 3, 0, tzinfo=UTC)),
        # 02:30 does not come on the day on which the clock is put forward: it is the instant after the gap.
        (150, datetime(2027, 3, 28, 12, 0, tzinfo=UTC), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        # 02:30 comes twice when it is put back: the first time counts.
        (150, datetime(2027, 10, 31, 12, 0, tzinfo=UTC), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
    ],
)
def test_daily_reset_on_the_zones_clock(reset: int, now: datetime, last: datetime) -> None:
    assert ZonePolicy(daily_reset_min=reset).last_reset(now, BERLIN) == last


@given(
    reset=st.integers(0, 1439),
    minutes=st.integers(0, 365 * 24 * 60),
    clock=st.sampled_from(("Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "Asia/Kathmandu")),
)
def test_a_reset_is_never_in_the_future_and_within_a_day_and_an_hour(reset: int, minutes: int, clock: str) -> None:
    zone: ZoneInfo = time_zone(clock)
    now = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    last = ZonePolicy(daily_reset_min=reset).last_reset(now, zone)
    assert last is not None
    assert timedelta(0) <= now - last <= timedelta(hours=25)


@given(unlock_ms=st.integers(500, 60_000))
def test_reservation_lasts_eight_seconds_or_the_unlock_time_and_three(unlock_ms: int) -> None:
    lasts = reserved_until(NOW, unlock_ms) - NOW
    assert lasts == max(timedelta(seconds=8), timedelta(milliseconds=unlock_ms + 3000))


def test_muster_lists_outer_zones_first_and_who_waits_longest_first() -> None:
    zones = building()
    present = [
        Presence("ada", "lab", NOW),
        Presence("bob", "office", NOW),
        Presence("cy", "office", NOW - timedelta(hours=1)),
        Presence("dee", None, NOW),
        Presence("eve", None, NOW),
        Presence("fay", "a zone that is gone", NOW),
    ]
    ticks = {name: Tick(name, NOW, "guard") for name in ("cy", "dee", "gil")}
    found = muster_list(zones, present, {"office": UnknownPeople(2)}, ticks)
    assert [(head.zone.id, head.depth, head.inside, head.unknown) for head in found.zones] == [
        ("store", 0, 0, 0),
        ("yard", 0, 3, 0),
        ("office", 1, 3, 2),
        ("lab", 2, 1, 0),
    ]
    assert [one.person_id for one in found.zones[2].people] == ["cy", "bob"]
    assert (found.people, found.ticked, found.unknown) == (3, 1, 2)
    assert [one.person_id for one in found.elsewhere] == ["dee", "gil"]


def test_zone_clock_is_that_of_its_site() -> None:
    zones = building()
    assert zones.clock(zones.zones["lab"]).key == "Europe/Berlin"
    assert date(2027, 3, 28) == NOW.astimezone(zones.clock(zones.zones["lab"])).date()


def test_gate_from_a_zone_that_cannot_be_read_is_an_exit_only_if_it_leads_outside() -> None:
    places = (GatePlace("in", "in", "s", "gone", "lab"), GatePlace("out", "out", "s", "gone", None))
    zones = ZoneMap(RuleSet(1, (Site("s", "Site", "UTC"),), (Zone("lab", "Lab", "s"),), places))
    assert not zones.only_leads_out("in"), "or whoever alters a row takes the PIN off the door of the lab"
    assert zones.only_leads_out("out")
