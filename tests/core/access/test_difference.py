"""What a change of the rules would do: the same answer as asking every minute before and after it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.access.difference import difference
from app.core.access.permission import CompiledRules
from app.core.access.rule_set import RuleSet
from app.core.access.rules import Block, GatePlace, Group, Person, Rule, Site, Where, Who
from app.core.access.schedules import Hours, Schedule, Window
from tests.core.access.worlds import GATES, GROUPS, PATIENT, worlds

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
STAFF, NIGHT = Who(groups=frozenset({"staff"})), Who(groups=frozenset({"night"}))
EVERYWHERE = Where(everywhere=True)
DAYTIME = Schedule("day", "Day", (Window((0, 1, 2, 3, 4), Hours(420, 720)),))
LONGER = Schedule("longer", "Longer", (Window((0, 1, 2, 3, 4), Hours(360, 780)),))
RULES = RuleSet(
    1,
    (Site("here", "Here", "Europe/Berlin"),),
    gates=tuple(GatePlace(f"g{n}", f"Gate {n}", "here") for n in (1, 2, 3, 4)),
    groups=(Group("staff", "Staff"), Group("night", "Night")),
    schedules=(DAYTIME, LONGER),
    rules=(Rule("a", "Staff", STAFF, EVERYWHERE, "day"), Rule("b", "Night", NIGHT, Where(gates=frozenset({"g1"})))),
)
PEOPLE = [Person(f"s{n}", frozenset({"staff"})) for n in range(12)] + [Person("n", frozenset({"night"}))]


def words(after: RuleSet, people: list[Person] = PEOPLE) -> str:
    return difference(RULES, after, people, AT).words


def test_lost_access_is_described_in_a_sentence() -> None:
    off = replace(RULES, rules=(Rule("a", "Staff", STAFF, Where(gates=frozenset({"g2"})), "day"), RULES.rules[1]))
    assert words(off) == "This takes 12 people off 3 gates; nobody is left for Gate 3, Gate 4."
    assert words(RULES) == "This changes nothing for anybody."


def test_gained_access_and_changed_hours_are_described() -> None:
    more = replace(
        RULES, rules=(replace(RULES.rules[0], schedule_id="longer"), replace(RULES.rules[1], where=EVERYWHERE))
    )
    assert words(more) == (
        "This lets 1 person through 3 gates that they could not pass, gives 12 people more hours at 4 gates."
    )
    moved = replace(DAYTIME, windows=(Window((0, 1, 2, 3, 4), Hours(480, 720)),))
    assert words(replace(RULES, schedules=(moved, LONGER))) == (
        "This takes hours from 12 people at 4 gates, gives 12 people more hours at 4 gates."
    )


def test_gate_on_another_clock_has_other_hours() -> None:
    gates = (replace(RULES.gates[0], time_zone="Asia/Tokyo"), *RULES.gates[1:])
    assert words(replace(RULES, gates=gates)) == (
        "This takes hours from 12 people at 1 gate, gives 12 people more hours at 1 gate."
    )


def test_equivalent_rule_is_no_change() -> None:
    twice = replace(RULES, rules=(*RULES.rules, Rule("c", "Again", STAFF, Where(gates=frozenset({"g1"})), "day")))
    assert difference(RULES, twice, PEOPLE, AT).gates == ()


def test_people_who_may_pass_nowhere_are_not_counted() -> None:
    people = [
        replace(PEOPLE[0], active=False),
        replace(PEOPLE[1], block=Block("lost badge")),
        replace(PEOPLE[2], valid_until=date(2026, 11, 1)),
        replace(PEOPLE[3], valid_from=date(2026, 12, 24)),
        PEOPLE[4],
    ]
    assert words(replace(RULES, rules=()), people) == (
        "This takes 2 people off 4 gates; nobody is left for Gate 1, Gate 2, Gate 3, Gate 4."
    )


@settings(PATIENT, max_examples=30)
@given(worlds(), worlds(), st.lists(st.frozensets(st.sampled_from(GROUPS)), min_size=3, max_size=3))
def test_difference_equals_sampling_every_quarter_of_an_hour(
    before: RuleSet, after: RuleSet, groups: list[frozenset[str]]
) -> None:
    """One way: whatever asking finds, the difference has; it looks further ahead and to the minute."""
    after = replace(after, sites=before.sites, gates=before.gates)
    people = [Person(name, groups[n]) for n, name in enumerate(("ada", "bob", "cy"))]
    start = datetime(2027, 3, 25, tzinfo=UTC)
    found = {gate.gate_id: gate for gate in difference(before, after, people, start).gates}
    was, now = CompiledRules(before), CompiledRules(after)
    for quarter in range(0, 4 * 96, 7):
        at = start + timedelta(minutes=15 * quarter)
        for gate in GATES:
            for person in people:
                old, new = (rules.may_pass(person, gate, at).allowed for rules in (was, now))
                if old and not new:
                    assert person.id in found[gate].lost + found[gate].less
                if new and not old:
                    assert person.id in found[gate].gained + found[gate].more
