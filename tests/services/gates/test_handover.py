"""A gate is driven by the process whose gate it is, and an opening decided elsewhere finds it."""

from collections.abc import Callable, Iterator

import pytest

from app.core.events.decision import RecordedDecision
from app.core.gates.commands import CommandOutcome
from app.services.gates.dispatcher import GateDispatcher
from app.services.gates.gate_settings import GateSettings
from tests.fakes import Clock, new_id, person, photo
from tests.services.gate_hardware import TURNSTILE, Yard, recorded, result
from tests.services.process import Process
from tests.waiting import eventually

Begin = Callable[..., tuple[GateDispatcher, Yard, set[str]]]


@pytest.fixture
def begin(start: Callable[..., Process], clock: Clock) -> Iterator[Begin]:
    """A process on the test's database with gates of its own: its control, what it built, and their ids."""
    running: list[GateDispatcher] = []

    def process(*, driving: bool = True) -> tuple[GateDispatcher, Yard, set[str]]:
        site, yard, mine = start(), Yard(clock), set[str]()
        control = GateDispatcher(site.store, site.vault, site.signer, clock, new_id, mine.copy, yard.build, tick_s=0.02)
        running.append(control)
        if driving:
            control.start()
        return control, yard, mine

    yield process
    for control in running:
        control.close()


@pytest.fixture
def lobby(site: Process, gate_settings: GateSettings) -> str:
    return gate_settings.change("lobby-1", TURNSTILE).id


def test_gate_is_handed_over_completely(begin: Begin, lobby: str) -> None:
    (a, at_a, of_a), (b, at_b, of_b) = begin(), begin()
    of_a.add(lobby)
    eventually(lambda: a.healthy() == {"lobby-1": None})
    assert (b.healthy(), at_b.built) == ({}, [])

    of_a.clear()
    eventually(lambda: a.healthy() == {} and at_a.built[0].closed == 1)
    of_b.add(lobby)
    eventually(lambda: len(at_b.built) == 1)
    assert len(at_a.built) == 1


@pytest.mark.parametrize("driving", [True, False])
def test_opening_decided_elsewhere_is_sent_by_the_driving_process(
    begin: Begin, lobby: str, site: Process, answer: RecordedDecision, driving: bool
) -> None:
    (_, at_a, of_a), (b, at_b, _) = begin(), begin(driving=driving)
    of_a.add(lobby)
    eventually(lambda: len(at_a.built) == 1)

    b.carry_out(answer)

    assert recorded(site, answer).outcome is CommandOutcome.OPENED
    assert [command.event_id for command in at_a.built[0].opened] == [answer.id]
    assert at_b.built == []


def test_opening_that_reaches_the_driving_process_late_is_not_sent(
    begin: Begin, lobby: str, site: Process, answer: RecordedDecision, clock: Clock
) -> None:
    (_, at_a, of_a), (b, _, _) = begin(), begin(driving=False)
    b.carry_out(answer)
    clock.advance(seconds=5)
    of_a.add(lobby)
    assert recorded(site, answer).outcome is CommandOutcome.TOO_LATE
    assert at_a.built[0].opened == []


def test_denial_is_not_passed_on(begin: Begin, lobby: str, site: Process) -> None:
    b, _, _ = begin(driving=False)
    denied = site.decide(photo(person(3)))
    b.carry_out(denied)
    with site.store.read() as tx:
        assert not tx.orders.waiting([lobby])
    assert result(site, denied) is None
