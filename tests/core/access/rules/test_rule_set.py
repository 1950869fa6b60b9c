"""What contradicts itself in a rule set, what is allowed but hardly meant, and what uses a thing."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.core.access.permission import CompiledRules
from app.core.access.rule_set import RuleSet
from app.core.access.rules import (
    Block,
    EntryMode,
    GateMode,
    GatePlace,
    Group,
    Lane,
    Person,
    Rule,
    Site,
    Where,
    Who,
    Zone,
)
from app.core.access.schedules import Calendar, CalendarHours, Hours, Schedule, Window
from app.core.errors import BadInput
from tests.fakes import NOW

EVERYBODY, EVERYWHERE = Who(everybody=True), Where(everywhere=True)
WORKING = Schedule("w", "Working", (Window((0, 1, 2, 3, 4, 5, 6), Hours(120, 60)),), (CalendarHours("c"),))
GOOD = RuleSet(
    1,
    sites=(Site("here", "Here", "Europe/Berlin"), Site("there", "There", "Asia/Tokyo")),
    zones=(Zone("office", "Office", "here"), Zone("lab", "Lab", "here", "office")),
    gates=(GatePlace("in", "in", "here", None, "office"), GatePlace("out", "out", "here", "office")),
    lanes=(Lane("lane", "Lobby", ("in", "out")),),
    groups=(Group("staff", "Staff"),),
    calendars=(Calendar("c", "Holidays"),),
    schedules=(WORKING,),
    rules=(Rule("r", "Staff", Who(groups=frozenset({"staff"})), Where(zones=frozenset({"office"})), "w"),),
    modes=(GateMode("m", "in", EntryMode.FREE, "w", "staff"),),
)


def test_rule_set_without_contradictions_is_accepted() -> None:
    GOOD.check()
    assert list(GOOD.problems()) == []


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"zones": (Zone("a", "A", "here", "b"), Zone("b", "B", "here", "a"))}, "zones[A].parent", "zone_circle"),
        ({"zones": (*GOOD.zones, Zone("far", "Far", "there", "lab"))}, "zones[Far].parent", "other_site"),
        ({"zones": (*GOOD.zones, Zone("z", "lab", "here"))}, "zones[Lab].name", "name_taken"),
        ({"zones": (replace(GOOD.zones[0], site_id="x"),)}, "zones[Office].site", "unknown_reference"),
        ({"gates": (*GOOD.gates, GatePlace("g", "g", "there", None, "lab"))}, "gates[g].zone_to", "other_site"),
        ({"lanes": (*GOOD.lanes, Lane("l", "Other", ("out", "in")))}, "lanes[Lobby].gates", "gate_in_two_lanes"),
        ({"groups": (*GOOD.groups, Group("g", "St\u00e1ff"))}, "groups[Staff].name", "name_taken"),
        ({"groups": ()}, "rules[Staff].who", "unknown_reference"),
        ({"calendars": ()}, "schedules[Working].on_calendar", "unknown_reference"),
        ({"schedules": ()}, "rules[Staff].schedule", "unknown_reference"),
        ({"modes": (GateMode("m", "x", EntryMode.FREE),)}, "modes[x].gate", "unknown_reference"),
        ({"modes": (*GOOD.modes, replace(GOOD.modes[0], id="n"))}, "modes[in]", "duplicate_mode"),
    ],
)
def test_contradiction_is_refused_with_its_place(change: dict[str, object], path: str, code: str) -> None:
    broken = replace(GOOD, **change)  # type: ignore[arg-type]
    assert (path, code) in [(problem.path, problem.code) for problem in broken.problems()]
    with pytest.raises(BadInput):
        broken.check()


@pytest.mark.parametrize(
    ("build", "code"),
    [
        (lambda: Site("s", "Moon", "Moon/Base"), "unknown_time_zone"),
        (lambda: Zone("z", "Inside out", "here", "z"), "zone_circle"),
        (lambda: GatePlace("g", "g", "here", "lab", "lab"), "bad_gate_zones"),
        (lambda: GatePlace("g", "g", "here", time_zone="CET-1"), "unknown_time_zone"),
        (lambda: Lane("l", "Lane", ("in", "in")), "bad_lane"),
        (Who, "rule_reaches_nobody"),
        (lambda: Who(everybody=True, people=frozenset({"ada"})), "rule_reaches_nobody"),
        (Where, "rule_reaches_nothing"),
        (lambda: Where(everywhere=True, gates=frozenset({"in"})), "rule_reaches_nothing"),
        (
            lambda: Rule("r", "Rule", EVERYBODY, EVERYWHERE, None, date(2027, 1, 2), date(2027, 1, 1)),
            "bad_valid_until",
        ),
        (lambda: Rule("r", "Rule", EVERYBODY, EVERYWHERE, note="\u202e"), "bad_note"),
        (lambda: GateMode("m", "in", EntryMode.NORMAL, None, "staff"), "bad_gate_mode"),
        (lambda: Block("lost badge", NOW.replace(tzinfo=None)), "bad_blocked_until"),
        (lambda: Block(""), "bad_block_reason"),
    ],
)
def test_impossible_value_is_refused(build: object, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        build()  # type: ignore[operator]
    assert refused.value.code == code


def test_missing_reference_lets_nobody_in() -> None:
    """A row that was altered reads as if it were not there."""
    ada, noon = Person("ada", frozenset({"staff"})), datetime(2026, 11, 30, 1, 30, tzinfo=UTC)
    whole = CompiledRules(replace(GOOD, modes=()))
    assert whole.may_pass(ada, "in", noon).allowed
    assert whole.may_pass(ada, "out", noon).allowed
    for missing in ("calendars", "schedules", "rules", "sites"):
        part = CompiledRules(replace(GOOD, **{missing: ()}))  # type: ignore[arg-type]
        assert not part.may_pass(ada, "in", noon).allowed, missing
        assert missing == "rules" or part.mode_at("in", noon).mode is EntryMode.NORMAL
    assert not CompiledRules(replace(GOOD, rules=(), schedules=())).may_pass(ada, "in", noon).allowed
    shut = replace(GOOD, schedules=(), modes=(GateMode("m", "in", EntryMode.NO_ENTRY, "w"),))
    assert CompiledRules(shut).mode_at("in", noon).mode is EntryMode.NO_ENTRY


def test_entry_in_use_names_its_users() -> None:
    users = {
        wanted: [f"{user.by_kind}[{user.by_name}]" for user in GOOD.used_by.get(wanted, ())]
        for wanted in ("staff", "w", "office", "c", "there")
    }
    assert users == {
        "staff": ["rules[Staff]", "modes[in]"],
        "w": ["rules[Staff]", "modes[in]"],
        "office": ["zones[Lab]", "gates[in]", "gates[out]", "rules[Staff]"],
        "c": ["schedules[Working]"],
        "there": [],
    }


def test_doubtful_rule_gives_a_warning() -> None:
    empty = replace(GOOD, rules=(*GOOD.rules, Rule("n", "Nowhere", EVERYBODY, Where(zones=frozenset({"lab"})))))
    found = [(w.path, w.code) for w in empty.warnings({"staff": 0}, date(2027, 1, 1))]
    assert ("rules[Staff].who", "groups_are_empty") in found
    assert ("rules[Nowhere].where", "no_gates") in found
    clock = [w.detail for w in GOOD.warnings({"staff": 3}, date(2027, 1, 1)) if w.code == "skipped_by_clock_change"]
    assert clock[0].startswith("The window at 02:00 is not open on 28 March 2027 (Europe/Berlin)")
    assert len(clock) == 2  # this year and the next; Tokyo changes no clock
