"""The threshold counts the people who may pass this gate now; who may not is named by that of the whole gallery."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from app.core.access.rules import Group, Rule, Where, Who
from app.core.access.schedules import Hours, Schedule, Window
from app.core.events.decision import RecordedDecision
from app.core.people.details import Details
from app.core.types import Status, Vector
from app.services.access.rules.eligible_count import EligibleCount, in_background
from tests.fakes import DIMENSION, Clock, person, photo
from tests.services.conftest import Start
from tests.services.process import Process
from tests.services.stage import Unreachable
from tests.waiting import eventually

ENROLLED = 5
EVERYWHERE = Where(everywhere=True)
STAFF = Rule("01S", "Staff", Who(groups=frozenset({"H1"})), EVERYWHERE)
MORNING = Schedule("01M", "From 08:01", (Window((0, 1, 2, 3, 4, 5, 6), Hours(481, 60)),))


def threshold(gallery_size: int, photos: int, frames: int, share: float = 1.0) -> float:
    """0.45 for one person, 0.65 for five."""
    return 0.4 + 0.05 * gallery_size


def only(process: Process, *rules: Rule) -> None:
    with process.store.write() as tx:
        tx.rules.delete(*tx.rules.all().rules)
        tx.rules.put(Group("H1", "Staff"), MORNING, *rules)


def joins(process: Process, axis: int, *groups: str) -> None:
    with process.store.read() as tx:
        employee = tx.employees.by_number(f"E-{axis}")
    assert employee is not None
    process.enrolment.update(employee.id, lambda e: Details(e.number, e.name, groups=groups))


def mixed(**similar: float) -> Vector:
    """A face with these similarities: p0=0.5 to person 0, and so on; the rest is nobody's."""
    vector = np.zeros(DIMENSION, np.float32)
    for name, similarity in similar.items():
        vector[int(name.removeprefix("p"))] = similarity
    vector[-1] = np.sqrt(1 - (vector**2).sum())
    return vector


@pytest.fixture
def building(start: Start) -> Process:
    """Five people are enrolled; person 0 alone is of the staff, who alone may pass."""
    process = start(threshold=threshold)
    process.gates.add("lobby-1")
    for axis in range(ENROLLED):
        process.enrol(f"E-{axis}", photo(person(axis)))
    only(process, STAFF)
    joins(process, 0, "staff")
    return process


def shown(process: Process, **similar: float) -> RecordedDecision:
    return process.decide(photo(mixed(**similar)))


def test_threshold_for_an_allowed_person_counts_those_allowed(building: Process) -> None:
    opened = shown(building, p0=0.5)
    assert (opened.reason, opened.threshold, opened.candidates) == ("recognised", 0.45, 1)
    kept = building.events.get(opened.id).json()
    assert (kept["threshold"], kept["candidates"]) == (0.45, 1)
    assert shown(building, p0=0.44).reason == "not_recognised"
    only(building, replace(STAFF, who=Who(everybody=True)))
    turned_away = shown(building, p0=0.5)
    assert (turned_away.reason, turned_away.threshold, turned_away.candidates) == ("not_recognised", 0.65, 5)
    assert building.recorded() == 3


def test_threshold_for_a_person_not_allowed_counts_the_whole_gallery(building: Process) -> None:
    unnamed = shown(building, p1=0.6)
    assert (unnamed.reason, unnamed.employee) == ("not_recognised", None)
    assert (unnamed.threshold, unnamed.candidates) == (0.65, ENROLLED)
    named = shown(building, p1=0.66)
    assert named.employee is not None
    assert (named.reason, named.employee.number, named.candidates) == ("no_rule", "E-1", ENROLLED)


@pytest.mark.parametrize(
    ("similar", "reason"),
    [
        ({"p0": 0.6, "p1": 0.49}, "recognised"),
        ({"p0": 0.6, "p1": 0.51}, "ambiguous"),  # below every threshold, and a rival all the same
        ({"p0": 0.55, "p1": 0.6}, "not_recognised"),
        ({"p0": 0.6, "p1": 0.75}, "no_rule"),
    ],
)
def test_enrolled_people_who_may_not_pass_are_rivals(building: Process, similar: dict[str, float], reason: str) -> None:
    assert shown(building, **similar).reason == reason


def test_the_count_follows_rules_and_people_from_the_next_decision_in_every_process(
    building: Process, start: Start
) -> None:
    branch = start(threshold=threshold)

    def counts() -> tuple[int | None, ...]:
        return tuple(process.decide(photo(person(0))).candidates for process in (branch, building))

    def change(**changes: Any) -> Callable[[], None]:
        def work() -> None:
            with building.store.write() as tx:
                other = tx.employees.by_number("E-1")
                assert other is not None
                tx.employees.update(replace(other, **changes))

        return work

    assert counts() == (1, 1)
    steps: list[tuple[Callable[[], object], int]] = [
        (lambda: only(building, replace(STAFF, who=Who(everybody=True))), 5),
        (change(blocked_at=building.clock(), block_reason="lost badge"), 4),
        (change(blocked_at=None, block_reason=None), 5),
        (change(status=Status.INACTIVE), 4),
        (change(status=Status.ACTIVE), 5),
        (change(valid_until=building.clock().date() - timedelta(days=1)), 4),
        (change(valid_until=None), 5),
        (lambda: building.enrol("E-9", photo(person(9))), 6),
        (lambda: building.enrolment.add(Details("E-10", "No photo yet")), 6),
        (lambda: only(branch, STAFF), 1),
        (lambda: joins(branch, 1, "STAFF"), 2),
        (lambda: joins(building, 2, "Staff", "Night"), 3),
        (lambda: joins(building, 1), 2),
    ]
    for number, (step, expected) in enumerate(steps):
        step()
        assert counts() == (expected, expected), number
    with building.store.read() as tx:
        other = tx.employees.by_number("E-2")
    assert other is not None
    building.erasure.erase(other.id)
    assert counts() == (1, 1)


def test_the_count_follows_the_schedules(building: Process, clock: Clock) -> None:
    only(building, STAFF, Rule("01A", "All", Who(everybody=True), EVERYWHERE, "01M"))
    with building.store.read() as tx:
        zone = tx.rules.all().sites[0]
    with building.store.write() as tx:
        tx.rules.put(replace(zone, time_zone="UTC"))
    assert shown(building, p0=0.7).candidates == 1
    clock.advance(minutes=1)
    assert shown(building, p0=0.7).candidates == ENROLLED
    clock.advance(minutes=60)
    assert shown(building, p0=0.7).candidates == 1


def test_until_the_people_are_read_the_whole_gallery_counts(building: Process, start: Start) -> None:
    waiting: list[Callable[[], None]] = []
    slow = start(threshold=threshold, eligible=EligibleCount(building.store, waiting.append, rest=0).at)
    assert shown(slow, p0=0.7).candidates == ENROLLED
    assert shown(slow, p0=0.7).candidates == ENROLLED
    (work,) = waiting  # read once, however many decisions wait for it
    work()
    assert shown(slow, p0=0.7).candidates == 1
    joins(building, 1, "staff")
    assert shown(slow, p0=0.7).candidates == ENROLLED
    waiting[-1]()
    assert shown(slow, p0=0.7).candidates == 2


def test_an_altered_record_of_writes_makes_the_whole_gallery_count(building: Process) -> None:
    assert shown(building, p0=0.7).candidates == 1
    with building.store._engine.begin() as connection:
        connection.execute(text("UPDATE seal_totals SET sealed = :nothing WHERE name = 'employees'"), {"nothing": b""})
    assert shown(building, p0=0.7).candidates == ENROLLED


def test_a_fault_while_the_people_are_read_makes_the_whole_gallery_count(
    building: Process, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    database = Unreachable(building.store)
    database.gone = True
    count = EligibleCount(database, lambda work: work(), rest=0)  # type: ignore[arg-type]  # a store that is lost at will
    other = start(threshold=threshold, eligible=count.at)
    assert shown(other, p0=0.7).candidates == ENROLLED
    assert "eligible_people_unreadable threshold=whole_gallery" in caplog.text
    database.gone = False
    assert shown(other, p0=0.7).candidates == 1


def test_after_a_read_the_next_one_rests(building: Process, start: Start) -> None:
    read: list[int] = []

    def run(work: Callable[[], None]) -> None:
        read.append(1)
        work()

    tired = start(threshold=threshold, eligible=EligibleCount(building.store, run, rest=1e9).at)
    assert shown(tired, p0=0.7).candidates == 1
    joins(building, 1, "staff")
    assert shown(tired, p0=0.7).candidates == ENROLLED
    assert len(read) == 1


def test_the_people_are_read_in_a_thread_of_their_own(building: Process, start: Start) -> None:
    go = Event()

    def held(work: Callable[[], None]) -> None:
        in_background(lambda: work() if go.wait(30) else None)

    usual = EligibleCount(building.store, held)
    other = start(threshold=threshold, eligible=usual.at)
    assert shown(other, p0=0.7).candidates == ENROLLED
    go.set()
    eventually(lambda: shown(other, p0=0.7).candidates == 1, "the count of those who may pass")
