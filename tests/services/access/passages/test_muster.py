"""The muster: who is inside, ticked off by several at once; it begins with a release and outlives a restart."""

from collections.abc import Callable

import pytest

from app.adapters.db.repositories.passages.musters import MusterRows
from app.core.errors import Conflict, NotFound
from app.core.site.mode import SiteMode
from app.services.access.passages.muster_book import MusterBook
from app.services.site.site_control import SiteControl
from tests.fakes import new_id
from tests.services.access.passages.building import LAB, OFFICE, Building
from tests.services.meanwhile import Meanwhile
from tests.services.process import Process
from tests.stores import open_store

pytestmark = pytest.mark.one_database
ADA, BOB, CY = 0, 1, 2


def control(building: Building) -> SiteControl:
    site = building.site
    return SiteControl(site.store, site.log, site.clock, new_id)


def names(book: MusterBook, zone_id: str) -> list[str]:
    view = book.view()
    (head,) = (head for head in view.list.zones if head.zone.id == zone_id)
    return [view.names[one.person_id].number for one in head.people]


def test_list_says_who_is_where_since_when_and_by_which_gate(building: Building) -> None:
    building.enrol(ADA, BOB, CY)
    building.goes("in-2", BOB)
    building.site.clock.advance(minutes=1)
    building.goes("in-1", ADA)
    building.goes("lab-in", ADA)
    building.asks_at("in-1", CY)
    view = building.muster.view()
    assert (names(building.muster, OFFICE), names(building.muster, LAB)) == (["E-1"], ["E-0"])
    office = view.list.zones[0]
    (bob,) = office.people
    assert bob.presence is not None and view.gates[bob.presence.gate_id or ""] == "in-2"
    assert (office.inside, view.list.people, view.lasts) == (2, 2, False)


def test_release_begins_a_roll_call_that_outlives_it_and_a_restart(building: Building, database_url: str) -> None:
    (ada,) = building.enrol(ADA)
    building.goes("in-1")
    released = control(building)
    released.set_mode(SiteMode.RELEASE, actor="panel", comment="smoke")
    released.set_mode(SiteMode.NORMAL, actor="guard")
    building.muster.tick(ada, "guard-1")
    store = open_store(database_url)  # as the next start does
    again = MusterBook(store, building.site.clock, new_id)
    view = again.view()
    assert view.lasts and view.muster is not None
    assert (view.muster.started_by, view.muster.comment, view.list.ticked) == (None, "smoke", 1)
    again.end("guard-2")
    store.close()
    assert not building.muster.view().lasts


def test_second_release_and_lockdown_begin_no_other_roll_call(building: Building) -> None:
    site = control(building)
    site.set_mode(SiteMode.LOCKDOWN, actor="guard")
    assert building.muster.view().muster is None
    site.set_mode(SiteMode.RELEASE, gates=(), actor="panel")
    first = building.muster.view().muster
    site.set_mode(SiteMode.NORMAL, actor="guard")
    site.set_mode(SiteMode.RELEASE, actor="panel")
    assert building.muster.view().muster == first


def test_of_two_ticks_the_first_stays(building: Building, start: Callable[..., Process]) -> None:
    (ada,) = building.enrol(ADA)
    building.muster.start("drill", "guard-1")
    other = MusterBook(start().store, building.site.clock, new_id)
    first = building.muster.tick(ada, "guard-1")
    building.site.clock.advance(seconds=1)
    assert other.tick(ada, "guard-2") == first
    assert other.tick(ada, "guard-2", ticked=False) is None
    assert building.muster.view().list.elsewhere == ()
    again = other.tick(ada, "guard-2")
    assert again is not None and again.actor == "guard-2"
    (seen,) = building.muster.view().list.elsewhere
    assert (seen.person_id, seen.presence) == (ada, None)


@pytest.mark.both_databases
@pytest.mark.parametrize("earlier", [False, True], ids=["first", "after-another"])
def test_of_two_roll_calls_begun_at_once_one_runs(
    building: Building, start: Callable[..., Process], meanwhile: Meanwhile, earlier: bool
) -> None:
    if earlier:
        building.muster.start("drill", "guard-1")
        building.muster.end("guard-1")
    other = MusterBook(start().store, building.site.clock, new_id)

    def begin() -> object:
        try:
            return other.start("fire", "guard-2")
        except Conflict as refusal:
            return refusal.code

    meanwhile.before(MusterRows, "start", begin)
    building.muster.start("drill", "guard-1")
    assert meanwhile.results() == ["already_in_that_state"]
    building.muster.end("guard-1")
    assert not building.muster.view().lasts


@pytest.mark.both_databases
def test_release_while_a_roll_call_begins_begins_no_other(
    building: Building, start: Callable[..., Process], meanwhile: Meanwhile
) -> None:
    other = start()
    released = SiteControl(other.store, other.log, other.clock, new_id)
    meanwhile.before(MusterRows, "start", lambda: released.set_mode(SiteMode.RELEASE, actor="panel"))
    begun = building.muster.start("drill", "guard-1")
    assert meanwhile.results()
    assert building.muster.view().muster == begun


def test_ticks_need_a_roll_call_and_a_person(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    with pytest.raises(Conflict):
        building.muster.tick(ada, "guard-1")
    with pytest.raises(Conflict):
        building.muster.end("guard-1")
    building.muster.start("", "guard-1")
    with pytest.raises(Conflict):
        building.muster.start("", "guard-2")
    with pytest.raises(NotFound):
        building.muster.tick("nobody", "guard-1")


def test_ticks_go_with_the_end_of_their_roll_call(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    muster = building.muster.start("drill", "guard-1")
    building.muster.tick(ada, "guard-1")
    building.muster.end("guard-1")
    with building.site.store.read() as tx:
        assert tx.musters.ticks(muster.id) == {} and list(tx.seals.flaws()) == []


def test_other_device_learns_of_ticks_and_of_people(building: Building) -> None:
    ada, bob = building.enrol(ADA, BOB)
    building.goes("in-1", ADA)
    building.muster.start("drill", "guard-1")
    version, _ = building.muster.ticks()
    building.muster.tick(ada, "guard-1")
    assert (building.muster.ticks()[0], set(building.muster.ticks()[1])) == (version, {ada})
    building.goes("in-1", BOB)
    assert building.muster.ticks()[0] != version
    building.muster.end("guard-1")
    assert building.muster.ticks()[1] == {}
    assert bob in {one.person_id for head in building.muster.view().list.zones for one in head.people}


def test_erased_person_is_on_no_list(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    building.goes("in-1")
    building.muster.start("drill", "guard-1")
    building.muster.tick(ada, "guard-1")
    building.site.erasure.erase(ada)
    view = building.muster.view()
    assert (view.list.people, view.list.ticked, view.list.elsewhere, view.names) == (0, 0, (), {})
