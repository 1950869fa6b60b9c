"""A grant reserves a passage, the sensor confirms it, and without the sensor it lapses."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.core.access.rules import EntryMode, GateMode
from app.core.access.zone_policy import AntiPassback
from app.core.alerts.alert import OPEN_ALERTS, AlertKind
from app.core.events.decision import Method
from app.core.gates.commands import CommandOutcome, PassageSource
from app.core.gates.result import GateResultRow
from app.core.people.details import Details
from app.core.site.mode import SiteMode, SiteState
from app.services.access.rules.current_rules import CurrentRules
from app.services.events.answers import Answers
from app.services.events.second_records import TOO_LATE, put_result
from app.services.gates.by_hand import ByHand
from app.wiring.access.passages import passage_services
from tests.fakes import new_id, person, photo
from tests.services.access.passages.building import LAB, OFFICE, Building
from tests.services.process import Process

pytestmark = pytest.mark.one_database
ADA, BOB = 0, 1
HARD = AntiPassback.HARD


def test_grant_is_a_passage_once_the_sensor_says_so(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    answer = building.site.decide(photo(person(ADA)), gate="in-1")
    assert answer.passage is not None
    assert answer.passage.confirm_until - answer.at == timedelta(seconds=8)
    assert building.where(ada) is None, "nobody knows yet"
    assert building.passes("in-1")
    assert building.where(ada) == OFFICE
    assert building.site.events.get(answer.id).decision == answer, "the event keeps what was granted"


def test_long_unlock_time_gives_a_long_reservation(building: Building) -> None:
    building.enrol(ADA)
    building.site.change_gate("in-1", unlock_ms=30_000)
    answer = building.site.decide(photo(person(ADA)), gate="in-1")
    assert answer.passage is not None and answer.passage.confirm_until - answer.at == timedelta(seconds=33)


def test_who_is_let_in_and_does_not_go_through_is_an_event(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    answer = building.site.decide(photo(person(ADA)), gate="in-1")
    building.site.clock.advance(seconds=7.9)
    building.watch.lapse()
    assert building.reasons("in-1") == ["recognised"]
    building.site.clock.advance(seconds=0.1)
    building.watch.lapse()
    building.watch.lapse()
    lapsed = building.events("in-1")[-1].decision
    assert lapsed is not None and lapsed.employee is not None
    assert (lapsed.reason, lapsed.method, lapsed.answers) == ("did_not_enter", Method.SENSOR, answer.id)
    assert (lapsed.employee.id, lapsed.opens, building.where(ada)) == (ada, False, None)
    assert building.site.recorded() == 2


def test_passage_after_the_reservation_is_one_without_a_grant(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    building.asks_at("in-1")
    building.site.clock.advance(seconds=8)
    building.passes("in-1")
    building.watch.lapse()
    assert building.reasons("in-1") == ["recognised", "passed_without_grant", "did_not_enter"]
    assert building.where(ada) is None and building.unknown() == {OFFICE: 1}


def test_passage_without_a_grant_is_one_unknown_person_and_an_alert(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    building.asks_at("in-1")
    building.passes("in-1", 3)
    assert (building.where(ada), building.unknown()) == (OFFICE, {OFFICE: 2})
    assert building.reasons("in-1") == ["recognised", "passed_without_grant", "passed_without_grant"]
    with building.site.store.read() as tx:
        (alert,) = tx.alerts.find(OPEN_ALERTS)
    assert (alert.kind, alert.gate_id) == (AlertKind.PASSED_WITHOUT_GRANT, building.gates["in-1"].id)
    building.passes("lab-in")
    assert building.unknown() == {OFFICE: 1, LAB: 1}, "it was one of them"
    building.passes("out-1", 3)
    assert building.unknown() == {LAB: 1}, "never less than nobody"
    assert building.where(ada) == OFFICE, "nobody's own place changes"


def test_report_that_comes_again_counts_nobody_again(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    building.asks_at("in-1")
    gate, other = building.gates["in-1"].id, building.gates["in-2"].id
    assert all(building.watch.passed(gate, 1, report_id="7") for _ in range(2))
    assert (building.where(ada), building.unknown()) == (OFFICE, {})
    building.watch.passed(other, 1, report_id="7")
    building.watch.passed(gate, 1, report_id="8")
    assert building.unknown() == {OFFICE: 2}, "another gate's, and another report"
    building.site.clock.advance(hours=26)
    building.watch.passed(gate, 1, report_id="9")
    building.watch.passed(gate, 1, report_id="7")
    assert building.unknown() == {OFFICE: 4}, "forgotten after a day"


def test_oldest_grant_is_confirmed_first(building: Building) -> None:
    ada, bob = building.enrol(ADA, BOB)
    building.asks_at("in-1", BOB)
    building.site.clock.advance(seconds=1)
    building.asks_at("in-1", ADA)
    building.passes("in-1")
    assert (building.where(bob), building.where(ada)) == (OFFICE, None)


def test_gate_that_assumes_counts_no_reports(assuming: Building) -> None:
    (ada,) = assuming.enrol(ADA)
    answer = assuming.site.decide(photo(person(ADA)), gate="in-1")
    assert (answer.passage, assuming.where(ada)) == (None, OFFICE)
    assert assuming.passes("in-1") is False
    assert assuming.unknown() == {} and assuming.reasons() == ["recognised"], "never both"


def test_gate_that_assumes_never_moves_nobody_and_still_asks(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    building.asks(OFFICE, HARD)
    building.source("in-2", PassageSource.ASSUME_NEVER)
    assert building.asks_at("in-2") == "recognised" and building.where(ada) is None
    assert building.passes("in-2") is False
    building.goes("in-1")
    assert building.asks_at("in-2") == "anti_passback"


def test_gate_at_no_zone_counts_nothing_unless_it_has_a_sensor(start: Callable[..., Process]) -> None:
    building = Building(start(), PassageSource.ASSUME_ON_GRANT)
    (ada,) = building.enrol(ADA)
    gate = building.gates["door"] = building.site.gates.add("door")
    answer = building.site.decide(photo(person(ADA)), gate="door")
    assert (answer.opens, answer.passage, building.where(ada)) == (True, None, None)
    building.source("door", PassageSource.SENSOR)
    building.site.clock.advance(seconds=10)
    assert building.site.decide(photo(person(ADA)), gate=gate.id).passage is not None
    building.passes("door", 2)
    assert building.reasons("door") == ["recognised", "recognised", "passed_without_grant"]
    assert (building.where(ada), building.unknown()) == (None, {})


def test_second_request_during_an_opening_gets_the_same_answer(building: Building) -> None:
    building.enrol(ADA)
    first = building.site.decide(photo(person(ADA)), gate="in-1")
    building.site.clock.advance(seconds=4.9)
    again = building.site.decide(photo(person(ADA)), gate="in-1", idempotency_key="k")
    assert again == first and building.site.recorded() == 1
    assert building.site.decide(photo(person(ADA)), gate="in-1", idempotency_key="k2") == first
    building.passes("in-1")
    building.passes("in-1")
    assert building.reasons("in-1") == ["recognised", "passed_without_grant"], "there was one passage"


def test_grant_elsewhere_takes_the_place_of_an_unused_one(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    building.asks_at("in-1")
    building.asks_at("in-2")
    building.passes("in-2")
    assert building.where(ada) == OFFICE
    building.site.clock.advance(seconds=20)
    building.watch.lapse()
    assert building.reasons() == ["recognised", "recognised"], "the person is inside, so nothing lapsed"
    building.passes("in-1")
    assert building.unknown() == {OFFICE: 1}


def test_leaving_during_an_unused_grant_is_granted(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    building.asks(OFFICE, HARD)
    building.asks_at("in-1")
    assert building.goes("out-1") == "recognised" and building.where(ada) == "outside"


@pytest.mark.parametrize("passages", [PassageSource.SENSOR, PassageSource.ASSUME_ON_GRANT])
def test_opening_that_was_recorded_too_late_moves_nobody(
    passages: PassageSource, start: Callable[..., Process]
) -> None:
    where = Building(start(), passages)
    (ada,) = where.enrol(ADA)
    where.goes("in-1")
    where.site.clock.advance(minutes=1)
    late = where.site.decide(photo(person(ADA)), gate="out-1")
    with where.site.store.write() as tx:
        put_result(tx, GateResultRow(late.id, where.site.clock(), TOO_LATE.outcome, TOO_LATE.detail))
    assert where.where(ada) == OFFICE
    where.passes("out-1")
    assert where.where(ada) == OFFICE


def test_gate_that_failed_moves_nobody_who_was_assumed(assuming: Building) -> None:
    (ada,) = assuming.enrol(ADA)
    answer = assuming.site.decide(photo(person(ADA)), gate="in-1")
    with assuming.site.store.write() as tx:
        put_result(tx, GateResultRow(answer.id, assuming.site.clock(), CommandOutcome.FAILED))
    assert assuming.where(ada) is None


def test_gate_with_a_sensor_that_failed_opens_at_the_next_attempt(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    building.asks(OFFICE, HARD)
    failed = building.site.decide(photo(person(ADA)), gate="in-1")
    assert building.site.decide(photo(person(ADA)), gate="in-1") == failed, "no second passage while the gate is open"
    with building.site.store.write() as tx:
        put_result(tx, GateResultRow(failed.id, building.site.clock(), CommandOutcome.FAILED))
    again = building.site.decide(photo(person(ADA)), gate="in-1")
    assert again.opens and again.id != failed.id
    building.passes("in-1")
    building.watch.lapse()
    assert (building.where(ada), building.reasons("in-1")) == (OFFICE, ["recognised", "recognised"])


def test_opening_by_hand_lets_in_one_person_known_or_not(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    site = building.site
    grant = passage_services(site.store, site.log, site.clock, new_id, CurrentRules()).grant_order
    by_hand = ByHand(site.store, site.log, Answers(site.signer), site.clock, new_id, lambda _: None, grant=grant)
    order = by_hand.open("in-1", "a delivery", "a guard")
    assert order.passage is not None
    building.passes("in-1")
    assert building.unknown() == {OFFICE: 1} and building.reasons("in-1") == ["opened_by_hand"]
    by_hand.open("in-1", "forgot the badge", "a guard", employee_id=ada)
    building.passes("in-1")
    assert building.where(ada) == OFFICE and building.unknown() == {OFFICE: 1}


def test_reports_of_a_released_gate_say_nothing(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    building.goes("in-1")
    building.asks_at("out-1")
    with building.site.store.write() as tx:
        tx.site.put(SiteState(SiteMode.RELEASE, building.site.clock()))
    building.passes("out-1", 5)
    building.site.clock.advance(seconds=20)
    building.watch.lapse()
    assert (building.where(ada), building.unknown()) == (OFFICE, {})
    assert building.reasons("out-1") == ["recognised"]


def test_erased_person_leaves_no_presence(building: Building) -> None:
    ada, bob = building.enrol(ADA, BOB)
    building.goes("in-1", ADA)
    building.goes("in-1", BOB)
    building.asks_at("lab-in", ADA)
    building.site.erasure.erase(ada)
    with building.site.store.read() as tx:
        assert [one.person_id for one in tx.presences.all()] == [bob]
        assert tx.passages.of_gate(building.gates["lab-in"].id) == []
        assert tx.presences.count_inside([OFFICE, LAB], building.site.clock()) == 1


def test_free_period_begins_only_when_the_sensor_saw_its_first_person(building: Building) -> None:
    """Somebody who was let in, looked again and walked away is no first person, however their passage ended."""
    (ada,) = building.enrol(ADA)
    site, gate = building.site, building.gates["in-1"]
    site.enrolment.update(ada, lambda e: Details(e.number, e.name, groups=("Porters",)))
    with site.store.write() as tx:
        (porters,) = tx.rules.all().groups
        tx.rules.put(GateMode("01M", gate.id, EntryMode.FREE, None, porters.id))
    assert building.asks_at("in-1", ADA) == "recognised"
    site.clock.advance(seconds=6)
    assert building.asks_at("in-1", ADA) == "recognised", "the gate shut, and opens for a second grant"
    site.clock.advance(seconds=20)
    building.watch.lapse()
    assert building.asks_at("in-1", BOB) == "not_recognised"
    building.control.correct(ada, "Office", "seen there", "guard-1")
    assert building.asks_at("in-1", BOB) == "not_recognised", "a correction is no passage"
    building.control.correct(ada, "outside", "seen there", "guard-1")
    assert building.goes("in-1", ADA) == "recognised"
    assert building.asks_at("in-1", BOB) == "free_entry"
