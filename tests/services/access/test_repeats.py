"""A clock that is set back makes no opening last: a count of the machine bounds what is answered as before."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.adapters import uptime
from tests.fakes import Clock, person, photo
from tests.services.process import Process

Start = Callable[..., Process]
ADA = photo(person(0))


class Machine:
    def __init__(self) -> None:
        self.boot, self.ran_ms = "first", 1_000_000

    def __call__(self) -> tuple[str, int]:
        return self.boot, self.ran_ms


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def gate(site: Process, start: Start, machine: Machine) -> Process:
    site.enrol("E-1", ADA)
    return start(uptime=machine)


@pytest.mark.parametrize("back", [timedelta(seconds=3), timedelta(hours=3), timedelta(days=400)])
def test_clock_set_back_forgets_earlier_requests(gate: Process, clock: Clock, back: timedelta) -> None:
    first = gate.decide(ADA, idempotency_key="k")
    clock.now -= back
    assert gate.decide(ADA, idempotency_key="k").id != first.id


@pytest.mark.parametrize("steps", [2, 40])
def test_small_clock_steps_do_not_extend_the_memory(gate: Process, clock: Clock, machine: Machine, steps: int) -> None:
    """A minute, set back by as much again and again: by the clock no time goes by."""
    first = gate.decide(ADA, idempotency_key="k")
    for _ in range(steps):
        machine.ran_ms += 59_000
    assert gate.decide(ADA, idempotency_key="k").id != first.id


def test_repeat_within_a_minute_is_recognised(gate: Process, start: Start, clock: Clock, machine: Machine) -> None:
    first = gate.decide(ADA, idempotency_key="k")
    clock.advance(seconds=59)
    machine.ran_ms += 59_000
    assert gate.decide(ADA, idempotency_key="k") == first
    assert start(uptime=machine).decide(ADA, idempotency_key="k") == first, "after a restart of the service, too"


def test_reboot_forgets_repeats(gate: Process, machine: Machine) -> None:
    first = gate.decide(ADA, idempotency_key="k")
    machine.boot, machine.ran_ms = "second", 5_000
    assert gate.decide(ADA, idempotency_key="k").id != first.id


def test_machine_reports_its_boot_and_uptime() -> None:
    boot, ran_ms = uptime.run()
    again = uptime.run()
    assert boot and again[0] == boot and 0 <= again[1] - ran_ms < 60_000
