"""After a decision the gate is told; what it did is recorded and signed, and what fails is said and stops nothing."""

from dataclasses import replace
from datetime import timedelta
from threading import Event, Timer

import pytest

from app.core.alerts.alert import AlertKind
from app.core.errors import NotRecorded
from app.core.events.decision import RecordedDecision
from app.core.events.logged import GateReport
from app.core.events.records import EventFilter
from app.core.gates.commands import CommandOutcome, GateResult
from app.core.site.mode import SiteMode, SiteState
from app.services.gates.dispatcher import GateDispatcher
from tests.fakes import NOW, Clock, person, photo
from tests.services.gate_hardware import Turnstile, alerts, recorded, result
from tests.services.process import Process
from tests.waiting import eventually

pytestmark = pytest.mark.one_database


def test_opening_reaches_the_gate_and_its_result_is_recorded(
    site: Process, control: GateDispatcher, turnstile: Turnstile, answer: RecordedDecision
) -> None:
    control.carry_out(answer)
    assert recorded(site, answer).outcome is CommandOutcome.OPENED
    (command,) = turnstile.opened
    assert (command.event_id, command.gate, command.at) == (answer.id, "lobby-1", NOW)
    assert (command.until, command.card_number) == (NOW + timedelta(seconds=5), None)
    event = site.events.get(answer.id)
    assert event.gate_report == GateReport(CommandOutcome.OPENED, "", NOW, forged=False)
    assert site.events.find(EventFilter())[0].gate_report == event.gate_report
    assert site.recorded() == 1


def test_by_default_a_gate_is_a_dry_run(site: Process, control: GateDispatcher, answer: RecordedDecision) -> None:
    control.start()
    control.carry_out(answer)
    assert recorded(site, answer).outcome is CommandOutcome.DRY_RUN
    assert control.healthy() == {"lobby-1": None}
    (view,) = control.view()
    assert (view.name, view.driver, view.door, view.fault) == ("lobby-1", "dry_run", None, None)


def test_denial_moves_nothing(site: Process, control: GateDispatcher, turnstile: Turnstile) -> None:
    denied = site.decide(photo(person(3)))
    control.carry_out(denied)
    control.close()
    assert turnstile.opened == [] and result(site, denied) is None


def test_card_number_is_read_when_the_command_is_built(
    site: Process, control: GateDispatcher, turnstile: Turnstile, answer: RecordedDecision
) -> None:
    with site.store.write() as tx:
        employee = tx.employees.get(answer.employee.id)
        assert employee is not None
        tx.employees.update(replace(employee, card_number="4711"))
    control.carry_out(answer)
    recorded(site, answer)
    assert [command.card_number for command in turnstile.opened] == ["4711"]


def test_hanging_gate_blocks_nobody_and_the_newest_opening_wins(
    site: Process, control: GateDispatcher, turnstile: Turnstile, answer: RecordedDecision
) -> None:
    turnstile.free.clear()
    control.carry_out(answer)
    eventually(turnstile.reached)
    older, newer = site.decide(photo(person(0))), site.decide(photo(person(0)))
    control.carry_out(older)
    control.carry_out(newer)
    turnstile.free.set()
    assert recorded(site, newer).outcome is recorded(site, answer).outcome is CommandOutcome.OPENED
    assert recorded(site, older).outcome is CommandOutcome.TOO_LATE
    assert [command.event_id for command in turnstile.opened] == [answer.id, newer.id]


def test_expired_command_is_not_sent(
    site: Process, control: GateDispatcher, turnstile: Turnstile, answer: RecordedDecision, clock: Clock
) -> None:
    clock.advance(seconds=5)
    control.carry_out(answer)
    assert recorded(site, answer).outcome is CommandOutcome.TOO_LATE
    assert turnstile.opened == []


def test_queued_opening_is_not_sent_once_a_lockdown_begins(
    site: Process, control: GateDispatcher, turnstile: Turnstile, answer: RecordedDecision
) -> None:
    control.follow(SiteState(SiteMode.LOCKDOWN, NOW))
    control.carry_out(answer)
    assert recorded(site, answer).outcome is CommandOutcome.TOO_LATE
    assert turnstile.opened == []


def test_failure_is_recorded_and_raises_an_alert_until_the_gate_works(
    site: Process, control: GateDispatcher, turnstile: Turnstile, answer: RecordedDecision
) -> None:
    turnstile.result = GateResult(CommandOutcome.FAILED, "the relay answered 500")
    control.carry_out(answer)
    assert recorded(site, answer).outcome is CommandOutcome.FAILED
    eventually(lambda: alerts(site) == [(AlertKind.GATE_FAILED, "the relay answered 500")])
    assert control.healthy() == {"lobby-1": "the relay answered 500"}
    turnstile.result = GateResult(CommandOutcome.SENT)
    control.carry_out(site.decide(photo(person(0))))
    eventually(lambda: alerts(site) == [])
    assert control.healthy() == {"lobby-1": None}


def test_raising_driver_is_a_failed_opening(
    site: Process, control: GateDispatcher, turnstile: Turnstile, answer: RecordedDecision
) -> None:
    turnstile.raises = True
    control.carry_out(answer)
    failed = recorded(site, answer)
    assert failed.outcome is CommandOutcome.FAILED and "0123" not in failed.detail
    turnstile.raises = False
    second = site.decide(photo(person(0)))
    control.carry_out(second)
    assert recorded(site, second).outcome is CommandOutcome.OPENED


def test_gates_result_is_recorded_once_the_database_is_back(
    site: Process,
    control: GateDispatcher,
    turnstile: Turnstile,
    answer: RecordedDecision,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def gone(*_: object) -> None:
        raise NotRecorded("the database is gone")

    with monkeypatch.context() as broken:
        broken.setattr(site.store, "write", gone)
        broken.setattr(site.store, "read", gone)
        control.carry_out(answer)
        eventually(turnstile.reached)
    assert recorded(site, answer).outcome is CommandOutcome.OPENED


def test_command_not_sent_before_shutdown_is_recorded_as_not_sent(
    site: Process, control: GateDispatcher, turnstile: Turnstile, answer: RecordedDecision
) -> None:
    turnstile.free.clear()
    control.carry_out(answer)
    eventually(turnstile.reached)
    waiting = site.decide(photo(person(0)))
    control.carry_out(waiting)
    control.close()
    control.close()
    assert turnstile.closed == 1
    assert recorded(site, answer).outcome is CommandOutcome.OPENED
    assert recorded(site, waiting).outcome is CommandOutcome.TOO_LATE
    control.carry_out(site.decide(photo(person(0))))  # nothing to be done, and nothing raised


def test_listeners_are_notified_and_may_fail(
    site: Process, control: GateDispatcher, turnstile: Turnstile, answer: RecordedDecision
) -> None:
    told: list[tuple[str, CommandOutcome]] = []
    control.on_result.append(lambda gate, result: 1 / 0)  # type: ignore[arg-type, return-value]
    control.on_result.append(lambda gate, result: told.append((gate, result.outcome)))
    control.carry_out(answer)
    recorded(site, answer)
    eventually(lambda: told == [("lobby-1", CommandOutcome.OPENED)])


def test_pending_results_are_written_once_at_shutdown_despite_a_slow_database(
    control: GateDispatcher, turnstile: Turnstile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.gates.dispatcher.CLOSE_S", 0.05)
    written: list[str] = []
    slow, free = Event(), Event()

    def first() -> None:
        written.append("first")
        slow.set()
        eventually(free)

    control._later(first)
    control._later(lambda: written.append("second"))
    eventually(slow)
    Timer(0.5, free.set).start()
    control.close()
    assert written == ["first", "second"] and not control._behind
