"""Processes share the gates by leases: each gate has one, a dead one's pass on, and a wrong clock drives nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.core.errors import NotRecorded
from app.core.gates.commands import Order
from app.services.site.gate_leases import LEASE, LONGEST, STALE, GateLeases
from tests.fakes import NOW, Clock
from tests.services.failing_site import Failing
from tests.services.process import Process

Join = Callable[..., GateLeases]


@pytest.fixture
def gates(site: Process) -> set[str]:
    """The ids of four gates."""
    return {site.gates.get("lobby-1").id, *(site.gates.add(name).id for name in ("dock", "yard", "attic"))}


@pytest.fixture
def join(site: Process, clock: Clock, gates: set[str]) -> Join:
    """A process that shares them. only: the names of those it may take."""
    return lambda *only: GateLeases(site.store, clock, only)


def test_one_process_takes_every_gate_and_two_share_them(join: Join, gates: set[str]) -> None:
    first, second = join(), join()
    assert first.gates() == frozenset()
    assert first.renew() == first.gates() == gates
    assert second.renew() == frozenset(), "all are taken"
    assert second.others() == gates
    kept = first.renew()
    assert len(kept) == 2
    assert second.renew() == frozenset(), "the first has let go of the others, but not yet given up their leases"
    assert first.renew() == kept
    assert second.renew() == gates - kept and second.others() == kept
    assert first.holders() == {**dict.fromkeys(kept, first.holder), **dict.fromkeys(gates - kept, second.holder)}


def test_a_process_keeps_the_lease_of_hardware_that_it_still_has_in_hand(join: Join, gates: set[str]) -> None:
    first, second = join(), join()
    first.renew()
    second.renew()
    kept = first.renew(held=gates)
    assert len(kept) == 2 and first.gates() == kept
    assert second.renew() == frozenset(), "the hardware is not given up yet"
    first.renew(held=kept)
    assert second.renew() == gates - kept


def test_the_gates_of_a_dead_process_pass_on_when_its_leases_end(join: Join, gates: set[str], clock: Clock) -> None:
    dead, heir = join(), join()
    dead.renew()
    assert heir.renew() == frozenset()
    clock.now += LEASE
    assert heir.renew() == gates
    assert dead.gates() == gates, "it does not know yet"
    dead.renew()
    assert dead.others() == gates - dead.gates()


def test_a_process_takes_only_gates_that_it_may(site: Process, join: Join, gates: set[str]) -> None:
    dock = site.gates.get("dock").id
    keeper, rest = join("dock"), join()
    assert keeper.renew() == {dock}
    assert rest.renew() == gates - {dock}


def test_leaving_keeps_what_is_in_hand_and_resigning_gives_up_all(join: Join, gates: set[str]) -> None:
    first, second = join(), join()
    in_hand = set(sorted(first.renew())[:1])
    first.leave(in_hand)
    assert first.gates() == frozenset() and set(first.holders()) == in_hand
    assert second.renew() == gates - in_hand
    first.resign()
    assert second.renew() == gates
    assert first.others() == frozenset()
    first.leave(())
    assert first.others() == gates


def test_nothing_changes_while_the_database_is_gone(site: Process, clock: Clock, gates: set[str]) -> None:
    store = Failing(site.store)
    mine = GateLeases(store, clock)  # type: ignore[arg-type]  # the part of a store that it needs
    mine.renew()
    store.writes = False
    for ask in (mine.renew, lambda: mine.leave(gates)):
        with pytest.raises(NotRecorded):
            ask()
        assert mine.gates() == gates
    with pytest.raises(NotRecorded):
        mine.resign()
    assert mine.gates() == frozenset(), "it drives nothing, and its leases expire"


def test_leases_from_before_the_clock_was_set_back_are_given_up(join: Join, gates: set[str], clock: Clock) -> None:
    gone, heir = join(), join()
    clock.now = NOW + LONGEST + LEASE
    gone.renew()
    clock.now = NOW
    assert heir.renew() == gates


def test_untaken_openings_are_reported_once(site: Process, join: Join, clock: Clock) -> None:
    gate = site.gates.get("lobby-1")
    order = Order("event-1", gate.id, None, NOW, NOW + timedelta(seconds=5))
    with site.store.write() as tx:
        tx.orders.put(order)
    told: list[Order] = []
    mine = join()
    mine.untaken = told.extend
    mine.renew()
    assert told == []
    clock.now += STALE + timedelta(seconds=6)
    mine.renew()
    mine.renew()
    assert [one.event_id for one in told] == ["event-1"]
