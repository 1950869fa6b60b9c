"""Lockdown and release: recorded in every gate's chain, an alert until they end, and in a fire nothing comes first."""

from collections.abc import Callable, Collection
from typing import Any

import pytest

from app.core.alerts.alert import AlertKind
from app.core.errors import Conflict, NotFound, NotRecorded
from app.core.events.records import EventFilter
from app.core.gates.commands import CommandOutcome, GateResult
from app.core.site.mode import SiteMode, SiteState
from app.services.gates.dispatcher import GateDispatcher
from app.services.gates.gate_settings import GateSettings
from app.services.site.site_control import SiteControl
from tests.fakes import NOW, Clock, new_id
from tests.services.gate_hardware import TURNSTILE, Turnstile, Yard
from tests.services.process import Process
from tests.waiting import eventually

pytestmark = pytest.mark.one_database

NORMAL, LOCKDOWN, RELEASE = SiteMode
Start = Callable[..., Process]


class Told(list[SiteState]):
    """site_control.Gates that keep what they are told."""

    def follow(self, site: SiteState) -> None:
        self.append(site)

    def release(self, site: SiteState) -> SiteState:
        self.append(site)
        return site

    def released(self) -> int:
        return len(self)

    def release_unread(self, names: Collection[str], site: SiteState) -> SiteState:
        return self.release(site)

    def supersede(self, ordered: SiteState, site: SiteState) -> None:
        if self[-1:] == [told]:
            self.append(site)


class Deaf(Told):
    def append(self, site: SiteState) -> None:
        raise RuntimeError


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def control_of_site(site: Process, clock: Clock, told: Told) -> SiteControl:
    """Two gates, lobby-1 and dock, in normal operation."""
    site.gates.add("dock")
    return SiteControl(site.store, site.log, clock, new_id, told)


def events(site: Process, gate: str | None = None) -> list[tuple[str, str, str]]:
    """Gate, decision and reason, oldest first."""
    found = site.events.find(EventFilter(gate=gate))[::-1]
    return (
        sorted((e.gate, e.verdict, e.reason) for e in found)
        if gate is None
        else [(e.gate, e.verdict, e.reason) for e in found]
    )


def alerts(site: Process) -> list[tuple[AlertKind, str | None]]:
    with site.store.read() as tx:
        return sorted((alert.kind, alert.gate_id) for alert in tx.alerts.uncleared())


@pytest.mark.parametrize(
    ("mode", "verdict", "reason", "alert"),
    [(LOCKDOWN, "deny", "lockdown", AlertKind.LOCKDOWN), (RELEASE, "open", "released", AlertKind.RELEASE)],
)
def test_mode_is_recorded_at_every_gate_and_raises_an_alert_until_it_ends(
    site: Process, control_of_site: SiteControl, clock: Clock, mode: SiteMode, verdict: str, reason: str, alert: Any
) -> None:
    state = control_of_site.set_mode(mode, actor="key-1")
    assert state == control_of_site.state() == SiteState(mode, NOW, "key-1")
    assert events(site) == [("dock", verdict, reason), ("lobby-1", verdict, reason)]
    assert alerts(site) == [(alert, None)]
    clock.advance(seconds=60)
    ended = control_of_site.set_mode(NORMAL, actor="key-2")
    assert ended == SiteState(NORMAL, clock(), "key-2")
    assert events(site, "dock") == [("dock", verdict, reason), ("dock", "deny", "restored")]
    assert alerts(site) == []
    assert site.recorded() == 4


def test_log_names_and_signs_who_ordered_it(site: Process, control_of_site: SiteControl) -> None:
    control_of_site.set_mode(LOCKDOWN, actor="key-1")
    event = site.events.find(EventFilter(gate="dock"))[0]
    order = event.decision
    assert order is not None and order.signature is not None
    assert (order.method, order.actor, order.employee, order.open_until) == ("command", "key-1", None, None)
    assert site.signer.verify(order.signed_part, order.signature)


def test_unchanged_mode_is_not_recorded_again(
    site: Process, control_of_site: SiteControl, told: list[SiteState], clock: Clock
) -> None:
    first = control_of_site.set_mode(RELEASE, actor="panel")
    clock.advance(seconds=1)
    assert control_of_site.set_mode(RELEASE, actor="panel") == first
    assert control_of_site.set_mode(RELEASE, ["dock"], actor="panel") == first
    assert site.recorded() == 2
    assert set(told) == {first}
    control_of_site.set_mode(NORMAL)
    assert control_of_site.set_mode(NORMAL).mode is NORMAL
    assert site.recorded() == 4


def test_mode_may_hold_for_some_gates(site: Process, control_of_site: SiteControl, clock: Clock) -> None:
    dock, lobby = site.gates.get("dock"), site.gates.get("lobby-1")
    state = control_of_site.set_mode(LOCKDOWN, ["dock"])
    assert state.gates == (dock.id,)
    assert (state.mode_at(dock.id), state.mode_at(lobby.id)) == (LOCKDOWN, NORMAL)
    assert events(site) == [("dock", "deny", "lockdown")]
    assert alerts(site) == [(AlertKind.LOCKDOWN, dock.id)]
    # gates add up, and leave one by one
    assert set(control_of_site.set_mode(LOCKDOWN, ["lobby-1"]).gates) == {dock.id, lobby.id}
    assert control_of_site.set_mode(NORMAL, ["dock"]).gates == (lobby.id,)
    assert alerts(site) == [(AlertKind.LOCKDOWN, lobby.id)]
    assert control_of_site.set_mode(NORMAL, ["lobby-1"]) == SiteState(NORMAL, clock.now.replace(microsecond=126000))
    assert events(site, "lobby-1") == [("lobby-1", "deny", "lockdown"), ("lobby-1", "deny", "restored")]
    assert site.recorded() == 4


def test_mode_can_be_ended_for_one_gate(site: Process, control_of_site: SiteControl) -> None:
    lobby = site.gates.get("lobby-1")
    control_of_site.set_mode(LOCKDOWN)
    assert control_of_site.set_mode(NORMAL, ["dock"]).gates == (lobby.id,)
    assert events(site, "dock")[-1] == ("dock", "deny", "restored")
    assert len(events(site, "lobby-1")) == 1
    # and all of them come back to it, also those to come
    assert control_of_site.set_mode(LOCKDOWN).gates == ()
    assert alerts(site) == [(AlertKind.LOCKDOWN, None)]


def test_release_overrides_a_lockdown_and_not_the_reverse(
    site: Process, control_of_site: SiteControl, clock: Clock
) -> None:
    control_of_site.set_mode(LOCKDOWN)
    clock.advance(seconds=1)
    assert control_of_site.set_mode(RELEASE).mode is RELEASE
    assert alerts(site) == [(AlertKind.RELEASE, None)]
    with pytest.raises(Conflict) as refusal:
        control_of_site.set_mode(LOCKDOWN)
    assert refusal.value.code == "release_active"
    # the end of a lockdown that is over ends no release
    assert control_of_site.set_mode(NORMAL, ending=LOCKDOWN).mode is RELEASE
    assert control_of_site.set_mode(NORMAL, ending=RELEASE).mode is NORMAL
    assert [reason for _, _, reason in events(site, "dock")] == ["lockdown", "released", "restored"]


def test_release_of_some_gates_does_not_unlock_the_others(site: Process, control_of_site: SiteControl) -> None:
    control_of_site.set_mode(LOCKDOWN)
    with pytest.raises(Conflict) as refusal:
        control_of_site.set_mode(RELEASE, ["dock"])
    assert refusal.value.code == "lockdown_active"
    assert control_of_site.state().mode is LOCKDOWN


def test_unknown_gate_changes_nothing(site: Process, control_of_site: SiteControl, told: list[SiteState]) -> None:
    for mode in SiteMode:
        with pytest.raises(NotFound):
            control_of_site.set_mode(mode, ["dock", "nowhere"])
    assert (site.recorded(), told, alerts(site)) == (0, [], [])


def test_order_of_modes_does_not_depend_on_the_clock(control_of_site: SiteControl, clock: Clock) -> None:
    first = control_of_site.set_mode(LOCKDOWN)
    clock.advance(hours=-1)
    second = control_of_site.set_mode(NORMAL)
    assert first.since is not None and second.since is not None and second.since > first.since


def test_unrecordable_release_opens_and_reports_it(
    site: Process, control_of_site: SiteControl, told: list[SiteState], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise NotRecorded("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(site.store, "write", full)
        with pytest.raises(NotRecorded):
            control_of_site.set_mode(LOCKDOWN)
        assert told == []
        with pytest.raises(NotRecorded):
            control_of_site.set_mode(RELEASE)
        broken.setattr(site.store, "read", full)
        with pytest.raises(NotRecorded):
            control_of_site.set_mode(RELEASE)
    assert {state.mode for state in told} == {RELEASE}
    # and it is ended like any other; the log says that it was
    control_of_site.set_mode(NORMAL, ending=RELEASE)
    assert told[-1].mode is NORMAL
    assert events(site, "dock") == [("dock", "open", "released"), ("dock", "deny", "restored")]


def test_failing_listener_does_not_prevent_recording(site: Process, clock: Clock) -> None:
    control = SiteControl(site.store, site.log, clock, new_id, Deaf())
    assert control.set_mode(RELEASE).mode is RELEASE
    assert site.recorded() == 1


# With gates that are driven


@pytest.fixture
def ordered(site: Process, control: GateDispatcher, clock: Clock) -> SiteControl:
    return SiteControl(site.store, site.log, clock, new_id, control)


def test_release_opens_the_gates_and_its_end_locks_them(turnstile: Turnstile, ordered: SiteControl) -> None:
    ordered.set_mode(RELEASE)
    eventually(lambda: turnstile.released == [True])
    ordered.set_mode(NORMAL)
    eventually(lambda: turnstile.released == [True, False])


def test_lockdown_leaves_the_hardware_alone(
    turnstile: Turnstile, ordered: SiteControl, control: GateDispatcher
) -> None:
    ordered.set_mode(LOCKDOWN)
    ordered.set_mode(NORMAL)
    control.close()
    assert turnstile.released == []


def test_release_does_not_wait_for_an_opening(
    site: Process, turnstile: Turnstile, control: GateDispatcher, ordered: SiteControl, answer: Any
) -> None:
    turnstile.free.clear()
    control.carry_out(answer)
    eventually(turnstile.reached)
    ordered.set_mode(RELEASE)
    eventually(lambda: turnstile.released == [True])


def test_mode_that_another_process_set_is_followed(
    turnstile: Turnstile, start: Start, clock: Clock, gate_settings: GateSettings, yard: Yard
) -> None:
    other = start()
    SiteControl(other.store, other.log, clock, new_id).set_mode(RELEASE)
    eventually(lambda: turnstile.released == [True])
    # and a gate that is connected now is built released
    gate_settings.add("dock", TURNSTILE)
    eventually(lambda: len(yard.built) == 2 and yard.built[1].released[:1] == [True])


def test_recorded_mode_does_not_undo_an_unrecorded_release(
    turnstile: Turnstile, control: GateDispatcher, gate_settings: GateSettings, yard: Yard
) -> None:
    control.release(SiteState(RELEASE, NOW))
    eventually(lambda: turnstile.released == [True])
    gate_settings.add("dock", TURNSTILE)
    control.refresh()
    # a whole look at the database later it is still released
    eventually(lambda: len(yard.built) == 2)
    assert turnstile.released == [True]


def test_release_refused_by_a_gate_is_retried_and_raises_an_alert(
    site: Process, turnstile: Turnstile, ordered: SiteControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.gates.driver_worker.AGAIN_S", 0.01)
    turnstile.release_result = GateResult(CommandOutcome.FAILED, "no answer")
    ordered.set_mode(RELEASE)
    eventually(lambda: len(turnstile.released) > 2)
    eventually(lambda: AlertKind.GATE_FAILED in {kind for kind, _ in alerts(site)})
    turnstile.release_result = GateResult(CommandOutcome.OPENED)
    eventually(lambda: AlertKind.GATE_FAILED not in {kind for kind, _ in alerts(site)})
