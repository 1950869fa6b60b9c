"""Every gate has the driver that the database says, however that changes; one that fails takes no other with it."""

from dataclasses import replace

import pytest

from app.adapters.gates.build import check_config
from app.core.alerts.alert import AlertKind
from app.core.errors import BadInput
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import FOREIGN, CommandOutcome, DoorState, DriverKind, FailMode
from app.services.gates.dispatcher import GateDispatcher
from app.services.gates.driver_worker import PATIENCE
from app.services.gates.gate_settings import GateSettings, GateUpdate
from tests.fakes import Clock, person, photo
from tests.services.gate_hardware import TURNSTILE, Turnstile, Yard, alerts, recorded, result
from tests.services.process import Process
from tests.waiting import eventually

pytestmark = pytest.mark.one_database


def test_lasting_loss_of_the_line_raises_an_alert(
    site: Process, control: GateDispatcher, turnstile: Turnstile, clock: Clock
) -> None:
    turnstile.fault = "the broker cannot be reached"
    assert control.healthy() == {"lobby-1": "the broker cannot be reached"}
    control.refresh()
    assert alerts(site) == []

    def passed() -> bool:
        clock.now += PATIENCE / 100  # also for a look that has not begun to count yet
        return alerts(site) == [(AlertKind.GATE_FAILED, "the broker cannot be reached")]

    eventually(passed)
    turnstile.fault = None
    eventually(lambda: alerts(site) == [])


def test_foreign_commands_raise_an_alert_at_once(site: Process, control: GateDispatcher, turnstile: Turnstile) -> None:
    turnstile.fault = FOREIGN
    control.refresh()
    eventually(lambda: alerts(site) == [(AlertKind.GATE_FAILED, FOREIGN)])
    turnstile.fault = None
    eventually(lambda: alerts(site) == [])


def test_newly_added_gate_opens(
    site: Process,
    gate_settings: GateSettings,
    control: GateDispatcher,
    turnstile: Turnstile,
    yard: Yard,
    answer: RecordedDecision,
) -> None:
    gate_settings.add("dock", TURNSTILE)
    at_dock = site.decide(photo(person(0)), gate="dock")
    control.carry_out(at_dock)
    assert recorded(site, at_dock).outcome is CommandOutcome.OPENED
    assert [command.gate for command in yard.built[1].opened] == ["dock"]


def test_changed_gate_gets_a_new_driver_and_the_old_one_closes(
    site: Process,
    gate_settings: GateSettings,
    control: GateDispatcher,
    turnstile: Turnstile,
    yard: Yard,
    answer: RecordedDecision,
) -> None:
    assert turnstile.told == {"secret": "of the turnstile", "gate": "lobby-1", "fail_mode": "secure"}
    gate_settings.change("lobby-1", GateUpdate(fail_mode=FailMode.SAFE))
    eventually(lambda: len(yard.built) == 2)
    assert turnstile.closed == 1
    assert yard.built[1].told == {**turnstile.told, "fail_mode": "safe"}
    # What has nothing to do with the driver leaves it alone.
    gate_settings.change("lobby-1", GateUpdate(enabled=False, unlock_ms=900, door_held_after_ms=2000))
    control.refresh()
    control.carry_out(answer)
    recorded(site, answer)
    assert len(yard.built) == 2


def test_undrivable_gate_raises_an_alert_and_stops_no_other(
    site: Process, gate_settings: GateSettings, control: GateDispatcher, turnstile: Turnstile, answer: RecordedDecision
) -> None:
    dock = gate_settings.add("dock", GateUpdate(driver=DriverKind.DRY_RUN))
    with site.store.write() as tx:
        tx.gates.update(replace(dock, driver=DriverKind.WEBHOOK))
    with pytest.raises(BadInput) as refused:
        check_config(DriverKind.WEBHOOK, {"gate": "dock", "fail_mode": "secure"})
    words = refused.value.detail
    eventually(lambda: alerts(site) == [(AlertKind.GATE_FAILED, words)])
    assert control.healthy() == {"dock": words, "lobby-1": None}
    at_dock = site.decide(photo(person(0)), gate="dock")
    for opening in (at_dock, answer):
        control.carry_out(opening)
    assert recorded(site, at_dock).outcome is CommandOutcome.FAILED
    assert recorded(site, answer).outcome is CommandOutcome.OPENED
    gate_settings.change("dock", GateUpdate(driver=DriverKind.DRY_RUN))
    eventually(lambda: alerts(site) == [])


def test_settings_that_cannot_be_unsealed_raise_an_alert(
    site: Process, gate_settings: GateSettings, control: GateDispatcher, yard: Yard
) -> None:
    gate = gate_settings.change("lobby-1", TURNSTILE)
    assert gate.sealed_config is not None and b"of the turnstile" not in gate.sealed_config
    with site.store.write() as tx:
        tx.gates.update(replace(gate, sealed_config=gate.sealed_config[:-1]))
    control.start()
    assert control.healthy() == {"lobby-1": "the gate's settings do not open: set its config again"}
    assert yard.built == []
    gate_settings.change("lobby-1", TURNSTILE)
    eventually(lambda: control.healthy() == {"lobby-1": None})


def test_polling_gate_receives_no_command(
    site: Process, gate_settings: GateSettings, control: GateDispatcher, yard: Yard, answer: RecordedDecision
) -> None:
    gate_settings.change("lobby-1", GateUpdate(driver=DriverKind.PLAIN))
    control.start()
    control.carry_out(answer)
    assert control.healthy() == {"lobby-1": None}
    control.close()
    assert yard.built == [] and result(site, answer) is None


def test_driver_reports_its_door_without_waiting_for_the_database(
    site: Process, control: GateDispatcher, turnstile: Turnstile
) -> None:
    turnstile.say(DoorState.CLOSED)
    turnstile.say(DoorState.OPEN)
    eventually(lambda: (AlertKind.DOOR_FORCED, "") in alerts(site))
    eventually(lambda: [view.door for view in control.view()] == ["forced"])
    turnstile.say(DoorState.CLOSED)
    eventually(lambda: alerts(site) == [])


def test_lost_line_is_not_a_door_fault(site: Process, control: GateDispatcher, turnstile: Turnstile) -> None:
    turnstile.fault = "the serial line cannot be used"
    turnstile.say(DoorState.FAULT)
    turnstile.say(DoorState.CLOSED)
    eventually(lambda: [view.door for view in control.view()] == ["closed"])
    turnstile.fault = None
    turnstile.say(DoorState.FAULT)
    eventually(lambda: alerts(site) == [(AlertKind.DOOR_FAULT, "")])
