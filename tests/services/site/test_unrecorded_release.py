"""A release that could not be recorded: whoever orders something else later knows of no fire, and does not end it."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest

from app.core.errors import Conflict, NotRecorded, NotYetRecorded
from app.core.events.records import EventFilter
from app.core.site.mode import SiteMode, SiteState
from app.core.types import Reason
from app.services.gates.dispatcher import GateDispatcher
from app.services.gates.gate_settings import GateSettings
from app.services.site.site_control import SiteControl
from tests.fakes import NOW, Clock, new_id
from tests.services.conftest import Start
from tests.services.gate_hardware import TURNSTILE, Turnstile, Yard
from tests.services.process import Process
from tests.waiting import eventually

pytestmark = pytest.mark.one_database

NORMAL, LOCKDOWN, RELEASE = SiteMode


@pytest.fixture
def ordered(site: Process, control: GateDispatcher, turnstile: Turnstile, clock: Clock) -> SiteControl:
    return SiteControl(site.store, site.log, clock, new_id, control)


@contextmanager
def down(site: Process, *what: str) -> Iterator[None]:
    """The database does not do it."""

    def full(*_: object) -> None:
        raise NotRecorded("the disk is full")

    with pytest.MonkeyPatch.context() as broken:
        for does in what:
            broken.setattr(site.store, does, full)
        yield


def cry_fire(site: Process, ordered: SiteControl, *gates: str) -> None:
    """While the database takes nothing."""
    with down(site, "write"), pytest.raises(NotYetRecorded):
        ordered.set_mode(RELEASE, gates)


def reasons(site: Process, gate: str = "lobby-1") -> list[Reason]:
    """Oldest first, all of which the audit finds good."""
    assert site.recorded()
    return [event.reason for event in site.events.find(EventFilter(gate=gate))][::-1]


def mode(control: GateDispatcher) -> SiteMode:
    return control._drivers.site.mode


def test_end_of_a_lockdown_does_not_end_the_release(
    site: Process, control: GateDispatcher, ordered: SiteControl, turnstile: Turnstile
) -> None:
    ordered.set_mode(LOCKDOWN)
    cry_fire(site, ordered)
    ordered.set_mode(NORMAL, ending=LOCKDOWN)
    assert mode(control) is ordered.state().mode is RELEASE
    eventually(lambda: turnstile.released == [True])
    ordered.set_mode(NORMAL, ending=RELEASE)
    assert mode(control) is ordered.state().mode is NORMAL
    eventually(lambda: turnstile.released == [True, False])


def test_lockdown_is_refused_until_the_release_ends(
    site: Process, control: GateDispatcher, ordered: SiteControl, turnstile: Turnstile
) -> None:
    cry_fire(site, ordered)
    with pytest.raises(Conflict, match="end the release"):
        ordered.set_mode(LOCKDOWN)
    assert mode(control) is ordered.state().mode is RELEASE
    ordered.set_mode(NORMAL)
    assert ordered.set_mode(LOCKDOWN).mode is mode(control) is LOCKDOWN


@pytest.mark.both_databases
def test_lockdown_by_another_process_does_not_end_the_release_and_it_is_recorded(
    site: Process, start: Start, control: GateDispatcher, ordered: SiteControl, turnstile: Turnstile, clock: Clock
) -> None:
    cry_fire(site, ordered)
    other = start()
    SiteControl(other.store, other.log, clock, new_id).set_mode(LOCKDOWN)
    control._drivers.sync()
    assert mode(control) is RELEASE
    control.record_late = ordered.record_late
    control.refresh()
    eventually(lambda: ordered.state().mode is RELEASE)
    eventually(lambda: turnstile.released == [True])
    # and from then on anybody can end it
    SiteControl(other.store, other.log, clock, new_id).set_mode(NORMAL)
    control.refresh()
    eventually(lambda: turnstile.released == [True, False])


def test_release_is_recorded_once_when_the_database_answers_and_before_its_end(
    site: Process, control: GateDispatcher, ordered: SiteControl
) -> None:
    cry_fire(site, ordered)
    ordered.set_mode(NORMAL)
    ordered.record_late()
    assert reasons(site) == ["released", "restored"] and mode(control) is NORMAL
    for _ in range(3):
        cry_fire(site, ordered)
    for _ in range(2):
        ordered.record_late()
    assert reasons(site) == ["released", "restored", "released"] and mode(control) is RELEASE


def test_release_can_be_ended_on_a_full_disk(
    site: Process, control: GateDispatcher, ordered: SiteControl, turnstile: Turnstile
) -> None:
    cry_fire(site, ordered)
    eventually(lambda: turnstile.released == [True])
    with down(site, "write"):
        ordered.set_mode(NORMAL, ending=RELEASE)
    eventually(lambda: turnstile.released == [True, False])
    assert mode(control) is NORMAL


@pytest.mark.both_databases
def test_end_at_one_gate_does_not_end_it_at_another(
    site: Process, control: GateDispatcher, ordered: SiteControl, gate_settings: GateSettings
) -> None:
    gate_settings.add("dock", TURNSTILE)
    cry_fire(site, ordered)
    with down(site, "write"), pytest.raises(NotRecorded):
        ordered.set_mode(NORMAL, ["dock"])
    assert control._drivers.site.gates == ()
    ordered.set_mode(NORMAL, ["dock"])
    assert ordered.state().gates == control._drivers.site.gates == (site.gates.get("lobby-1").id,)


@pytest.mark.parametrize("names", [["lobby-1"], ["the id"], ["lobby-1", "lobby-1"]])
def test_named_gates_open_while_nothing_can_be_read(
    site: Process,
    control: GateDispatcher,
    ordered: SiteControl,
    turnstile: Turnstile,
    gate_settings: GateSettings,
    yard: Yard,
    names: list[str],
) -> None:
    gate_settings.add("dock", TURNSTILE)
    control.refresh()
    eventually(lambda: len(yard.built) == 2)
    gate = site.gates.get("lobby-1")
    with down(site, "read", "write"), pytest.raises(NotYetRecorded):
        ordered.set_mode(RELEASE, [gate.id if name == "the id" else name for name in names], actor="panel")
    eventually(lambda: turnstile.released == [True])
    assert yard.built[1].released == []
    ordered.record_late()
    state = ordered.state()
    assert (state.mode, state.gates, state.actor) == (RELEASE, (gate.id,), "panel")
    assert reasons(site) == ["released"]


def test_unknown_name_opens_every_gate_while_nothing_can_be_read(
    site: Process, ordered: SiteControl, turnstile: Turnstile
) -> None:
    with down(site, "read", "write"), pytest.raises(NotYetRecorded):
        ordered.set_mode(RELEASE, ["lobby-1", "of another process"])
    eventually(lambda: turnstile.released == [True])
    ordered.record_late()
    assert (ordered.state().mode, ordered.state().gates) == (RELEASE, ())


def test_release_made_without_reading_does_not_narrow_a_recorded_one(
    site: Process, control: GateDispatcher, ordered: SiteControl, turnstile: Turnstile
) -> None:
    ordered.set_mode(RELEASE)
    eventually(lambda: turnstile.released == [True])
    with down(site, "read", "write"), pytest.raises(NotYetRecorded):
        ordered.set_mode(RELEASE, ["lobby-1"])
    ordered.record_late()
    assert ordered.state().gates == control._drivers.site.gates == ()


@pytest.mark.both_databases
def test_unreadable_lockdown_does_not_end_the_release(
    site: Process, start: Start, control: GateDispatcher, ordered: SiteControl, turnstile: Turnstile, clock: Clock
) -> None:
    other = start()
    SiteControl(other.store, other.log, clock, new_id).set_mode(LOCKDOWN)
    with down(site, "read", "write"), pytest.raises(NotYetRecorded):
        ordered.set_mode(RELEASE, ["lobby-1"])
    ordered.record_late()
    assert (ordered.state().mode, mode(control)) == (RELEASE, RELEASE)
    assert reasons(site) == ["lockdown", "released"]
    eventually(lambda: turnstile.released == [True])


def test_deleting_a_gate_does_not_end_the_release_at_others(
    site: Process, ordered: SiteControl, turnstile: Turnstile
) -> None:
    gate_id = site.gates.get("lobby-1").id
    ordered._late.add(SiteState(RELEASE, NOW, None, (gate_id, "of no gate any more")))
    ordered.record_late()
    assert ordered.state().gates == (gate_id,)


@pytest.mark.parametrize("does", ["read", "write"])
@pytest.mark.both_databases
def test_unexpected_failure_does_not_delay_the_release(
    site: Process, ordered: SiteControl, turnstile: Turnstile, monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(site.store, does, lambda: 1 / 0)
        with pytest.raises(NotYetRecorded, match="in force at 1 of the gates"):
            ordered.set_mode(RELEASE, ["lobby-1"])
    eventually(lambda: turnstile.released == [True])
    ordered.record_late()
    assert reasons(site) == ["released"]


def test_process_without_gates_reports_that_none_is_open(site: Process, clock: Clock, control: GateDispatcher) -> None:
    """Its gates are driven elsewhere, or are hardware that asks by itself."""
    ordered = SiteControl(site.store, site.log, clock, new_id, control)
    with down(site, "write"), pytest.raises(NotYetRecorded, match="none is open yet"):
        ordered.set_mode(RELEASE)
    ordered.record_late()
    assert reasons(site) == ["released"]


@pytest.mark.both_databases
def test_unread_release_does_not_read_the_database(site: Process, ordered: SiteControl, turnstile: Turnstile) -> None:
    with pytest.raises(NotYetRecorded):
        ordered.set_mode(RELEASE, ["lobby-1"], unread=True)
    eventually(lambda: turnstile.released == [True])
    assert ordered.state().mode is NORMAL


@pytest.mark.both_databases
def test_hanging_database_delays_no_release(
    site: Process, ordered: SiteControl, turnstile: Turnstile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.site.site_control.READ_S", 0.05)
    answers, read = Event(), site.store.read

    def hang() -> Any:
        eventually(answers)
        return read()

    with monkeypatch.context() as hung:
        hung.setattr(site.store, "read", hang)
        with pytest.raises(NotYetRecorded):
            ordered.set_mode(RELEASE, ["lobby-1"])
        eventually(lambda: turnstile.released == [True])
        answers.set()


def test_release_of_one_gate_does_not_narrow_an_unrecorded_release(
    site: Process, control: GateDispatcher, ordered: SiteControl, gate_settings: GateSettings
) -> None:
    gate_settings.add("dock", TURNSTILE)
    cry_fire(site, ordered)
    assert ordered.set_mode(RELEASE, ["dock"]).gates == control._drivers.site.gates == ()
    ordered.set_mode(NORMAL)
    cry_fire(site, ordered, "lobby-1")
    both = {site.gates.get("lobby-1").id, site.gates.get("dock").id}
    assert set(ordered.set_mode(RELEASE, ["dock"]).gates) == set(control._drivers.site.gates) == both
