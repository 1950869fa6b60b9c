"""What 200 rules at the gate cost a decision beside the one rule of a new site: a frame each, in turns, in one run."""

import json
from contextlib import ExitStack

import numpy as np
from rich.console import Console

from app.core.people.details import Details
from app.services.access.access import Approach
from app.wiring import System
from tests.bench.ground import ENROLLED, add_gate, frame, jpeg, service, timed

RULES, GROUPS, SCHEDULES = 200, 10, 20
TURNS, BATCH, WARM_UP = 40, 5, 10
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def measure(console: Console) -> None:
    data = jpeg(frame())
    with ExitStack() as stack:
        systems = [stack.enter_context(service()) for _ in range(2)]
        for system in systems:
            add_gate(system, "bench")
        _add_rules(systems[1])
        cpu: list[list[float]] = [[], []]

        def decide(system: System) -> None:
            assert system.access.decide(Approach("bench", (data,), system.clock())).opens

        for system in systems:
            for _ in range(WARM_UP):
                decide(system)
        for turn in range(TURNS):
            for which in (0, 1) if turn % 2 else (1, 0):
                cpu[which] += [timed(lambda: decide(systems[which]))[1] for _ in range(BATCH)]  # noqa: B023
    one, many = (float(np.median(took)) for took in cpu)
    console.print(
        f"a frame to its decision, {ENROLLED} enrolled: {one:.2f} ms of CPU by 1 rule, {many:.2f} by {RULES} rules, "
        f"{GROUPS} groups, {SCHEDULES} schedules; ratio {many / one:.3f} ({TURNS * BATCH} decisions each; "
        "at most 1.02 wanted)"
    )


def _add_rules(system: System) -> None:
    """The person is in all groups, and only the last rule lets them in now."""
    groups = [f"Group {n}" for n in range(GROUPS)]
    person = system.enrolment.by_number("E-1")
    assert person is not None
    system.enrolment.update(person.id, lambda _: Details(number="E-1", name="Real Person", groups=tuple(groups)))
    window = {"days": DAYS, "start": "00:00", "length": "00:01"}
    schedules = [{"name": f"Schedule {n}", "windows": [window]} for n in range(SCHEDULES)]
    rules = [
        {
            "name": f"Rule {n:03}",
            "who": {"groups": [groups[n % GROUPS]]},
            "where": "everywhere",
            "schedule": f"Schedule {n % SCHEDULES}",
        }
        for n in range(RULES - 1)
    ]
    rules.append({"name": "The last", "who": {"groups": groups[-1:]}, "where": "everywhere"})
    data = {
        "format": 1,
        "sites": [{"name": "Site", "time_zone": "Etc/UTC"}],
        "gates": [{"name": "bench", "site": "Site"}],
        "groups": [{"name": name} for name in groups],
        "schedules": schedules,
        "rules": rules,
    }
    system.rules_text.apply(json.dumps(data).encode())
