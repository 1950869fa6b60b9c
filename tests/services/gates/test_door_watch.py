"""Doors as they are kept: alerts for what the log knows of no opening, across processes, and few writes."""

from collections.abc import Callable

import pytest

from app.core.alerts.alert import AlertKind
from app.core.gates.commands import DoorState
from app.core.site.mode import SiteMode
from app.services.gates.door_watch import DoorWatch
from app.services.site.site_control import SiteControl
from tests.fakes import NOW, Clock, new_id, person, photo
from tests.services.process import Process

pytestmark = pytest.mark.one_database

CLOSED, OPEN, HELD, FORCED, FAULT = DoorState
Start = Callable[..., Process]


@pytest.fixture
def doors(site: Process, clock: Clock) -> DoorWatch:
    return DoorWatch(site.store, clock, new_id)


@pytest.fixture
def says(site: Process, doors: DoorWatch, clock: Clock) -> Callable[[DoorState], None]:
    """The door of lobby-1 reports a state now."""
    gate_id = site.gates.get("lobby-1").id
    return lambda state: doors.report(gate_id, state, clock())


def standing(site: Process) -> list[AlertKind]:
    with site.store.read() as tx:
        return [alert.kind for alert in tx.alerts.uncleared()]


def door(site: Process) -> str | None:
    return site.gates.get("lobby-1").door


Says = Callable[[DoorState], None]


def test_admitted_person_does_not_force_the_door(site: Process, start: Start, says: Says, clock: Clock) -> None:
    says(CLOSED)
    # by another process, since the log is one
    other = start()
    other.enrol("E-1", photo(person(0)))
    assert other.sees(0) == "recognised"
    clock.advance(seconds=4)
    says(OPEN)
    assert (door(site), standing(site)) == ("open", [])
    clock.advance(seconds=4)
    says(CLOSED)
    clock.advance(seconds=4)
    says(OPEN)
    assert (door(site), standing(site)) == ("forced", [AlertKind.DOOR_FORCED])
    says(CLOSED)
    assert (door(site), standing(site)) == ("closed", [])


def test_denial_does_not_cover_an_opened_door(site: Process, says: Says) -> None:
    says(CLOSED)
    assert site.sees(3) == "not_recognised"
    says(OPEN)
    assert standing(site) == [AlertKind.DOOR_FORCED]


def test_opening_of_one_gate_covers_no_other(site: Process, says: Says) -> None:
    site.gates.add("dock")
    site.enrol("E-1", photo(person(0)))
    says(CLOSED)
    assert site.sees(0, gate="dock") == "recognised"
    says(OPEN)
    assert standing(site) == [AlertKind.DOOR_FORCED]


def test_door_is_held_after_its_gates_limit(site: Process, doors: DoorWatch, says: Says, clock: Clock) -> None:
    says(OPEN)
    clock.advance(seconds=15)
    doors.look_for_held()
    assert standing(site) == []
    clock.advance(milliseconds=1)
    doors.look_for_held()
    doors.look_for_held()
    assert (door(site), standing(site)) == ("held", [AlertKind.DOOR_HELD])
    assert site.gates.get("lobby-1").door_at == clock()
    says(CLOSED)
    assert standing(site) == []


def test_each_passage_extends_the_limit(site: Process, doors: DoorWatch, says: Says, clock: Clock) -> None:
    site.enrol("E-1", photo(person(0)))
    says(OPEN)
    for _ in range(3):
        clock.advance(seconds=10)
        assert site.sees(0) == "recognised"
        doors.look_for_held()
    assert standing(site) == []


def test_released_doors_may_stay_open_and_get_the_limit_afterwards(
    site: Process, doors: DoorWatch, says: Says, clock: Clock
) -> None:
    control = SiteControl(site.store, site.log, clock, new_id)
    says(CLOSED)
    control.set_mode(SiteMode.RELEASE)
    clock.advance(hours=1)
    says(OPEN)
    clock.advance(hours=1)
    doors.look_for_held()
    assert (door(site), standing(site)) == ("open", [AlertKind.RELEASE])
    control.set_mode(SiteMode.NORMAL)
    clock.advance(seconds=15)
    doors.look_for_held()
    assert standing(site) == []
    clock.advance(seconds=1)
    doors.look_for_held()
    assert standing(site) == [AlertKind.DOOR_HELD]


@pytest.mark.parametrize(("state", "alert"), [(HELD, "door_held"), (FORCED, "door_forced"), (FAULT, "door_fault")])
def test_reported_state_raises_one_alert(site: Process, says: Says, state: DoorState, alert: str) -> None:
    says(state)
    says(state)
    assert (door(site), standing(site)) == (state.value, [alert])


def test_report_that_changes_nothing_writes_nothing(
    site: Process, says: Says, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(CLOSED)
    clock.advance(seconds=5)
    monkeypatch.setattr(site.store, "write", lambda *_: pytest.fail("it wrote"))
    says(CLOSED)
    assert site.gates.get("lobby-1").door_at == NOW


def test_report_of_an_unknown_gate_is_ignored(site: Process, doors: DoorWatch, clock: Clock) -> None:
    doors.report("nobody's", FORCED, clock())
    assert standing(site) == []
