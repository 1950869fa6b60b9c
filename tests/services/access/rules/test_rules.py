"""Rules at the gate: a change holds from the next decision, in every process, and the log keeps the rule."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import text

from app.adapters.db.tables import gates
from app.core.access.rules import EntryMode, GateMode, Group, Rule, Where, Who
from app.core.access.schedules import Hours, Schedule, Window
from app.core.people.details import Details
from app.core.site.mode import SiteMode, SiteState
from app.core.types import Employee, Reason
from app.services.access.rules.rule_questions import RuleQuestions
from tests.fakes import Clock, person, photo
from tests.services.conftest import Start
from tests.services.process import Process

EVERYWHERE = Where(everywhere=True)
STAFF = Rule("01S", "Staff", Who(groups=frozenset({"H1"})), EVERYWHERE)
# The fakes' clock says Monday 08:00 UTC; at these minutes of the day on any clock that a test machine has.
NEVER_NOW = Schedule("01N", "One minute in a week", (Window((5,), Hours(0, 1)),))


def only(process: Process, *rules: Rule) -> None:
    """These rules in place of all others."""
    with process.store.write() as tx:
        tx.rules.delete(*tx.rules.all().rules)
        tx.rules.put(Group("H1", "Staff"), NEVER_NOW, *rules)


def test_deleted_rule_lets_nobody_in_from_the_next_decision(site: Process) -> None:
    site.enrol("E-1", photo(person(0)))
    opened = site.decide(photo(person(0)))
    assert opened.opens and opened.rule is not None
    assert opened.rule.name == "Everybody, everywhere, always"
    only(site)
    denied = site.decide(photo(person(0)))
    assert (denied.reason, denied.rule) == (Reason.NO_RULE, None)
    assert opened.rules_version is not None and denied.rules_version is not None
    assert denied.rules_version > opened.rules_version
    kept = site.events.get(denied.id).json()
    assert (kept["rule"], kept["rules_version"]) == (None, denied.rules_version)
    assert site.events.get(opened.id).json()["rule"] == {"id": opened.rule.id, "name": opened.rule.name}


def test_group_names_ignore_case(site: Process) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    only(site, STAFF)
    assert site.sees() == "no_rule"
    site.enrolment.update(ada.id, lambda e: Details(e.number, e.name, groups=("STAFF",)))
    assert site.sees() == "recognised"


def test_denial_outside_the_schedule_names_the_rule(site: Process) -> None:
    site.enrol("E-1", photo(person(0)))
    only(site, Rule("01R", "Saturdays", Who(everybody=True), EVERYWHERE, "01N"))
    denied = site.decide(photo(person(0)))
    assert denied.reason is Reason.OUTSIDE_SCHEDULE
    assert denied.rule is not None and denied.rule.name == "Saturdays"


def test_block_holds_and_ends(site: Process, clock: Clock) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    until = clock() + timedelta(hours=1)
    with site.store.write() as tx:
        tx.employees.update(replace(ada, blocked_at=clock(), blocked_until=until, block_reason="lost badge"))
    assert site.sees() == "blocked"
    clock.advance(hours=1)
    assert site.sees() == "recognised"


def test_gates_schedule_shuts_it_and_opens_it_for_everybody(site: Process) -> None:
    site.enrol("E-1", photo(person(0)))
    gate = site.gates.get("lobby-1")
    with site.store.write() as tx:
        tx.rules.put(GateMode("01M", gate.id, EntryMode.NO_ENTRY))
    assert site.sees() == "no_entry"
    with site.store.write() as tx:
        tx.rules.put(GateMode("01M", gate.id, EntryMode.FREE))
    stranger = site.decide(photo(person(3)))
    assert (stranger.reason, stranger.opens, stranger.employee) == (Reason.FREE_ENTRY, True, None)


def test_free_period_waits_for_its_first_person(site: Process) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    site.enrol("E-2", photo(person(1)))
    gate = site.gates.get("lobby-1")
    site.enrolment.update(ada.id, lambda e: Details(e.number, e.name, groups=("Porters",)))
    with site.store.write() as tx:
        (porters,) = tx.rules.all().groups
        tx.rules.put(GateMode("01M", gate.id, EntryMode.FREE, None, porters.id))
    assert site.sees(3) == "not_recognised"
    assert site.sees(1) == "recognised"
    assert site.sees(3) == "not_recognised"  # not everybody is a porter
    assert site.sees(0) == "recognised"
    assert site.sees(3) == "free_entry"


def test_repeated_request_does_not_open_once_the_rule_is_deleted(site: Process) -> None:
    site.enrol("E-1", photo(person(0)))
    frame = photo(person(0))
    assert site.decide(frame, idempotency_key="k").opens
    assert site.decide(frame, idempotency_key="k").opens
    assert site.recorded() == 1
    only(site)
    assert site.decide(frame, idempotency_key="k").reason is Reason.NO_RULE


def test_other_processes_apply_a_change_at_their_next_decision(site: Process, start: Start) -> None:
    site.enrol("E-1", photo(person(0)))
    branch = start()
    for number in range(20):
        only(site, STAFF) if number % 2 else only(site, replace(STAFF, who=Who(everybody=True)))
        assert branch.sees() == ("no_rule" if number % 2 else "recognised"), number


def test_altered_version_lets_nobody_in(site: Process) -> None:
    site.enrol("E-1", photo(person(0)))
    assert site.sees() == "recognised"
    with site.store._engine.begin() as connection:
        connection.execute(text("UPDATE rule_version SET version = version + 1"))
    assert site.sees() == "no_rule"
    site.store._seals._altered.clear()  # the seals are shared by all tests and name each row once


def explained(site: Process, who: Employee, *, later: bool = False) -> str:
    """The reason that `explain` gives for the gate, after checking that every page about the person gives the same."""
    questions = RuleQuestions(site.store, site.clock)
    at = site.clock() + timedelta(minutes=1) if later else None
    answer = questions.explain(who.id, "lobby-1", at)
    assert [one.reason for one in questions.at_every_gate(who.id, at)] == [answer.reason]
    return str(answer.reason)


@contextmanager
def mode(site: Process, mode: SiteMode, *gates: str) -> Iterator[None]:
    with site.store.write() as tx:
        before = tx.site.get()
        tx.site.put(SiteState(mode, site.clock(), "01A", gates))
    yield
    with site.store.write() as tx:
        tx.site.put(before)


@pytest.mark.parametrize(("ordered", "reason"), [(SiteMode.LOCKDOWN, "lockdown"), (SiteMode.RELEASE, "released")])
def test_explanation_agrees_with_the_decision_while_a_mode_is_ordered(
    site: Process, ordered: SiteMode, reason: str
) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    with mode(site, ordered):
        assert site.sees() == explained(site, ada) == reason
        assert explained(site, ada, later=True) == "recognised"
        site.change_gate("lobby-1", enabled=False)  # a release opens it all the same
        assert site.sees() == explained(site, ada) == ("released" if reason == "released" else "gate_disabled")
        site.change_gate("lobby-1", enabled=True)
    with mode(site, ordered, "another gate"):
        assert site.sees() == explained(site, ada) == "recognised"
    assert site.sees() == explained(site, ada) == "recognised"


def test_explanation_agrees_with_the_decision_at_a_gate_of_a_newer_version(site: Process) -> None:
    ada = site.enrol("E-1", photo(person(0)))
    with site.store.write() as tx:
        cast(Any, tx.gates)._rows.update({"driver": "palm_vein"}, gates.c.name == "lobby-1")
    assert site.sees() == explained(site, ada) == "system_fault"
    assert explained(site, ada, later=True) == "system_fault"
    with mode(site, SiteMode.LOCKDOWN):
        assert site.sees() == explained(site, ada) == "system_fault"
    with mode(site, SiteMode.RELEASE):
        assert site.sees() == explained(site, ada) == "released"
