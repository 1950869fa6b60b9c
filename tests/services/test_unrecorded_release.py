"""A release that could not be recorded: whoever orders something else later knows of no fire, and does not end it."""

import pytest

from app.core.errors import Conflict, NotRecorded
from app.core.site import SiteMode
from app.services.gate_control import GateControl
from app.services.gate_settings import GateSettings
from app.services.site_control import SiteControl
from tests.fakes import Clock, new_id
from tests.services.conftest import Start
from tests.services.gate_hardware import TURNSTILE, Turnstile, soon
from tests.services.process import Process

NORMAL, LOCKDOWN, RELEASE = SiteMode


@pytest.fixture
def ordered(site: Process, control: GateControl, turnstile: Turnstile, clock: Clock) -> SiteControl:
    return SiteControl(site.store, site.log, clock, new_id, control)


def cry_fire(site: Process, ordered: SiteControl, *gates: str) -> None:
    """While the database takes nothing."""

    def full(*_: object) -> None:
        raise NotRecorded("the disk is full")

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(site.store, "write", full)
        with pytest.raises(NotRecorded):
            ordered.set_mode(RELEASE, gates)


def mode(control: GateControl) -> SiteMode:
    return control._drivers._site.mode


def test_the_end_of_a_lockdown_does_not_end_it(
    site: Process, control: GateControl, ordered: SiteControl, turnstile: Turnstile
) -> None:
    ordered.set_mode(LOCKDOWN)
    cry_fire(site, ordered)
    ordered.set_mode(NORMAL, ending=LOCKDOWN)
    assert mode(control) is ordered.state().mode is RELEASE
    assert soon(lambda: turnstile.released == [True])
    ordered.set_mode(NORMAL, ending=RELEASE)
    assert mode(control) is ordered.state().mode is NORMAL
    assert soon(lambda: turnstile.released == [True, False])


def test_a_lockdown_is_refused_until_it_is_ended(
    site: Process, control: GateControl, ordered: SiteControl, turnstile: Turnstile
) -> None:
    cry_fire(site, ordered)
    with pytest.raises(Conflict, match="end the release"):
        ordered.set_mode(LOCKDOWN)
    assert mode(control) is ordered.state().mode is RELEASE
    ordered.set_mode(NORMAL)
    assert ordered.set_mode(LOCKDOWN).mode is mode(control) is LOCKDOWN


def test_a_lockdown_by_another_process_does_not_end_it_and_the_database_learns_of_it(
    site: Process, start: Start, control: GateControl, ordered: SiteControl, turnstile: Turnstile, clock: Clock
) -> None:
    cry_fire(site, ordered)
    other = start()
    SiteControl(other.store, other.log, clock, new_id).set_mode(LOCKDOWN)
    control._drivers.sync()
    assert mode(control) is RELEASE
    control.record_late = ordered.record_late
    control.refresh()
    assert soon(lambda: ordered.state().mode is RELEASE)
    assert soon(lambda: turnstile.released == [True])
    # and from then on anybody can end it
    SiteControl(other.store, other.log, clock, new_id).set_mode(NORMAL)
    control.refresh()
    assert soon(lambda: turnstile.released == [True, False])


def test_it_is_recorded_once_when_the_database_answers_and_not_if_it_is_over_by_then(
    site: Process, control: GateControl, ordered: SiteControl
) -> None:
    cry_fire(site, ordered)
    ordered.set_mode(NORMAL)
    ordered.record_late()
    assert site.recorded() == 0 and mode(control) is NORMAL
    for _ in range(3):
        cry_fire(site, ordered)
    for _ in range(2):
        ordered.record_late()
    assert site.recorded() == 1 and mode(control) is RELEASE


def test_a_release_of_one_gate_narrows_none(
    site: Process, control: GateControl, ordered: SiteControl, gate_settings: GateSettings
) -> None:
    gate_settings.add("dock", TURNSTILE)
    cry_fire(site, ordered)
    assert ordered.set_mode(RELEASE, ["dock"]).gates == control._drivers._site.gates == ()
    ordered.set_mode(NORMAL)
    cry_fire(site, ordered, "lobby-1")
    both = {site.gates.get("lobby-1").id, site.gates.get("dock").id}
    assert set(ordered.set_mode(RELEASE, ["dock"]).gates) == set(control._drivers._site.gates) == both
