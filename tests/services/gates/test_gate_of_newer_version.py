"""A gate whose row a newer version wrote: nobody gets in there, it says why, and every other gate works."""

from typing import Any, cast

import pytest

from app.adapters.db.tables import gates
from app.core.alerts.alert import AlertKind
from app.core.errors import BadInput, Conflict
from app.core.gates.commands import DoorState, DriverKind, FailMode
from app.core.gates.settings import DRIVER_UNKNOWN
from app.core.recognition.liveness import LivenessMode
from app.core.site.mode import SiteMode, SiteState
from app.core.types import Reason
from app.services.gates.dispatcher import GateDispatcher
from app.services.gates.gate_settings import GateSettings, GateUpdate
from tests.fakes import person, photo
from tests.services.gate_hardware import TURNSTILE, Yard, alerts
from tests.services.process import Process
from tests.waiting import eventually


@pytest.fixture
def newer(site: Process, gate_settings: GateSettings) -> Process:
    """lobby-1 is driven as this version cannot know; dock is a turnstile. Employee 0 may pass both."""
    gate_settings.add("dock", TURNSTILE)
    site.enrol("E-1", photo(person(0)))
    write(site, driver="palm_vein")
    return site


def write(site: Process, **columns: str) -> None:
    """Changes the row of lobby-1, and seals it."""
    with site.store.write() as tx:
        cast(Any, tx.gates)._rows.update(columns, gates.c.name == "lobby-1")


def stored(site: Process, column: str) -> str:
    with site.store.read() as tx:
        row = cast(Any, tx.gates)._rows.one(name="lobby-1")
    return str(row[column])


@pytest.mark.parametrize("column", ["driver", "fail_mode", "liveness"])
def test_gate_of_a_newer_version_lets_nobody_in_and_others_go_on(newer: Process, column: str) -> None:
    write(newer, **{"driver": "dry_run", column: "palm_vein"})
    refused = newer.decide(photo(person(0)))
    assert (refused.reason, refused.opens) == (Reason.SYSTEM_FAULT, False)
    assert newer.decide(photo(person(0)), gate="dock").reason is Reason.RECOGNISED
    gate = newer.gates.get("lobby-1")
    assert gate.driver is DriverKind.UNKNOWN
    assert gate.fail_mode is FailMode.SECURE
    assert [gate.name for gate in newer.gates.all()] == ["dock", "lobby-1"]
    assert newer.recorded() == 2


def test_an_answer_from_before_opens_nothing_any_more(newer: Process) -> None:
    write(newer, driver="dry_run")
    assert newer.decide(photo(person(0)), idempotency_key="a").opens
    write(newer, driver="palm_vein")
    with pytest.raises(Conflict):
        newer.decide(photo(person(0)), idempotency_key="a")


def test_health_and_an_alert_name_it_and_the_others_are_driven(
    newer: Process, control: GateDispatcher, yard: Yard
) -> None:
    control.start()
    assert control.healthy() == {"dock": None, "lobby-1": DRIVER_UNKNOWN}
    eventually(lambda: alerts(newer) == [(AlertKind.GATE_FAILED, DRIVER_UNKNOWN)])
    assert len(yard.built) == 1
    control.carry_out(newer.decide(photo(person(0)), gate="dock"))
    eventually(lambda: [command.gate for command in yard.built[0].opened] == ["dock"])


def test_setting_a_driver_that_is_known_mends_it(
    newer: Process, control: GateDispatcher, gate_settings: GateSettings
) -> None:
    control.start()
    gate_settings.change("lobby-1", TURNSTILE)
    control.refresh()
    eventually(lambda: control.healthy() == {"dock": None, "lobby-1": None})
    eventually(lambda: alerts(newer) == [])
    assert newer.decide(photo(person(0))).opens


@pytest.mark.parametrize(
    "wanted", [GateUpdate(config={}), GateUpdate(fail_mode=FailMode.SAFE), GateUpdate(liveness=LivenessMode.OFF)]
)
def test_half_of_its_settings_cannot_be_changed(
    newer: Process, gate_settings: GateSettings, wanted: GateUpdate
) -> None:
    with pytest.raises(BadInput, match="set its driver again"):
        gate_settings.change("lobby-1", wanted)
    assert stored(newer, "driver") == "palm_vein"


def test_locking_or_disabling_keeps_the_newer_versions_settings(newer: Process, gate_settings: GateSettings) -> None:
    write(newer, fail_mode="half_open")
    by_hand = newer.by_hand()
    by_hand.lock("lobby-1", "a test", "a guard")
    gate_settings.change("lobby-1", GateUpdate(enabled=False))
    gate = newer.gates.get("lobby-1")
    assert gate.locked and not gate.enabled
    assert (stored(newer, "driver"), stored(newer, "fail_mode")) == ("palm_vein", "half_open")


def test_gate_of_a_newer_version_cannot_be_opened_by_hand(newer: Process) -> None:
    by_hand = newer.by_hand()
    with pytest.raises(Conflict, match="update Facegate"):
        by_hand.open("lobby-1", "a test", "a guard")


def test_a_fire_release_comes_first(newer: Process) -> None:
    with newer.store.write() as tx:
        tx.site.put(SiteState(SiteMode.RELEASE, newer.clock(), "a guard"))
    assert newer.decide(photo(person(0))).reason is Reason.RELEASED


def test_an_unknown_state_of_a_door_is_a_fault(newer: Process) -> None:
    with newer.store.write() as tx:
        gate = newer.gates.get("dock")
        tx.doors.set(gate.id, DoorState.OPEN, newer.clock())
        cast(Any, tx.doors)._connection.exec_driver_sql("UPDATE doors SET state = 'ajar'")
    assert newer.gates.get("dock").door is DoorState.FAULT
