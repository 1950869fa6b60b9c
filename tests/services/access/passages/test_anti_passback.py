"""Anti-passback and limits: who is inside already is refused or noted, nobody is kept in, no zone gets too full."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from app.core.access.zone_policy import AntiPassback
from app.core.gates.commands import PassageSource
from app.services.access.rules.rule_questions import RuleQuestions
from tests.fakes import person, photo
from tests.services.access.passages.building import LAB, OFFICE, Building

pytestmark = pytest.mark.one_database
ADA, BOB, CY = 0, 1, 2
SOFT, HARD, TIMED, OFF = AntiPassback.SOFT, AntiPassback.HARD, AntiPassback.TIMED, AntiPassback.OFF


def note(building: Building) -> tuple[str, bool] | None:
    """What anti-passback noted at the newest event: the zone, and whether the person was leaving."""
    decision = building.events()[-1].decision
    assert decision is not None
    found = decision.anti_passback
    return None if found is None else (found.zone_id, found.leaving)


def later(building: Building, **by: float) -> None:
    building.site.clock.advance(**by)


@pytest.mark.parametrize(("mode", "reason"), [(OFF, "recognised"), (SOFT, "recognised"), (HARD, "anti_passback")])
def test_who_is_inside_already(building: Building, mode: AntiPassback, reason: str) -> None:
    building.enrol(ADA)
    building.asks(OFFICE, mode)
    assert building.goes("in-1") == "recognised" and note(building) is None
    later(building, minutes=5)
    assert building.goes("in-2") == reason
    assert note(building) == (None if mode is OFF else (OFFICE, False))
    assert building.goes("out-1") == "recognised" and note(building) is None
    assert building.goes("in-2") == "recognised" and note(building) is None


def test_timed_refuses_for_a_while(building: Building) -> None:
    building.enrol(ADA)
    building.asks(OFFICE, TIMED, timed_min=30)
    building.goes("in-1")
    later(building, minutes=29, seconds=59)
    assert building.goes("in-1") == "anti_passback"
    later(building, seconds=1)
    assert building.goes("in-1") == "recognised" and note(building) == (OFFICE, False)


def test_unused_grant_counts_until_it_lapses(building: Building) -> None:
    building.enrol(ADA)
    building.asks(OFFICE, HARD)
    assert building.asks_at("in-1") == "recognised"
    assert building.asks_at("in-2") == "anti_passback"
    later(building, seconds=6)
    assert building.asks_at("in-1") == "anti_passback", "the gate is shut again, and its sensor may still report"
    later(building, seconds=2)
    assert building.asks_at("in-2") == "recognised"


def test_hard_holds_at_gates_that_assume(assuming: Building) -> None:
    assuming.enrol(ADA)
    assuming.asks(OFFICE, HARD)
    assert assuming.asks_at("in-1") == "recognised"
    assert assuming.asks_at("in-2") == "anti_passback"
    assert assuming.asks_at("out-1") == assuming.asks_at("in-2") == "recognised"


def test_leaving_is_never_denied(building: Building) -> None:
    building.enrol(ADA, BOB)
    building.asks(OFFICE, HARD, limit=1)
    building.asks(LAB, HARD, limit=1)
    building.goes("in-1", ADA)
    building.goes("lab-in", ADA)
    assert building.goes("lab-out", BOB) == "recognised", "a place that nobody knows"
    assert building.goes("out-1", BOB) == building.goes("out-1", BOB) == "recognised"
    assert note(building) == (OFFICE, True), "known to be outside"
    assert building.goes("out-1", ADA) == "recognised", "they left the lab behind somebody else"
    assert building.goes("lab-out", ADA) == "recognised" and note(building) == (LAB, True)


def test_child_zone_counts_as_being_in_its_parents(building: Building) -> None:
    building.enrol(ADA)
    building.asks(OFFICE, HARD)
    building.asks(LAB, HARD)
    building.goes("in-1")
    assert building.goes("lab-in") == "recognised", "from within the office into the lab is no re-entry"
    later(building, minutes=1)
    assert building.goes("in-2") == "anti_passback" and note(building) == (OFFICE, False)
    assert building.goes("lab-in") == "anti_passback" and note(building) == (LAB, False)
    building.goes("lab-out")
    assert building.goes("lab-in") == "recognised"


def test_unknown_is_allowed_once_in_either_direction(building: Building) -> None:
    building.enrol(ADA, BOB)
    building.asks(OFFICE, HARD)
    assert building.goes("in-1", ADA) == "recognised"
    assert building.goes("out-1", BOB) == "recognised" and note(building) is None
    assert building.goes("in-1", ADA) == "anti_passback"
    assert building.goes("in-1", BOB) == "recognised"


def test_zone_forgives_after_its_hours(building: Building) -> None:
    building.enrol(ADA)
    building.asks(OFFICE, HARD, forgive_after_h=12)
    building.goes("in-1")
    later(building, hours=11, minutes=59)
    assert building.asks_at("in-1") == "anti_passback"
    later(building, minutes=1)
    assert building.goes("in-1") == "recognised" and note(building) is None


def test_zone_that_never_forgives(building: Building) -> None:
    building.enrol(ADA)
    building.asks(OFFICE, HARD, forgive_after_h=0)
    building.goes("in-1")
    later(building, days=30)
    assert building.asks_at("in-1") == "anti_passback"


def test_members_of_exempt_groups_are_not_asked(building: Building) -> None:
    (ada,) = building.enrol(ADA)
    with building.site.store.write() as tx:
        found = tx.employees.get(ada)
        assert found is not None
        tx.templates.lock()
        tx.employees.update(replace(found, groups=("Guards",)))
        (group,) = tx.rules.all().groups
    building.asks(OFFICE, HARD, exempt_groups=frozenset({group.id}))
    building.goes("in-1")
    later(building, minutes=1)
    assert building.goes("in-1") == "recognised" and note(building) is None


def test_limit_counts_people_on_their_way_in(building: Building) -> None:
    building.enrol(ADA, BOB, CY)
    building.asks(OFFICE, limit=2)
    assert building.goes("in-1", ADA) == "recognised"
    assert building.asks_at("in-1", BOB) == "recognised"
    assert building.asks_at("in-2", CY) == "zone_full"
    later(building, seconds=8)
    assert building.asks_at("in-2", CY) == "recognised", "the second did not go in"


def test_limit_counts_zones_inside_and_unknown_people(building: Building) -> None:
    building.enrol(ADA, BOB, CY)
    building.asks(OFFICE, limit=3)
    building.goes("in-1", ADA)
    building.goes("lab-in", ADA)
    building.passes("in-1")
    assert building.goes("in-1", BOB) == "recognised"
    assert building.asks_at("in-1", CY) == "zone_full"
    assert building.goes("lab-in", BOB) == "recognised", "they are in the office already"
    building.goes("lab-out", BOB)
    building.goes("out-1", BOB)
    assert building.goes("in-1", CY) == "recognised"


def test_who_is_inside_already_takes_no_second_place(building: Building) -> None:
    building.enrol(ADA)
    building.asks(OFFICE, SOFT, limit=1)
    building.goes("in-1")
    later(building, minutes=1)
    assert building.goes("in-2") == "recognised" and note(building) == (OFFICE, False)


def test_full_is_said_before_passback(building: Building) -> None:
    building.enrol(ADA, BOB)
    building.asks(OFFICE, HARD)
    building.goes("in-1", ADA)
    building.asks(OFFICE, HARD, limit=1)
    later(building, minutes=1)
    assert building.asks_at("in-1", BOB) == "zone_full"
    assert building.asks_at("in-1", ADA) == "anti_passback", "there is room for who is inside"


def test_zones_are_asked_last(building: Building) -> None:
    building.enrol(ADA)
    building.asks(OFFICE, HARD)
    building.goes("in-1")
    with building.site.store.write() as tx:
        tx.rules.delete(*tx.rules.all().rules)
    assert building.asks_at("in-1") == "no_rule"


def test_zone_that_was_altered_lets_nobody_in_and_everybody_out(building: Building) -> None:
    building.enrol(ADA)
    with building.site.store._engine.begin() as connection:
        connection.execute(text("UPDATE zones SET anti_passback = 'off' WHERE id = :id"), {"id": OFFICE})
    with building.site.store.write() as tx:
        tx.rules.renew()
    assert building.asks_at("in-1") == "system_fault"
    assert building.asks_at("out-1") == "recognised"


def test_what_would_be_decided_asks_the_zones(building: Building) -> None:
    building.enrol(ADA)
    building.asks(OFFICE, HARD)
    questions = RuleQuestions(building.site.store, building.site.clock)
    assert questions.explain("E-0", "in-1").reason == "recognised"
    building.goes("in-1")
    later(building, minutes=1)
    answer = questions.explain("E-0", "in-1")
    assert (answer.reason, answer.words) == ("anti_passback", "The person is inside already, by what gates know.")
    assert questions.explain("E-0", "out-1").reason == "recognised"
    assert questions.explain("E-0", "in-1", building.site.clock.now).reason == "recognised", (
        "of another time nobody knows"
    )


def test_camera_that_tries_again_makes_no_second_grant(building: Building) -> None:
    building.enrol(ADA)
    building.asks(OFFICE, HARD)
    building.source("in-2", PassageSource.ASSUME_ON_GRANT)
    for gate in ("in-1", "in-2"):
        building.control.reset("everybody", "a new day", "a guard")
        answers = [building.site.decide(photo(person(ADA)), gate=gate) for _ in range(3)]
        assert answers[0].opens and answers[1:] == [answers[0]] * 2
        later(building, minutes=1)
