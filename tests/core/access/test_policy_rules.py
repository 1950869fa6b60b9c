"""The rules among the policy's questions: after the person, with the rule that is recorded, and the clock in doubt."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.core.access.factors.standing import blocked, standing
from app.core.access.policy import by_rules
from app.core.access.rules import EntryMode, Grant, Rule, Where, Who
from app.core.site.mode import SiteMode
from app.core.types import AppliedRule, Decision, Reason
from tests.core.access.passage import ADA, ALWAYS, GATE, LIMITS, TICK, Scene, only
from tests.fakes import NOW

EVERYWHERE = Where(everywhere=True)
STAFF = Rule("01S", "Staff", Who(groups=frozenset({"g"})), EVERYWHERE)
NIGHTS = Rule("01N", "Nights", Who(everybody=True), EVERYWHERE, "night")
DATED = Rule("01D", "This year", Who(everybody=True), EVERYWHERE, None, date(2026, 1, 1), date(2026, 12, 31))
HOUR = timedelta(hours=1)


def test_rule_that_lets_somebody_in_is_recorded() -> None:
    assert Scene().decide().rule == AppliedRule("01R", "Everybody, everywhere, always")


def test_outside_its_schedule_the_rule_is_recorded_too() -> None:
    scene = Scene()
    scene.outside_schedule()
    decision = scene.decide()
    assert decision == Decision(Reason.OUTSIDE_SCHEDULE, ADA)
    assert decision.rule == AppliedRule("01N", "Nights")


def test_free_period_opens_for_everybody_but_not_what_comes_before_it() -> None:
    scene = Scene()
    scene.entry = EntryMode.FREE
    scene.no_face()
    assert scene.decide() == Decision(Reason.FREE_ENTRY)
    scene.locked()
    assert scene.decide() == Decision(Reason.LOCKED_BY_HAND)
    scene.mode = SiteMode.RELEASE
    assert scene.decide() == Decision(Reason.RELEASED)


def test_release_opens_a_gate_that_its_schedule_shuts() -> None:
    scene = Scene()
    scene.shut_by_schedule()
    scene.mode = SiteMode.RELEASE
    assert scene.decide() == Decision(Reason.RELEASED)


@pytest.mark.parametrize(("until", "blocked"), [(None, True), (NOW + TICK, True), (NOW, False), (NOW - TICK, False)])
def test_block_holds_until_its_end(until: object, blocked: bool) -> None:
    somebody = replace(ADA, blocked_at=NOW - HOUR, blocked_until=until)  # type: ignore[arg-type]
    assert standing(somebody, NOW, NOW.date()) is (Reason.BLOCKED if blocked else None)
    assert standing(somebody, NOW, NOW.date(), clock_doubted=True) is Reason.BLOCKED  # its end may not have come


def test_block_wins_over_a_grant() -> None:
    scene = Scene()
    grant = Grant("01T", ADA.id, EVERYWHERE, NOW - HOUR, NOW + HOUR, "a parcel", "admin")
    scene.rules = type(ALWAYS)(replace(ALWAYS.rules, grants=(grant,)))
    scene.blocked()
    assert scene.decide() == Decision(Reason.BLOCKED, scene.employee)


@pytest.mark.parametrize("rule", [NIGHTS, DATED])
def test_rules_with_times_let_nobody_in_while_the_clock_is_in_doubt(rule: Rule) -> None:
    scene = Scene()
    scene.limits = replace(LIMITS, clock_doubted=True)
    scene.rules = only(rule)
    assert scene.decide() == Decision(Reason.CLOCK_UNCONFIRMED, ADA)
    scene.rules = only(rule, *ALWAYS.rules.rules)
    decision = scene.decide()
    assert decision == Decision(Reason.RECOGNISED, ADA)
    assert decision.rule == AppliedRule("01R", "Everybody, everywhere, always")


def test_no_rule_is_no_rule_whatever_the_clock() -> None:
    scene = Scene()
    scene.limits = replace(LIMITS, clock_doubted=True)
    scene.rules = only(STAFF)
    assert scene.decide() == Decision(Reason.NO_RULE, ADA)


def test_gate_that_the_rules_do_not_know_lets_nobody_in() -> None:
    scene = Scene()
    scene.gate = replace(GATE, id="01X")
    assert scene.decide() == Decision(Reason.NO_RULE, ADA)


def test_by_default_the_clock_is_right() -> None:
    assert by_rules(ADA, GATE.id, NOW, only(DATED)) == Decision(Reason.RECOGNISED, ADA)
    assert not blocked(replace(ADA, blocked_at=NOW - HOUR, blocked_until=NOW), NOW)


def test_rule_for_one_person_lets_in_that_person_alone() -> None:
    scene = Scene()
    scene.rules = only(Rule("01P", "Ada", Who(people=frozenset({ADA.id})), EVERYWHERE))
    assert scene.decide().reason is Reason.RECOGNISED
    scene.rules = only(Rule("01P", "Bob", Who(people=frozenset({"01B"})), EVERYWHERE))
    assert scene.decide().reason is Reason.NO_RULE


def test_block_that_ended_refuses_nobody_at_the_gate() -> None:
    scene = Scene()
    scene.changed(blocked_at=NOW - HOUR, blocked_until=NOW)
    assert scene.decide().reason is Reason.RECOGNISED
    scene.changed(blocked_until=NOW + TICK)
    assert scene.decide().reason is Reason.BLOCKED
