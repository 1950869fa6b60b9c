"""The console's pages of people among 10,000 employees, 100 gates and 200 rules; decisions beside an import.

`python -m tests.bench people [FOLDER]`: FOLDER holds a folder of photos a person; without it there is no import.
"""

import argparse
import os
import random
import time
import warnings
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import numpy as np
from rich.console import Console

from app.core.access.rules import Group, Rule, Where, Who
from app.core.access.schedules import Hours, Schedule, Window
from app.core.people.records import EmployeeFilter
from app.core.text import folded
from app.core.types import Role
from app.services.access.access import Approach
from app.services.access.rules import rule_changes
from app.settings import Settings
from app.web.app import create_app
from app.wiring import System, new_id, open_system
from tests.bench import imports
from tests.bench.ground import ENROLLED, photo, populate, timed

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have a newer httpx than the one the project ships
    from fastapi.testclient import TestClient

TYPED = ("r", "ra", "ran", "rand", "rando", "random 99", "R-00", "R-0099", "nobody", "\u00f6")
GATES, RULES = 100, 200
ROUNDS = 20
DECISIONS = 40  # a turn; turns with and without an import follow each other
TURNS = 4


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench people", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="a folder of photos a person")
    asked = parser.parse_args(arguments)
    console = Console(highlight=False)
    with TemporaryDirectory() as folder:
        system = open_system(Settings(data=Path(folder)))
        try:
            populate(system, ENROLLED)
            pages(system, console)
            if asked.folder is not None:
                beside(system, asked.folder, console)
        finally:
            system.imports.close()
            system.close()


def pages(system: System, console: Console) -> None:
    _rules(system)
    user = system.accounts.users.add("bench", frozenset({Role.ADMIN}), None)
    with system.store.write() as tx:
        cookie = system.accounts.sessions.open(tx, user, "127.0.0.1", "bench")
    people = system.enrolment.find(EmployeeFilter(limit=ROUNDS))
    with TestClient(create_app(system)) as client:
        client.cookies.set("facegate", cookie)

        def ask(path: str, **query: str) -> None:
            assert client.get(path, params=query).status_code == 200

        def say(what: str, path: str, *queries: dict[str, str]) -> None:
            for query in queries:
                ask(path, **query)
            took = [timed(lambda q=q: ask(path, **q)) for _ in range(ROUNDS) for q in queries]  # type: ignore[misc]
            _say(console, f"{what}, {ENROLLED} employees", took)

        say("list, first page", "/employees", {})
        say("list, searched during typing", "/employees", *({"q": q, "part": "true"} for q in TYPED))
        ask(f"/employees/{people[0].id}")
        took = [timed(lambda e=e: ask(f"/employees/{e.id}")) for e in people]  # type: ignore[misc]
        _say(console, f"a person's page, {GATES} gates, {RULES} rules", took)


def _rules(system: System) -> None:
    """Everybody is in ten of 200 groups, each of which has a rule by one of 20 schedules."""
    rng = random.Random(5)
    for number in range(GATES):
        system.gates.add(f"gate-{number:03d}")
    groups = tuple(Group(new_id(), f"Group {number}") for number in range(RULES))
    windows = [Window((day,), Hours(rng.randrange(300, 600), rng.randrange(300, 600))) for day in range(7)]
    schedules = tuple(Schedule(new_id(), f"Schedule {n}", tuple(rng.sample(windows, 4))) for n in range(20))
    rules = tuple(
        Rule(new_id(), f"Rule {n}", Who(groups=frozenset({group.id})), Where(everywhere=True), schedules[n % 20].id)
        for n, group in enumerate(groups)
    )
    with system.store.write(timedelta(minutes=5)) as tx:
        tx.templates.lock()
        for employee in tx.employees.find(EmployeeFilter(limit=ENROLLED)):
            theirs = tuple(group.name for group in rng.sample(groups, 10))
            tx.employees.update(replace(employee, groups=theirs))
        before = tx.rules.all()
        known = {folded(group.name): group for group in before.groups}
        assert not known or len(known) == RULES
        named = {g.id: known.get(folded(g.name), g).id for g in groups}
        rules = tuple(replace(r, who=Who(groups=frozenset(named[g] for g in r.who.groups))) for r in rules)
        kept = tuple(known.get(folded(g.name), g) for g in groups)
        rule_changes.store(tx, before, replace(before, groups=kept, schedules=schedules, rules=rules))


def beside(system: System, folder: Path, console: Console) -> None:
    """Decisions on an empty lobby and on a face, with nothing beside them and with an import on every engine."""
    system.gates.add("bench")
    frame = photo("obama2")
    people = imports._people(folder, 400, 3)
    alone: list[tuple[float, float]] = []
    busy: list[tuple[float, float]] = []

    def decide() -> None:
        system.access.decide(Approach("bench", (frame,), received_at=system.clock()))

    for _ in range(10):
        decide()
    for turn in range(TURNS):
        alone += [timed(decide) for _ in range(DECISIONS)]
        part = people[turn * 100 : (turn + 1) * 100]
        work = Thread(target=imports.bring, args=(system, part, turn * 100))
        work.start()
        time.sleep(1)  # until it is at work on every engine
        while work.is_alive() and len(busy) < (turn + 1) * DECISIONS:
            busy.append(timed(decide))
        work.join()
    _say(console, "decisions alone", alone)
    _say(console, f"decisions beside an import on {system.recognition.engines} engines", busy)


def _say(console: Console, what: str, took: list[tuple[float, float]]) -> None:
    wall, cpu = np.array(took).T
    console.print(
        f"{what}: median {np.median(wall):.1f} ms, p95 {np.quantile(wall, 0.95):.1f} ms of {len(took)}; "
        f"CPU of the process median {np.median(cpu):.1f} ms; load {os.getloadavg()[0]:.1f}"
    )
