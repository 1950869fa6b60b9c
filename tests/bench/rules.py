"""Deciding by rules: one decision, everybody who may pass everywhere, and what a change would do."""

import random
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
from rich.console import Console

from app.core.access.difference import difference
from app.core.access.explanation import explain
from app.core.access.permission import CompiledRules
from app.core.access.rule_set import RuleSet
from app.core.access.rules import GatePlace, Group, Person, Rule, Site, Where, Who
from app.core.access.schedules import Calendar, CalendarDay, CalendarHours, Hours, Schedule, Window

PEOPLE, GATES, GROUPS, RULES, SCHEDULES = 10_000, 100, 200, 200, 20
ROUNDS = 20_000
AT = datetime(2026, 11, 30, 12, tzinfo=UTC)


def measure(console: Console) -> None:
    rng = random.Random(5)
    world = _world(rng)
    compiled = CompiledRules(world)
    names = [group.id for group in world.groups]
    people = [Person(f"p{n}", frozenset(rng.sample(names, 10))) for n in range(PEOPLE)]
    # The most work is for somebody whom many rules match, and none at this time.
    took, allowed = [], 0
    for number in range(ROUNDS):
        person, gate, at = people[number % PEOPLE], f"g{number % GATES}", AT + timedelta(minutes=7 * number)
        began = time.perf_counter_ns()
        allowed += compiled.may_pass(person, gate, at).allowed
        took.append((time.perf_counter_ns() - began) / 1000)
    console.print(
        f"decision by {RULES} rules at the gate, 10 groups, {SCHEDULES} schedules: median {np.median(took):.1f} us, "
        f"p99 {np.percentile(took, 99):.1f} of {ROUNDS} ({allowed / ROUNDS:.0%} allowed; under 50 wanted)"
    )
    started = time.perf_counter()
    passes = sum(len(compiled.who(gate.id, AT, people)) for gate in world.gates)
    console.print(
        f"who: {PEOPLE} people x {GATES} gates in {time.perf_counter() - started:.2f} s ({passes} may; under 10 wanted)"
    )
    started = time.perf_counter()
    change = difference(world, replace(world, rules=world.rules[::2]), people, AT)
    console.print(
        f"difference over a year: {time.perf_counter() - started:.2f} s; {change.words[:60]}... (under 10 wanted)"
    )
    started = time.perf_counter()
    for person in people[:50]:
        explain(compiled, person, "g1", AT)
    console.print(f"explain: {(time.perf_counter() - started) * 20:.1f} ms (mean of 50)")


def _world(rng: random.Random) -> RuleSet:
    windows = [Window((day,), Hours(rng.randrange(300, 600), rng.randrange(300, 600))) for day in range(7)]
    holidays = Calendar("c", "Holidays", tuple(CalendarDay(date(2026, 12, day)) for day in range(20, 32)))
    return RuleSet(
        1,
        (Site("s", "Site", "Europe/Berlin"),),
        gates=tuple(GatePlace(f"g{n}", f"gate-{n}", "s") for n in range(GATES)),
        groups=tuple(Group(f"q{n}", f"Group {n}") for n in range(GROUPS)),
        calendars=(holidays,),
        schedules=tuple(
            Schedule(f"t{n}", f"Schedule {n}", tuple(rng.sample(windows, 4)), (CalendarHours("c"),))
            for n in range(SCHEDULES)
        ),
        rules=tuple(
            Rule(
                f"r{n}",
                f"Rule {n}",
                Who(groups=frozenset({f"q{n % GROUPS}"})),
                Where(everywhere=True),
                f"t{n % SCHEDULES}",
            )
            for n in range(RULES)
        ),
    )
