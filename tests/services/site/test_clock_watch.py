"""A clock that cannot be right lets nobody in whose dates matter, until somebody confirms it or it is put right."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import count

import pytest

from app.core.alerts.alert import AlertKind
from app.core.events.records import EventFilter
from app.core.people.details import Details
from app.services.site.clock_watch import ClockWatch
from app.services.site.own_alerts import OwnAlerts
from tests.fakes import NOW, Clock, new_id, person, photo
from tests.services.process import Process

pytestmark = pytest.mark.one_database

Start = Callable[..., Process]
ADA, BOB = photo(person(0)), photo(person(1))


class Machine:
    """Its count goes on whatever becomes of the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self.uptime_s = clock, 1000.0

    def passes(self, **span: float) -> None:
        self._clock.advance(**span)
        self.uptime_s += timedelta(**span).total_seconds()

    def __call__(self) -> float:
        return self.uptime_s


@pytest.fixture
def machine(clock: Clock) -> Machine:
    return Machine(clock)


@pytest.fixture
def begin(site: Process, clock: Clock, machine: Machine) -> Callable[[], ClockWatch]:
    """The watch of a process that starts now."""

    def start_one() -> ClockWatch:
        watch = ClockWatch(site.store, clock, machine, OwnAlerts(site.store, clock, new_id))
        watch.look()
        return watch

    return start_one


def beat(site: Process, watch: ClockWatch) -> None:
    with site.store.write() as tx:
        tx.heartbeats.beat(watch.trusted_time(), b"")


def dated(site: Process, number: str, until: date | None, *photos: bytes) -> None:
    employee = site.enrol(number, *photos)
    site.enrolment.update(employee.id, lambda e: Details(e.number, e.name, valid_until=until))


_pictures = count()


def sees(process: Process, axis: int) -> str:
    """A picture of its own each time."""
    return str(process.decide(photo(person(axis), note=f"{next(_pictures)}")).reason)


def alerts(site: Process) -> list[AlertKind]:
    with site.store.read() as tx:
        return [alert.kind for alert in tx.alerts.uncleared()]


def test_clock_behind_the_log_lets_no_expired_employee_pass(
    site: Process, start: Start, begin: Callable[[], ClockWatch], clock: Clock, machine: Machine
) -> None:
    """The smallest case: an expired employee, a clock a day behind the last event."""
    dated(site, "E-1", NOW.date(), ADA)
    site.enrol("E-2", BOB)
    machine.passes(days=1)
    assert sees(site, 0) == "expired"
    clock.now -= timedelta(days=1)  # the machine starts again with its clock behind
    watch = begin()
    gate = start(clock_doubted=lambda: watch.doubt() is not None)
    assert watch.doubt() == "it stands 24 hours before the newest record"
    assert alerts(site) == [AlertKind.CLOCK_WRONG]
    assert sees(gate, 0) == "clock_unconfirmed"
    assert sees(gate, 1) == "recognised", "whose dates do not matter passes"
    assert watch.trusted_time() is None

    # What was recorded since does not make it right, nor does a restart.
    machine.passes(seconds=30)
    assert begin().doubt() is not None
    watch.look()
    assert sees(gate, 0) == "clock_unconfirmed"

    begin().confirm()
    watch.look()
    assert watch.doubt() is None and alerts(site) == []
    assert sees(gate, 0) == "recognised", "by the clock that somebody answers for they are valid"
    machine.passes(hours=16)
    assert begin().doubt() is None
    assert sees(gate, 0) == "expired"
    assert site.events.find(EventFilter(limit=1))


def test_clock_that_goes_on_is_not_doubted(
    site: Process, begin: Callable[[], ClockWatch], clock: Clock, machine: Machine
) -> None:
    site.decide(ADA)
    watch = begin()
    for _ in range(3):
        machine.passes(hours=7)
        beat(site, watch)
        clock.now -= timedelta(seconds=4)  # time synchronisation
        watch.look()
        assert watch.doubt() is None
    assert alerts(site) == []


@pytest.mark.parametrize(
    ("step", "words"),
    [(timedelta(hours=-3), "it was set back by 3 hours"), (timedelta(days=2), "it was set ahead by 2 days")],
)
def test_clock_step_is_noticed_at_the_next_decision(
    site: Process, begin: Callable[[], ClockWatch], clock: Clock, machine: Machine, step: timedelta, words: str
) -> None:
    watch = begin()
    assert watch.doubt() is None
    machine.passes(seconds=10)
    clock.now += step
    assert watch.doubt() == words, "before any look at the database"
    watch.look()
    assert alerts(site) == [AlertKind.CLOCK_WRONG]
    assert begin().doubt() == words, "a restart does not mend it"


def test_clock_that_is_put_right_is_trusted_again(
    site: Process, begin: Callable[[], ClockWatch], clock: Clock, machine: Machine
) -> None:
    """A box without a battery starts in the past, and its time synchronisation sets it a minute later."""
    site.decide(ADA)
    machine.passes(hours=10)
    right, clock.now = clock.now, NOW - timedelta(days=9000)
    watch = begin()
    assert watch.doubt() is not None
    machine.passes(minutes=1)
    watch.look()
    assert watch.doubt() is not None
    clock.now = right + timedelta(minutes=1)
    watch.look()
    assert watch.doubt() is None and alerts(site) == []
    assert begin().doubt() is None


def test_clock_that_catches_up_slowly_is_not_trusted(
    site: Process, begin: Callable[[], ClockWatch], clock: Clock, machine: Machine
) -> None:
    site.decide(ADA)
    clock.now -= timedelta(hours=1)
    watch = begin()
    machine.passes(hours=2)
    watch.look()
    assert watch.doubt() is not None, "an hour behind is an hour behind"


def test_heartbeat_detects_a_step_without_events(
    site: Process, begin: Callable[[], ClockWatch], clock: Clock, machine: Machine
) -> None:
    watch = begin()
    machine.passes(days=3)
    beat(site, watch)
    clock.now -= timedelta(days=2)
    assert begin().doubt() == "it stands 2 days before the newest record"
