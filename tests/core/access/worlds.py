"""Random sites, people and rules for the properties."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from app.core.access.rule_set import RuleSet, in_order
from app.core.access.rules import (
    Block,
    EntryMode,
    GateMode,
    GatePlace,
    Grant,
    Group,
    Person,
    Rule,
    Site,
    Where,
    Who,
    Zone,
)
from app.core.access.schedules import Calendar, CalendarDay, CalendarHours, Hours, Schedule, Window

CLOCKS = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns")
GROUPS = ("staff", "night", "cleaners")
PEOPLE = ("ada", "bob", "cy")
GATES = ("door", "lab-in", "lab-out")
ZONES = ("office", "lab")
DAYS = st.dates(date(2027, 3, 20), date(2027, 4, 10))
FIRST = datetime(2027, 3, 20, tzinfo=UTC)
INSTANTS = st.timedeltas(timedelta(0), timedelta(days=21)).map(lambda since: FIRST + since)
# Drawing a site takes milliseconds, which a busy machine turns into seconds.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
HOURS = st.builds(Hours, st.integers(0, 1439), st.integers(1, 1440))


def _apart(hours: Iterable[Hours]) -> tuple[Hours, ...]:
    """Those that do not overlap one that was drawn earlier."""
    kept: list[Hours] = []
    for one in hours:
        if all(one.end_min <= other.start_min or other.end_min <= one.start_min for other in kept):
            kept.append(one)
    return tuple(sorted(kept))


@st.composite
def schedules(draw: st.DrawFn, schedule_id: str = "s") -> Schedule:
    """A schedule with up to three windows a week and up to two calendars, "c0" and "c1"."""
    # Two days apart, so that no window of one day reaches another.
    days = draw(st.sampled_from(((1, 3, 5), (2, 4, 6), (6, 1, 3))))
    windows = [
        Window((day,), hours) for day, hours in zip(days, draw(st.lists(HOURS, min_size=1, max_size=3)), strict=False)
    ]
    names = draw(st.lists(st.sampled_from(("c0", "c1")), unique=True))
    hours = st.lists(HOURS, max_size=2).map(_apart)
    return Schedule(schedule_id, schedule_id, tuple(windows), tuple(CalendarHours(name, draw(hours)) for name in names))


NAMED_DAYS = st.builds(CalendarDay, DAYS, st.just(False), st.sampled_from(("", "Good Friday")))
CALENDARS = st.lists(NAMED_DAYS, unique_by=lambda day: day.date, max_size=4).map(tuple)


@st.composite
def rules(draw: st.DrawFn, rule_id: str = "r") -> Rule:
    everybody, everywhere = draw(st.booleans()), draw(st.booleans())
    who = Who(everybody=True)
    if not everybody:
        groups = draw(st.frozensets(st.sampled_from(GROUPS), max_size=2))
        who = Who(groups=groups, people=frozenset(draw(st.sets(st.sampled_from(PEOPLE), min_size=0 if groups else 1))))
    where = Where(everywhere=True)
    if not everywhere:
        zones = draw(st.frozensets(st.sampled_from(ZONES)))
        where = Where(zones=zones, gates=draw(st.frozensets(st.sampled_from(GATES), min_size=0 if zones else 1)))
    first, last = sorted((draw(DAYS), draw(DAYS)))
    return Rule(
        rule_id,
        rule_id,
        who,
        where,
        draw(st.sampled_from((None, "s0", "s1"))),
        draw(st.sampled_from((None, first))),
        draw(st.sampled_from((None, last))),
    )


@st.composite
def grants(draw: st.DrawFn, grant_id: str = "g") -> Grant:
    start = draw(INSTANTS)
    length = draw(st.timedeltas(timedelta(minutes=1), timedelta(days=3)))
    where = Where(gates=frozenset({draw(st.sampled_from(GATES))}))
    return Grant(grant_id, draw(st.sampled_from(PEOPLE)), where, start, start + length, "a parcel", "admin")


@st.composite
def worlds(draw: st.DrawFn) -> RuleSet:
    """One site: an office with a lab inside it, three gates, two schedules and up to four rules."""
    clock = draw(st.sampled_from(CLOCKS))
    modes = st.builds(
        GateMode,
        st.just("m"),
        st.sampled_from(GATES),
        st.sampled_from(EntryMode),
        st.sampled_from((None, "s0", "s1")),
    )
    return RuleSet(
        version=7,
        sites=(Site("here", "here", clock),),
        zones=(Zone("office", "office", "here"), Zone("lab", "lab", "here", "office")),
        gates=(
            GatePlace("door", "door", "here", None, "office", draw(st.sampled_from((None, *CLOCKS)))),
            GatePlace("lab-in", "lab-in", "here", "office", "lab"),
            GatePlace("lab-out", "lab-out", "here", "lab", "office"),
        ),
        groups=tuple(Group(name, name) for name in GROUPS),
        calendars=tuple(Calendar(name, name, draw(CALENDARS)) for name in ("c0", "c1")),
        schedules=(draw(schedules("s0")), draw(schedules("s1"))),
        rules=in_order(draw(rules(f"r{number}")) for number in range(draw(st.integers(0, 4)))),
        modes=tuple(draw(st.lists(modes, max_size=1))),
        grants=tuple(draw(grants(f"g{number}")) for number in range(draw(st.integers(0, 1)))),
    )


@st.composite
def persons(draw: st.DrawFn) -> Person:
    first, last = sorted((draw(DAYS), draw(DAYS)))
    blocks = st.builds(Block, st.just("lost badge"), st.one_of(st.none(), INSTANTS))
    return Person(
        draw(st.sampled_from(PEOPLE)),
        draw(st.frozensets(st.sampled_from(GROUPS))),
        draw(st.integers(0, 9)) > 0,
        draw(st.sampled_from((None, None, first))),
        draw(st.sampled_from((None, None, last))),
        draw(st.one_of(st.none(), st.none(), blocks)),
    )
