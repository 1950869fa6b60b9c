"""Every opening that reaches no gate gets a second record, and the record says why."""

from datetime import timedelta

import pytest

from app.core.errors import NotRecorded
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import CommandOutcome, DriverKind, Order
from app.services.events.second_records import SecondRecords
from app.services.gates.dispatcher import GateDispatcher
from app.services.gates.gate_settings import GateSettings, GateUpdate
from app.services.site.gate_leases import GateLeases
from tests.fakes import NOW, Clock, new_id, person, photo
from tests.services.gate_hardware import Turnstile, Yard, recorded, result
from tests.services.process import Process
from tests.waiting import eventually


def test_opening_after_the_stop_is_recorded_as_not_sent(
    site: Process, control: GateDispatcher, turnstile: Turnstile, answer: RecordedDecision
) -> None:
    control.close()
    control.carry_out(answer)
    row = recorded(site, answer)
    assert (row.outcome, row.detail) == (CommandOutcome.TOO_LATE, "the service stopped before it was sent")
    assert turnstile.opened == []


def test_opening_while_the_driver_changes_is_recorded_as_not_sent(
    site: Process, control: GateDispatcher, turnstile: Turnstile, gate_settings: GateSettings, answer: RecordedDecision
) -> None:
    turnstile.free.clear()
    control.carry_out(answer)
    eventually(turnstile.reached)
    waiting = site.decide(photo(person(0)))
    control.carry_out(waiting)
    gate_settings.change("lobby-1", GateUpdate(config={"secret": "another"}))
    row = recorded(site, waiting)
    assert (row.outcome, row.detail) == (CommandOutcome.TOO_LATE, "the gate's settings changed before it was sent")


@pytest.mark.parametrize(
    ("taken_over", "words"),
    [
        (True, "another process took over the gate before it was sent"),
        (False, "this process gave up the gate before it was sent"),
    ],
)
def test_opening_while_the_gate_changes_hands_is_recorded_as_not_sent(
    site: Process,
    gate_settings: GateSettings,
    answer: RecordedDecision,
    yard: Yard,
    clock: Clock,
    taken_over: bool,
    words: str,
) -> None:
    lobby = gate_settings.change("lobby-1", GateUpdate(driver=DriverKind.OSDP, config={"secret": "s"})).id
    mine, others = {lobby}, set[str]()
    control = GateDispatcher(
        site.store, site.vault, site.signer, clock, new_id, mine.copy, yard.build, 0.02, others.copy
    )
    control.start()
    try:
        (turnstile,) = yard.built
        turnstile.free.clear()
        control.carry_out(answer)
        eventually(turnstile.reached)
        waiting = site.decide(photo(person(0)))
        control.carry_out(waiting)
        if taken_over:
            others.add(lobby)
        mine.clear()
        assert recorded(site, waiting).detail == words
    finally:
        control.close()


def test_opening_that_no_process_took_is_recorded_as_not_sent(
    site: Process, control: GateDispatcher, clock: Clock
) -> None:
    site.enrol("E-1", photo(person(0)))
    untaken = site.decide(photo(person(0)))
    gate = site.gates.get("lobby-1")
    with site.store.write() as tx:
        tx.orders.put(Order(untaken.id, gate.id, None, NOW, NOW + timedelta(seconds=5)))
    gate_leases = GateLeases(site.store, clock)
    gate_leases.untaken = control.untaken
    clock.advance(minutes=2)
    gate_leases.renew()
    assert recorded(site, untaken).detail == "no process drove the gate"


def test_polling_hardware_gets_no_second_record(
    site: Process, control: GateDispatcher, gate_settings: GateSettings, answer: RecordedDecision
) -> None:
    gate_settings.change("lobby-1", GateUpdate(driver=DriverKind.PLAIN))
    control.start()
    control.close()
    control.carry_out(answer)
    control.second_records.close()
    assert result(site, answer) is None


def test_second_record_is_written_once_the_database_is_back(
    site: Process, answer: RecordedDecision, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise NotRecorded("the database is gone")

    monkeypatch.setattr("app.services.events.second_records.AGAIN_S", 0.01)
    second = SecondRecords(site.store, site.signer, clock)
    with monkeypatch.context() as broken:
        broken.setattr(site.store, "write", gone)
        second.too_late("lobby-1", answer.id)
        assert second.is_waiting(answer.id)
    assert recorded(site, answer).detail == "recorded too late; the gate was not opened"
    eventually(lambda: not second.is_waiting(answer.id))


def test_unrecorded_event_gets_no_second_record(site: Process, clock: Clock, answer: RecordedDecision) -> None:
    second = SecondRecords(site.store, site.signer, clock)
    second.too_late("lobby-1", "01UNKNOWN")
    second.too_late("gone", answer.id)
    eventually(lambda: not second.is_waiting("01UNKNOWN") and not second.is_waiting(answer.id))
    with site.store.read() as tx:
        assert tx.gate_results.of(["01UNKNOWN", answer.id]) == {}


def test_failing_health_check_hides_no_other_gate(
    control: GateDispatcher, turnstile: Turnstile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: Turnstile) -> str | None:
        raise RuntimeError("the key is 0123")

    with monkeypatch.context() as broken:
        broken.setattr(Turnstile, "healthy", failing)
        assert control.healthy() == {"lobby-1": "the driver failed: RuntimeError"}
    assert control.healthy() == {"lobby-1": None}
