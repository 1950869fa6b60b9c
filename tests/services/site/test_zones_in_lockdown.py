"""A lockdown or release of zones: their gates, gates added meanwhile, the way back, and what is no zone."""

import re
from dataclasses import replace

import pytest

from app.core.access.rules import Zone
from app.core.errors import Conflict, NotFound, NotRecorded, NotYetRecorded
from app.core.site.mode import SiteMode, SiteState
from app.services.site.site_control import SiteControl
from tests.fakes import Clock, new_id, person, photo
from tests.services.process import Process
from tests.stores import statements

NORMAL, LOCKDOWN, RELEASE = SiteMode


@pytest.fixture
def control(site: Process, clock: Clock) -> SiteControl:
    """Street -(lobby-1)-> Building -(door)-> Laboratory -(hatch)-> Street; dock leads nowhere in particular."""
    site.enrol("E-1", photo(person(0)))
    for name in ("dock", "door", "hatch"):
        site.gates.add(name)
    with site.store.write() as tx:
        home = tx.rules.all().sites[0].id
        tx.rules.put(Zone("B", "Building", home), Zone("L", "Laboratory", home, "B"), Zone("E", "Empty", home))
    place(site, "lobby-1", None, "B")
    place(site, "door", "B", "L")
    place(site, "hatch", "L", None)
    return SiteControl(site.store, site.log, clock, new_id)


def place(site: Process, name: str, zone_from: str | None, zone_to: str | None) -> None:
    with site.store.write() as tx:
        at = next(one for one in tx.rules.all().gates if one.name == name)
        tx.rules.put(replace(at, zone_from=zone_from, zone_to=zone_to))


def locked(site: Process) -> set[str]:
    """The gates at which an employee who may pass is refused because of the lockdown, as decisions say."""
    reasons = {gate.name: str(site.sees(gate=gate.name)) for gate in site.gates.all()}
    assert set(reasons.values()) <= {"lockdown", "recognised"}
    return {name for name, reason in reasons.items() if reason == "lockdown"}


def test_zone_is_locked_at_its_gates_in_and_out(site: Process, control: SiteControl) -> None:
    state = control.set_mode(LOCKDOWN, zones=["Laboratory"])
    assert state.zones == ("L",) and locked(site) == {"door", "hatch"}
    # Gates and zones add up, and a zone around others takes in theirs.
    control.set_mode(LOCKDOWN, ["dock"])
    assert control.set_mode(LOCKDOWN, zones=["B"]).zones == ("B", "L")
    assert locked(site) == {"lobby-1", "door", "hatch", "dock"}
    assert control.set_mode(NORMAL, ending=LOCKDOWN) == replace(
        control.state(), mode=NORMAL, gates=(), zones=()
    ) and not locked(site)


def test_gate_added_to_a_locked_zone_is_locked_and_one_moved_away_stays_so(site: Process, control: SiteControl) -> None:
    control.set_mode(LOCKDOWN, zones=["Laboratory"])
    place(site, "dock", None, "L")
    place(site, "door", None, None)
    site.gates.add("window")
    assert locked(site) == {"door", "hatch", "dock"}
    place(site, "window", "L", "B")
    assert locked(site) == {"door", "hatch", "dock", "window"}
    with site.store.write() as tx:  # the zone is deleted with its places
        for name in ("dock", "window", "hatch"):
            at = next(one for one in tx.rules.all().gates if one.name == name)
            tx.rules.put(replace(at, zone_from=None, zone_to=None))
        tx.rules.delete(next(one for one in tx.rules.all().zones if one.id == "L"))
    assert {"door", "hatch"} <= locked(site)
    control.set_mode(NORMAL, ending=LOCKDOWN)
    assert not locked(site)


def test_zone_and_gate_are_ended_apart(site: Process, control: SiteControl) -> None:
    control.set_mode(LOCKDOWN, zones=["Building"])
    left = control.set_mode(NORMAL, zones=["Laboratory"], ending=LOCKDOWN)
    assert left.zones == () and locked(site) == {"lobby-1"}
    control.set_mode(LOCKDOWN, zones=["Laboratory"])
    assert control.set_mode(NORMAL, ["hatch"], ending=LOCKDOWN).zones == ()
    assert locked(site) == {"lobby-1", "door"}
    assert control.set_mode(NORMAL, zones=["Building"], ending=LOCKDOWN).mode is NORMAL


def test_release_of_a_zone_opens_what_it_has_now(site: Process, control: SiteControl) -> None:
    control.set_mode(RELEASE, zones=["Laboratory"])
    place(site, "dock", None, "L")  # opening it takes an order
    assert {gate.name: str(site.sees(gate=gate.name)) for gate in site.gates.all()} == {
        "lobby-1": "recognised",
        "dock": "recognised",
        "door": "released",
        "hatch": "released",
    }


def test_mode_is_read_without_the_rules(site: Process, control: SiteControl) -> None:
    def tables() -> set[str]:
        with statements(site.store) as run, site.store.read() as tx:
            tx.site.get()
        return {name for sql in run for name in re.findall(r"\bFROM (\w+)", sql)}

    assert tables() == {"site"}
    control.set_mode(LOCKDOWN, zones=["Laboratory"])
    assert tables() == {"site", "zones", "gate_places"}


@pytest.mark.parametrize("mode", [LOCKDOWN, RELEASE])
def test_unknown_and_empty_zones_are_refused(site: Process, control: SiteControl, mode: SiteMode) -> None:
    before = site.recorded()
    with pytest.raises(NotFound, match="no zone"):
        control.set_mode(mode, ["dock"], zones=["Cellar"])
    with pytest.raises(Conflict, match="No gate leads"):
        control.set_mode(mode, zones=["Empty"])
    assert control.state() == SiteState() and site.recorded() == before


def test_release_of_zones_without_the_database_is_one_of_every_gate(site: Process, clock: Clock) -> None:
    asked: list[object] = []

    class Gates:
        def release_unread(self, names: object, state: SiteState) -> SiteState:
            asked.append(names)
            return state

        def released(self) -> int:
            return 1

    control = SiteControl(site.store, site.log, clock, new_id, Gates())  # type: ignore[arg-type]
    with pytest.raises(NotYetRecorded):
        control.set_mode(RELEASE, ["dock"], zones=["Laboratory"], unread=True)
    assert asked == [()], "no names mean every gate"


def test_release_of_a_zone_after_an_unrecorded_one_of_every_gate_records_both(
    site: Process, control: SiteControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise NotRecorded("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(site.store, "write", full)
        with pytest.raises(NotYetRecorded):
            control.set_mode(RELEASE)
    state = control.set_mode(RELEASE, zones=["Laboratory"])
    assert (state.mode, state.gates, state.zones) == (RELEASE, (), ())
    assert {str(site.sees(gate=gate.name)) for gate in site.gates.all()} == {"released"}
    assert not control.is_unrecorded
