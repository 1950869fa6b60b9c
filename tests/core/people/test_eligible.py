"""How many people a threshold counts: those who may pass the gate now, never fewer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.core.access.permission import CompiledRules
from app.core.access.rule_set import RuleSet
from app.core.access.rules import GatePlace, Grant, Group, Person, Rule, Site, Where, Who
from app.core.people.eligible import ONE_MINUTE, EnrolledPeople, EnrolledPerson, counted, minute_of
from app.core.recognition.calibration import Calibration, Tail
from tests.core.access.worlds import GATES, INSTANTS, PATIENT, PEOPLE, persons, worlds

NOON = datetime(2026, 11, 30, 12, 0, 20, tzinfo=UTC)
EVERYWHERE = Where(everywhere=True)
ADA, BOB, CY = (EnrolledPerson(name, ("Staff",)) for name in PEOPLE)
PACK = Calibration(Tail(0.4, 1e-4, 0.05, 0.1, 0.05, 0.05, 0.03, 1e-3), 0.3, 0.04, 0.4, 20)


def enrolled(person: Person) -> EnrolledPerson:
    """The same person as the database has them. The worlds' groups are named after their ids."""
    block = person.block
    return EnrolledPerson(
        person.id,
        tuple(person.groups),
        person.active,
        person.valid_from,
        person.valid_until,
        block is not None,
        block.until if block else None,
    )


def site(*rules: Rule, grants: tuple[Grant, ...] = ()) -> CompiledRules:
    return CompiledRules(
        RuleSet(
            1,
            (Site("here", "Here", "Europe/Berlin"),),
            gates=(GatePlace("door", "door", "here"),),
            groups=(Group("g", "staff"),),
            rules=rules,
            grants=grants,
        )
    )


@PATIENT
@given(worlds(), st.lists(persons(), unique_by=lambda one: one.id), st.sampled_from(GATES), INSTANTS)
def test_exactly_those_who_may_pass_this_minute_are_counted(
    world: RuleSet, people: list[Person], gate: str, at: datetime
) -> None:
    rules = CompiledRules(world)
    start = minute_of(at)
    edges = [start, start + ONE_MINUTE - timedelta.resolution]
    edges += [edge for grant in world.grants for edge in (grant.starts_at, grant.ends_at - timedelta.resolution)]
    edges += [person.block.until for person in people if person.block is not None and person.block.until is not None]
    within = [edge for edge in edges if minute_of(edge) == start]
    may = {person.id for edge in within for person in rules.who(gate, edge, people)}
    found = EnrolledPeople(map(enrolled, people)).may_pass(rules, gate, at)
    assert found >= len(may)
    if len(within) == 2:  # nothing begins or ends within the minute
        assert found == len(may)


def test_nobody_passes_a_gate_that_the_rules_do_not_know() -> None:
    rules = site(Rule("r", "All", Who(everybody=True), EVERYWHERE))
    assert EnrolledPeople([ADA]).may_pass(rules, "elsewhere", NOON) == 0
    assert EnrolledPeople([]).may_pass(rules, "door", NOON) == 0


def test_groups_single_people_and_grants_add_up_without_counting_anybody_twice() -> None:
    dan = EnrolledPerson("dan")
    people = EnrolledPeople([ADA, BOB, CY, dan, EnrolledPerson("eve")])
    rules = [
        Rule("g", "Staff", Who(groups=frozenset({"g"})), EVERYWHERE),
        Rule("p", "Two", Who(people=frozenset({"ada", "dan", "nobody"})), EVERYWHERE),
    ]
    assert people.may_pass(site(*rules), "door", NOON) == 4
    start = NOON + timedelta(seconds=30)
    grant = Grant("t", "eve", EVERYWHERE, start, start + timedelta(hours=1), "a parcel", "admin")
    assert people.may_pass(site(*rules, grants=(grant,)), "door", NOON) == 5  # it begins within the minute
    assert people.may_pass(site(*rules, grants=(grant,)), "door", NOON - ONE_MINUTE) == 4


def test_people_kept_out_are_not_counted_until_they_may_pass_again() -> None:
    rules = site(Rule("r", "All", Who(everybody=True), EVERYWHERE))
    yesterday, tomorrow = (NOON.date() + timedelta(days=days) for days in (-1, 1))
    for change, may in (
        ({"active": False}, 0),
        ({"blocked": True}, 0),
        ({"blocked": True, "blocked_until": NOON + timedelta(minutes=2)}, 0),
        ({"blocked": True, "blocked_until": NOON + timedelta(seconds=10)}, 1),
        ({"valid_until": yesterday}, 0),
        ({"valid_until": NOON.date()}, 1),
        ({"valid_from": tomorrow}, 0),
        ({"valid_from": NOON.date()}, 1),
    ):
        assert EnrolledPeople([replace(ADA, **change)]).may_pass(rules, "door", NOON) == may, change  # type: ignore[arg-type]


@given(st.integers(1, 20_000), st.integers(0, 20_000), st.integers(0, 20_000), st.floats(1e-5, 0.1))
def test_fewer_who_may_pass_never_raise_the_threshold(gallery: int, some: int, more: int, rate: float) -> None:
    fewer, all_of_them = sorted((some, more))
    limits = [
        PACK.threshold(rate, counted(eligible, gallery, permitted=True), 3, 1)
        for eligible in (fewer, all_of_them, gallery, None)
    ]
    assert limits == sorted(limits)
    assert limits[-1] == PACK.threshold(rate, counted(fewer, gallery, permitted=False), 3, 1)
