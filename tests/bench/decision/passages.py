"""What hard anti-passback costs a decision, in and out in turns beside the same without zones; and a muster of all."""

from contextlib import ExitStack
from itertools import cycle

import numpy as np
from rich.console import Console

from app.core.access.passages.presence import Presence
from app.core.access.rules import GatePlace, Zone
from app.core.access.zone_policy import AntiPassback, ZonePolicy
from app.core.people.records import EmployeeFilter
from app.process.memory import settled
from app.services.access.access import Approach
from app.web.api.access.muster import read
from app.wiring import System
from tests.bench.ground import ENROLLED, add_gate, frame, jpeg, service, timed

TURNS, BATCH, WARM_UP = 20, 6, 6
MUSTERS = 10
ZONE = "bench-zone"


def measure(console: Console) -> None:
    data = jpeg(frame())
    with ExitStack() as stack:
        systems = [stack.enter_context(service()) for _ in range(2)]
        for system in systems:
            for name in ("bench-in", "bench-out"):
                add_gate(system, name)
        _add_zone(systems[1])
        gates = [cycle(("bench-in", "bench-out")) for _ in systems]
        wall: list[list[float]] = [[], []]
        cpu: list[list[float]] = [[], []]

        def decide(which: int) -> None:
            system = systems[which]
            assert system.access.decide(Approach(next(gates[which]), (data,), system.clock())).opens

        for which in (0, 1):
            for _ in range(WARM_UP):
                decide(which)
        for turn in range(TURNS):
            for which in (0, 1) if turn % 2 else (1, 0):
                for _ in range(BATCH):
                    took = timed(lambda: decide(which))  # noqa: B023
                    wall[which].append(took[0])
                    cpu[which].append(took[1])
        (without, hard), (cpu_without, cpu_hard) = ([float(np.median(took)) for took in one] for one in (wall, cpu))
        console.print(
            f"a frame to its decision, {ENROLLED} enrolled: {without:.2f} ms without zones, {hard:.2f} with hard "
            f"anti-passback, ratio {hard / without:.3f}; of CPU {cpu_without:.2f} and {cpu_hard:.2f}, ratio "
            f"{cpu_hard / cpu_without:.3f} ({TURNS * BATCH} decisions each; at most 1.05 wanted)"
        )
        inside = _all_inside(systems[1])
        read(systems[1], None)  # type: ignore[arg-type]  # who asks does not matter; opens what names people
        settled()  # as `serve` does once it has started
        musters = [timed(lambda: read(systems[1], None)) for _ in range(MUSTERS)]  # type: ignore[arg-type]
        slow, busy = (float(np.median([one[n] for one in musters])) for n in (0, 1))
        console.print(f"the muster of {inside} people as JSON: {slow:.0f} ms, {busy:.0f} of CPU (median of {MUSTERS})")


def _add_zone(system: System) -> None:
    with system.store.write() as tx:
        site = tx.rules.all().sites[0].id
        ways = {"bench-in": (None, ZONE), "bench-out": (ZONE, None)}
        tx.rules.put(Zone(ZONE, "Bench", site, policy=ZonePolicy(AntiPassback.HARD)))
        for name, way in ways.items():
            gate = tx.gates.by_name_or_id(name)
            assert gate is not None
            tx.rules.put(GatePlace(gate.id, name, site, *way))


def _all_inside(system: System) -> int:
    with system.store.write() as tx:
        people = tx.employees.find(EmployeeFilter(limit=ENROLLED))
        for person in people:
            tx.presences.put(Presence(person.id, ZONE, system.clock()))
    return len(people)
