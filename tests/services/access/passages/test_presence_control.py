"""Corrections and resets: by a person, with a reason, in the log; and what time forgets."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest

from app.core.access.zone_policy import AntiPassback
from app.core.errors import BadInput, Conflict, NotFound
from app.core.ports.store import Store, Transaction
from app.services.access.passages import presence_control
from tests.services.access.passages.building import LAB, OFFICE, Building

pytestmark = pytest.mark.one_database
ADA, BOB, CY = 0, 1, 2


def newest(building: Building) -> tuple[str, str | None, str | None, str | None]:
    decision = building.events()[-1].decision
    assert decision is not None
    who = None if decision.employee is None else decision.employee.id
    return str(decision.reason), who, decision.comment, decision.actor


def test_person_is_corrected_to_a_zone_outside_or_unknown(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    building.goes("in-1")
    building.control.correct(ada, "outside", "left by the fire exit", "guard-1")
    assert building.where(ada) == "outside"
    assert newest(building) == ("presence_corrected", ada, "outside: left by the fire exit", "guard-1")
    building.control.correct(ada, "Lab", "seen there", "guard-1")
    assert building.where(ada) == LAB
    building.control.correct(ada, "unknown", "nobody knows", "guard-1")
    assert building.where(ada) is None and building.site.recorded() == 4


def test_correction_ends_what_was_granted(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    building.asks(OFFICE, AntiPassback.HARD)
    building.asks_at("in-1")
    building.control.correct(ada, "outside", "went away", "guard-1")
    assert building.asks_at("in-2") == "recognised"
    building.site.clock.advance(seconds=20)
    building.watch.lapse()
    assert sorted(building.reasons()) == ["did_not_enter", "presence_corrected", "recognised", "recognised"]
    assert building.reasons("in-2")[-1] == "did_not_enter", "of the second grant"


def test_correction_needs_a_reason_and_a_place(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    with pytest.raises(BadInput):
        building.control.correct(ada, "outside", "", "guard-1")
    with pytest.raises(NotFound):
        building.control.correct(ada, "Cellar", "seen there", "guard-1")
    with pytest.raises(NotFound):
        building.control.correct("nobody", "outside", "seen there", "guard-1")
    assert building.reasons() == []


def test_reset_of_a_zone_forgets_who_is_in_it_and_inside_it(building: Building) -> None:
    ada, bob = building.enrol(ADA, BOB)
    building.asks(OFFICE, AntiPassback.HARD)
    for axis in (ADA, BOB):
        building.goes("in-1", axis)
    building.goes("lab-in", ADA)
    building.passes("in-1", 2)
    assert building.control.reset("Lab", "a drill", "guard-1") == 1
    assert (building.where(ada), building.where(bob)) == (None, OFFICE)
    assert newest(building) == ("presence_corrected", None, "Lab, unknown: a drill", "guard-1")
    assert building.control.reset(OFFICE, "a drill", "guard-1") == 3
    assert building.where(bob) is None and building.unknown() == {}
    assert [building.goes("in-1", axis) for axis in (ADA, BOB)] == ["recognised", "recognised"]
    assert building.control.reset("everybody", "a new week", "guard-1") == 2


class Between:
    """A store for which something happens before each of its write transactions."""

    def __init__(self, store: Store, happens: Callable[[], None]) -> None:
        self.read, self._write, self._happens = store.read, store.write, happens

    def write(self) -> AbstractContextManager[Transaction]:
        self._happens()
        return self._write()


def test_gates_decide_during_a_reset(building: Building, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _, last = sorted(building.enrol(ADA, BOB, CY))
    for axis in (ADA, BOB, CY):
        building.goes("in-1", axis)
    monkeypatch.setattr(presence_control, "AT_ONCE", 1)

    def moves() -> None:
        if building.where(first) is None and building.where(last) == OFFICE:
            building.control.correct(last, "Lab", "seen there", "guard-1")

    slowly = replace(building.control, store=cast(Store, Between(building.site.store, moves)))
    assert slowly.reset("everybody", "a drill", "guard-1") == 2
    assert (building.where(first), building.where(last)) == (None, LAB), "the last one was moved meanwhile"
    assert [building.reasons(gate)[-1] for gate in ("in-1", "in-2", "lab-in")] == ["presence_corrected"] * 3


def test_unknown_people_are_counted_anew(building: Building) -> None:
    building.passes("in-1", 3)
    building.control.set_unknown("Office", 1, "two have left", "guard-1")
    assert building.unknown() == {OFFICE: 1}
    assert newest(building) == ("presence_corrected", None, "Office, 1 unknown: two have left", "guard-1")
    with pytest.raises(BadInput):
        building.control.set_unknown("Office", -1, "nonsense", "guard-1")


def test_zone_without_gates_has_no_log_to_correct_in(building: Building) -> None:
    with building.site.store.write() as tx:
        zone = tx.rules.all().zones[0]
        tx.rules.put(type(zone)("zone-attic", "Attic", zone.site_id))
    with pytest.raises(Conflict):
        building.control.reset("Attic", "a drill", "guard-1")


def test_daily_reset_is_at_the_zones_clock(building: Building) -> None:
    ada, bob = building.enrol(ADA, BOB)
    with building.site.store.write() as tx:
        (site,) = tx.rules.all().sites
        tx.rules.put(type(site)(site.id, site.name, "America/New_York"))
    building.asks(OFFICE, AntiPassback.HARD, forgive_after_h=0, daily_reset_min=4 * 60)
    clock = building.site.clock
    clock.now = datetime(2026, 11, 23, 8, 59, tzinfo=UTC)  # 03:59 there
    building.goes("in-1", ADA)
    building.passes("in-1")
    clock.advance(seconds=59)
    building.control.look()
    assert building.where(ada) == OFFICE and building.asks_at("in-1", ADA) == "anti_passback"
    clock.advance(seconds=1)
    assert building.asks_at("in-1", ADA) == "recognised", "nobody waits for the look"
    building.goes("in-2", BOB)
    building.control.look()
    assert (building.where(ada), building.where(bob), building.unknown()) == (None, OFFICE, {})


def test_daily_reset_waits_for_a_roll_call(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    building.asks(OFFICE, daily_reset_min=0)
    building.goes("in-1")
    building.muster.start("fire", "guard-1")
    building.site.clock.advance(days=2)
    building.control.look()
    assert building.where(ada) == OFFICE
    building.muster.end("guard-1")
    building.control.look()
    assert building.where(ada) is None


def test_who_left_a_day_ago_is_forgotten(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    (bob,) = building.enrol(BOB)
    building.goes("in-1", BOB)
    building.goes("out-1")
    building.site.clock.advance(hours=24)
    building.site.retention.run(lambda seconds: False)
    assert building.where(ada) == "outside"
    building.site.clock.advance(seconds=1)
    building.muster.start("drill", "guard-1")
    building.site.retention.run(lambda seconds: False)
    assert building.where(ada) == "outside", "a roll call is running"
    building.muster.end("guard-1")
    building.site.retention.run(lambda seconds: False)
    assert building.where(ada) is None and building.where(bob) == OFFICE


def test_limit_does_not_count_the_person_who_asks(building: Building) -> None:
    """Whoever left unseen and is forgiven takes their own place, not a second one."""
    building.enrol(ADA)
    building.asks(OFFICE, AntiPassback.HARD, limit=1, forgive_after_h=12)
    assert building.goes("in-1") == "recognised"
    building.site.clock.advance(hours=12)
    assert building.goes("in-1") == "recognised"
    building.enrol(BOB)
    assert building.asks_at("in-2", BOB) == "zone_full"


def test_place_in_a_zone_that_is_gone_is_forgotten_after_a_day(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    building.goes("in-1")
    with building.site.store.write() as tx:
        rules = tx.rules.all()
        tx.rules.put(*(replace(place, zone_from=None, zone_to=None) for place in rules.gates))
        for zone_id in (LAB, OFFICE):
            tx.rules.delete(*(zone for zone in rules.zones if zone.id == zone_id))
    building.site.clock.advance(hours=25)
    building.site.retention.run(lambda seconds: False)
    assert building.where(ada) is None
