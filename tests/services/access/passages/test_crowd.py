"""A crowd at four gates, in two processes at once: nobody gets in twice, and no zone gets too full.

`HYPOTHESIS_PROFILE=deep` makes 10,000 attempts of 100 people.
"""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import settings

from app.core.access.rules import GatePlace, Zone
from app.core.access.zone_policy import AntiPassback, ZonePolicy
from app.core.gates.commands import PassageSource
from app.core.types import Decision, Reason
from app.services.access.passages.zone_gate import ZoneGate
from app.services.access.rules.current_rules import CurrentRules
from tests.fakes import new_id, photo
from tests.services.access.passages.crowd import GATES, SHARED_CLOCK, faces
from tests.services.process import Process

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[4]
ATTEMPTS = settings().max_examples * 5 // 2  # of each process
PEOPLE = 100 if settings().max_examples > 1000 else 30
ZONE = "zone-hall"


@pytest.fixture
def hall(start: Callable[..., Process]) -> Process:
    """People are enrolled, and four gates with sensors lead into the hall."""
    site = start()
    site.clock.now = SHARED_CLOCK
    for number, face in enumerate(faces(PEOPLE)):
        site.enrol(f"E-{number}", photo(face))
    gates = [site.gates.add(name) for name in GATES]
    asks(site, AntiPassback.HARD)
    with site.store.write() as tx:
        where = tx.rules.all().sites[0].id
        tx.rules.put(*(GatePlace(gate.id, gate.name, where, None, ZONE) for gate in gates))
    learns(site, PassageSource.SENSOR)
    return site


def learns(site: Process, passages: PassageSource) -> None:
    with site.store.write() as tx:
        for gate in tx.gates.all():
            tx.gates.update(replace(gate, passages=passages))


def asks(site: Process, anti_passback: AntiPassback, limit: int | None = None) -> None:
    with site.store.write() as tx:
        where = tx.rules.all().sites[0].id
        tx.rules.put(Zone(ZONE, "Hall", where, policy=ZonePolicy(anti_passback, limit=limit)))


def let_in(url: str) -> dict[str, set[str]]:
    """Two processes make their attempts at the same time. The events that opened a gate, by person."""
    command = [sys.executable, "-m", "tests.services.access.passages.crowd", url]
    running = [
        subprocess.Popen([*command, str(seed), str(ATTEMPTS), str(PEOPLE)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for seed in (1, 2)
    ]
    found: dict[str, set[str]] = defaultdict(set)
    for process in running:
        output, _ = process.communicate(timeout=1200)
        assert process.returncode == 0
        for line in output.split("\n"):
            if line:
                person, event = line.split()
                found[person].add(event)
    return found


@pytest.mark.parametrize("passages", [PassageSource.SENSOR, PassageSource.ASSUME_ON_GRANT])
def test_nobody_is_let_in_twice(hall: Process, passages: PassageSource, database_url: str) -> None:
    learns(hall, passages)
    found = let_in(database_url)
    assert len(found) == PEOPLE, "so many attempts reach everybody"
    assert [person for person, events in found.items() if len(events) > 1] == []
    with hall.store.read() as tx:
        assert tx.presences.count_inside([ZONE], hall.clock()) == PEOPLE


def test_no_more_are_let_in_than_fit(hall: Process, database_url: str) -> None:
    asks(hall, AntiPassback.HARD, limit=PEOPLE * 6 // 10)
    found = let_in(database_url)
    assert len(found) == sum(map(len, found.values())) == PEOPLE * 6 // 10
    assert hall.recorded() > len(found)


def test_reading_first_and_writing_then_lets_people_in_twice(hall: Process) -> None:
    """The control: the same questions, asked in another transaction than the one that records."""
    gate_of, rules = ZoneGate(new_id), CurrentRules()
    with hall.store.read() as tx:
        gates = tx.gates.all()[:2]
        employee = tx.employees.by_number("E-0")
        assert employee is not None
    both = Barrier(2)

    def naively(number: int) -> bool:
        gate, now = gates[number], hall.clock()
        with hall.store.read() as tx:
            decision = Decision(Reason.RECOGNISED, employee)
            zoned = gate_of.ask(tx, rules.at(tx), gate, decision, now, for_update=False)
        both.wait(60)
        assert zoned is not None
        if zoned.answer.reason is not None:
            return False
        with hall.store.write() as tx:
            gate_of.grant(tx, gate, zoned, f"event-{number}", employee.id, now)
        return True

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(naively, range(2))) == [True, True]
