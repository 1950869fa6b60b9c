"""Processes whose clocks are apart share gates by the clock of the database, and one that is wrong lets go."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.core.gates.gate import Gate
from app.services.site.gate_leases import CLOCKS_APART, GateLeases, shared_time
from tests.stores import open_store


class Apart:
    """A clock that is so far ahead of the machine's."""

    def __init__(self, ahead_s: float = 0.0) -> None:
        self.ahead_s = ahead_s

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead_s)


@pytest.fixture
def duties(database: str, database_url: str) -> Iterator[tuple[GateLeases, GateLeases, Apart]]:
    """One with the right time; one with another clock, and that clock."""
    if database != "postgresql":
        pytest.skip("a file is of one machine, and has its clock")
    store, clock = open_store(database_url, server_clock=True), Apart()
    with store.write() as tx:
        tx.gates.add(Gate("01G", "lobby-1", created_at=clock()))
        tx.gates.add(Gate("02G", "dock", created_at=clock()))
    yield GateLeases(store, Apart()), GateLeases(store, clock), clock
    store.close()


@pytest.mark.parametrize("ahead_s", [20.0, -20.0, 3600.0, -86_400.0])
def test_clock_skew_gives_no_gate_two_processes(
    duties: tuple[GateLeases, GateLeases, Apart], ahead_s: float, caplog: pytest.LogCaptureFixture
) -> None:
    right, wrong, clock = duties
    clock.ahead_s = ahead_s
    assert right.renew() == {"01G", "02G"}
    for _ in range(3):
        assert wrong.renew() == frozenset()
        assert right.renew() == {"01G", "02G"}
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(said) == 1 and said[0].startswith(f"clock_skew seconds={ahead_s:.0f}"[:-2]), said


def test_process_with_a_wrong_clock_gives_up_its_gates_until_it_is_right(
    duties: tuple[GateLeases, GateLeases, Apart],
) -> None:
    right, other, clock = duties
    assert other.renew() == {"01G", "02G"}
    clock.ahead_s = 20
    assert other.renew(held={"01G"}) == frozenset(), "and keeps the lease of what it still has in hand"
    other.renew(held={"01G"})
    assert right.renew() == {"02G"}
    assert other.renew() == frozenset()
    assert right.renew() == {"01G", "02G"}
    clock.ahead_s = 0
    other.renew()
    right.renew()
    right.renew()
    assert len(other.renew()) == 1


def test_slow_answer_is_not_taken_for_clock_skew(duties: tuple[GateLeases, GateLeases, Apart]) -> None:
    right, _, clock = duties
    store = right._store
    for ahead_s in (1.0, -1.0):
        clock.ahead_s = ahead_s
        with store.read() as tx:
            now, apart = shared_time(tx, clock)
        assert timedelta(seconds=0.5) < abs(apart) < CLOCKS_APART
        assert abs(now - datetime.now(UTC)) < timedelta(seconds=0.5)
    clock.ahead_s = 0
    with store.read() as tx:
        assert abs(shared_time(tx, clock)[1]) < timedelta(milliseconds=100)
