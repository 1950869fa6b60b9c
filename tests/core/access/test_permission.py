"""What the rules decide, held as properties over random sites; and that deciding, explaining and listing agree."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.access.explanation import explain
from app.core.access.permission import CompiledRules, Denial, standing
from app.core.access.rule_set import RuleSet
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
from app.core.access.schedules import Hours, Schedule, Window
from tests.core.access.worlds import GATES, INSTANTS, PATIENT, persons, rules, worlds

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)  # a Monday, 13:00 in Berlin
HOUR = timedelta(hours=1)
ADA = Person("ada", frozenset({"staff"}))
EVERYBODY, EVERYWHERE = Who(everybody=True), Where(everywhere=True)
ALL_GATES = {"None>office", "office>None", "office>lab", "lab>office", "lab>servers", "servers>None", "office>store"}
ALWAYS = Rule("always", "Everybody, everywhere, always", EVERYBODY, EVERYWHERE)


def site(*allowed: Rule, **more: object) -> CompiledRules:
    """An office with a lab inside, a server room inside the lab, and a store beside the office."""
    zones = (
        Zone("office", "Office", "here"),
        Zone("lab", "Lab", "here", "office"),
        Zone("servers", "Servers", "here", "lab"),
        Zone("store", "Store", "here"),
    )
    ways: tuple[tuple[str | None, str | None], ...]
    ways = (None, "office"), ("office", None), ("office", "lab"), ("lab", "office"), ("lab", "servers")
    ways += (("servers", None), ("office", "store"))  # a fire exit; a door between two zones side by side
    gates = tuple(GatePlace(f"{a}>{b}", f"{a}>{b}", "here", a, b) for a, b in ways)
    working = Schedule("working", "Working hours", (Window((0, 1, 2, 3, 4), Hours(420, 720)),))
    world = RuleSet(1, (Site("here", "Here", "Europe/Berlin"),), zones, gates, schedules=(working,), rules=allowed)
    return CompiledRules(replace(world, **more))  # type: ignore[arg-type]


def reached(where: Where) -> set[str]:
    compiled = site(Rule("r", "Rule", EVERYBODY, where))
    return {gate.id for gate in compiled.rules.gates if compiled.may_pass(ADA, gate.id, AT).allowed}


@PATIENT
@given(worlds(), persons(), st.sampled_from(GATES), INSTANTS)
def test_deciding_explaining_and_listing_agree(world: RuleSet, person: Person, gate: str, at: datetime) -> None:
    compiled = CompiledRules(world)
    permission = compiled.may_pass(person, gate, at)
    told = explain(compiled, person, gate, at)
    here = at.astimezone(compiled.zone_at(gate)).date()
    allowing = [answer.rule for answer in told.rules if not answer.failed]
    assert compiled.who(gate, at, [person]) == ([person] if permission.allowed else [])
    assert told.permission == permission
    assert told.version == world.version
    if standing(person, here, at) is not None:
        assert permission.denial == standing(person, here, at)
    else:
        assert permission.allowed == bool(allowing)
        if allowing:
            assert permission.rule == allowing[0]
        assert (permission.denial is Denial.NO_RULE) == (permission.rule is None)
    for answer in told.rules:
        # A rule that will open does so at its next opening, and not a second before it.
        if answer.opens_at is not None and isinstance(answer.rule, Rule):
            alone = CompiledRules(replace(world, rules=(answer.rule,), grants=()))
            fit = Person(person.id, person.groups)
            assert alone.may_pass(fit, gate, answer.opens_at).allowed
            if answer.failed:
                assert not alone.may_pass(fit, gate, answer.opens_at - timedelta(seconds=1)).allowed


@PATIENT
@given(worlds(), rules("extra"), persons(), st.sampled_from(GATES), INSTANTS)
def test_further_rule_takes_nothing_away(world: RuleSet, extra: Rule, person: Person, gate: str, at: datetime) -> None:
    more = replace(world, rules=(*world.rules, extra))
    if CompiledRules(world).may_pass(person, gate, at).allowed:
        assert CompiledRules(more).may_pass(person, gate, at).allowed


@PATIENT
@given(worlds(), persons(), st.sampled_from(GATES), INSTANTS, st.one_of(st.none(), st.timedeltas(min_value=HOUR)))
def test_block_always_wins(world: RuleSet, person: Person, gate: str, at: datetime, lasts: timedelta | None) -> None:
    until = None if lasts is None else at + min(lasts, timedelta(days=999))
    blocked = replace(person, active=True, block=Block("lost badge", until))
    grant = Grant("g", person.id, EVERYWHERE, at - HOUR, at + HOUR, "a parcel", "admin")
    compiled = CompiledRules(replace(world, rules=(ALWAYS,), grants=(grant,)))
    assert compiled.may_pass(blocked, gate, at).denial is Denial.BLOCKED
    assert compiled.who(gate, at, [blocked]) == []


@PATIENT
@given(worlds(), persons(), st.sampled_from(GATES), INSTANTS)
def test_order_of_rules_does_not_matter(world: RuleSet, person: Person, gate: str, at: datetime) -> None:
    turned = CompiledRules(replace(world, rules=world.rules[::-1]))
    assert turned.may_pass(person, gate, at).denial == CompiledRules(world).may_pass(person, gate, at).denial


def test_nothing_is_allowed_without_a_rule() -> None:
    assert site().may_pass(ADA, "None>office", AT).denial is Denial.NO_RULE
    assert site(ALWAYS).may_pass(ADA, "a gate that came later", AT).denial is Denial.NO_RULE
    assert site(ALWAYS).who("a gate that came later", AT, [ADA]) == []


def test_rule_matching_except_in_time_is_outside_its_schedule() -> None:
    working = Rule("r", "Working", EVERYBODY, EVERYWHERE, "working")
    compiled = site(working)
    assert compiled.may_pass(ADA, "None>office", AT).allowed
    late = compiled.may_pass(ADA, "None>office", AT + 8 * HOUR)
    assert (late.denial, late.rule) == (Denial.OUTSIDE_SCHEDULE, working)


def test_ended_rule_counts_as_deleted() -> None:
    ended = Rule("r", "Summer job", EVERYBODY, EVERYWHERE, valid_until=date(2026, 11, 29))
    begins = Rule("r", "Next week", EVERYBODY, EVERYWHERE, valid_from=date(2026, 12, 7))
    assert site(ended).may_pass(ADA, "None>office", AT).denial is Denial.NO_RULE
    assert site(begins).may_pass(ADA, "None>office", AT).denial is Denial.OUTSIDE_SCHEDULE


@pytest.mark.parametrize(("zone", "hour"), [("Australia/Sydney", 13), ("America/New_York", 5), ("Europe/Berlin", 23)])
def test_dates_are_days_at_the_gate(zone: str, hour: int) -> None:
    """Somebody whose contract begins on the 1st gets in at midnight of the 1st on the gate's clock."""
    world = replace(site(ALWAYS).rules, sites=(Site("here", "Here", zone),))
    new = Person("new", valid_from=date(2026, 12, 1), valid_until=date(2026, 12, 1))
    day = 30 if hour > 12 else 1
    midnight = datetime(2026, 11 if day == 30 else 12, day, hour, tzinfo=UTC)
    before, first, last, after = (midnight + minutes for minutes in _around_a_day())
    compiled = CompiledRules(world)
    assert compiled.may_pass(new, "None>office", before).denial is Denial.NOT_YET_VALID
    assert compiled.may_pass(new, "None>office", first).allowed
    assert compiled.may_pass(new, "None>office", last).allowed
    assert compiled.may_pass(new, "None>office", after).denial is Denial.EXPIRED


def _around_a_day() -> tuple[timedelta, ...]:
    second, day = timedelta(seconds=1), timedelta(days=1)
    return -second, timedelta(0), day - second, day


@pytest.mark.parametrize(
    ("where", "gates"),
    [
        (EVERYWHERE, ALL_GATES),
        (Where(sites=frozenset({"here"})), ALL_GATES),
        (Where(gates=frozenset({"office>lab"})), {"office>lab"}),
        # Into the office from both sides and out of it to the street; not into the lab or the store.
        (Where(zones=frozenset({"office"})), {"None>office", "office>None", "lab>office"}),
        # Into the lab, and back into the office around it; the server room is left out.
        (Where(zones=frozenset({"lab"})), {"office>lab", "lab>office"}),
        (Where(zones=frozenset({"servers"})), {"lab>servers", "servers>None"}),
        (Where(zones=frozenset({"store"})), {"office>store"}),
    ],
)
def test_rule_reaches_its_gates(where: Where, gates: set[str]) -> None:
    assert reached(where) == gates


def test_grant_is_for_one_person_and_ends_on_time() -> None:
    grant = Grant("g", "ada", Where(gates=frozenset({"office>lab"})), AT, AT + HOUR, "repairs", "admin")
    compiled = site(grants=(grant,))
    assert compiled.may_pass(ADA, "office>lab", AT).rule == grant
    assert compiled.may_pass(ADA, "office>lab", AT - timedelta(seconds=1)).denial is Denial.OUTSIDE_SCHEDULE
    assert compiled.may_pass(ADA, "office>lab", AT + HOUR).denial is Denial.NO_RULE
    assert compiled.may_pass(ADA, "lab>office", AT).denial is Denial.NO_RULE
    assert compiled.may_pass(Person("bob"), "office>lab", AT).denial is Denial.NO_RULE


def test_strictest_mode_counts() -> None:
    free = GateMode("f", "None>office", EntryMode.FREE, "working", "staff")
    shut = GateMode("n", "None>office", EntryMode.NO_ENTRY, "working")
    normal = GateMode("o", "None>office", EntryMode.NORMAL)
    groups = (Group("staff", "Staff"),)

    def mode(*modes: GateMode, gate: str = "None>office", at: datetime = AT) -> EntryMode:
        return site(modes=modes, groups=groups).mode_at(gate, at).mode

    assert mode(free) is EntryMode.FREE
    assert mode(free, normal) is EntryMode.NORMAL
    assert mode(free, normal, shut) is EntryMode.NO_ENTRY
    assert mode(shut, at=AT + 8 * HOUR) is EntryMode.NORMAL
    assert mode(shut, gate="office>lab") is EntryMode.NORMAL
    assert site(modes=(free,), groups=groups).mode_at("None>office", AT).since == datetime(2026, 11, 30, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "other", "inwards", "outwards"),
    [
        (EntryMode.PIN_AND_FACE, EntryMode.BADGE_AND_FACE, EntryMode.PIN_AND_FACE, EntryMode.BADGE_AND_FACE),
        (EntryMode.BADGE_AND_PIN, EntryMode.FACE, EntryMode.BADGE_AND_PIN, EntryMode.FACE),
        (EntryMode.PIN_AND_FACE, EntryMode.NORMAL, EntryMode.PIN_AND_FACE, EntryMode.FACE),
    ],
)
def test_strictest_mode_counts_at_an_exit_too_though_it_asks_for_no_pin(
    asked: EntryMode, other: EntryMode, inwards: EntryMode, outwards: EntryMode
) -> None:
    for gate, expected in (("None>office", inwards), ("office>None", outwards)):
        modes = (GateMode("a", gate, asked), GateMode("b", gate, other))
        assert site(modes=modes).mode_at(gate, AT).mode is expected
