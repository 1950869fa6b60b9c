"""Why somebody may or may not pass, in words: every refusal says what was missing, on the gate's clock."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.core.access.explanation import explain
from app.core.access.factors.standing import standing
from app.core.access.permission import CompiledRules, ModeNow
from app.core.access.rule_set import RuleSet
from app.core.access.rules import GatePlace, Grant, Group, Rule, Site, Where, Who
from app.core.access.schedules import Hours, Schedule, Window
from app.core.gates.gate import Gate
from app.core.types import Employee, Reason, Status
from app.services.access.rules.rule_people import person_of
from app.services.access.rules.rule_questions import Answer
from app.web.console.access.explanations import opens_at, why

SYDNEY = ZoneInfo("Australia/Sydney")
NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)  # Friday, 20:30 in Sydney
ADA = Employee("01ADA", "E-1", "Ada", groups=("Staff",), photos=1)
DAYS = Schedule("01D", "Days", (Window((0, 1, 2, 3, 4), Hours(7 * 60, 12 * 60)),))
EVENING = Schedule("01E", "Evening", (Window((4,), Hours(22 * 60, 60)),))
SERVER_ROOM = Where(gates=frozenset({"01G"}))


def answer(*rules: Rule | Grant, who: Employee = ADA, gate_says: Reason | None = None) -> Answer:
    compiled = CompiledRules(
        RuleSet(
            sites=(Site("01S", "Site", "Australia/Sydney"),),
            gates=(GatePlace("01G", "server-room", "01S"), GatePlace("01L", "lobby", "01S")),
            groups=(Group("01T", "Staff"), Group("01C", "Cleaners")),
            schedules=(DAYS, EVENING),
            rules=tuple(r for r in rules if isinstance(r, Rule)),
            grants=tuple(r for r in rules if isinstance(r, Grant)),
        )
    )
    refused = standing(who, NOW, NOW.astimezone(SYDNEY).date())
    told = explain(compiled, person_of(who, compiled), "01G", NOW, who.name)
    return Answer(who, Gate("01G", "server-room"), NOW, gate_says, refused, told, ModeNow())


def staff(where: Where = SERVER_ROOM, schedule: str | None = None, group: str = "01T") -> Rule:
    return Rule("01R", "Staff by day", Who(groups=frozenset({group})), where, schedule)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (answer(), "No rule lets Ada through server-room."),
        (answer(staff()), "“Staff by day” lets Ada through server-room."),
        (
            answer(staff(group="01C")),
            "No rule lets Ada through server-room. “Staff by day” would, but is only for Cleaners.",
        ),
        (
            answer(staff(Where(gates=frozenset({"01L"})))),
            "No rule lets Ada through server-room. “Staff by day” is only for lobby.",
        ),
        (answer(staff(schedule="01D")), "From Monday 30 November 2026, 07:00, by “Staff by day”."),
        (answer(staff(schedule="01E")), "From 22:00, by “Staff by day”."),
        (
            answer(Grant("01X", ADA.id, SERVER_ROOM, NOW, NOW + timedelta(days=1), "an audit", "01U")),
            "A temporary grant lets Ada through server-room until Saturday 28 November 2026, 20:30.",
        ),
        (answer(staff(), who=replace(ADA, status=Status.INACTIVE)), "Ada is suspended."),
        (answer(staff(), who=replace(ADA, valid_from=date(2026, 12, 1))), "Ada may pass from 2026-12-01 on."),
        (
            answer(staff(), who=replace(ADA, valid_until=date(2026, 11, 26))),
            "Ada could pass until 2026-11-26, that day included.",
        ),
        (
            answer(staff(), who=replace(ADA, blocked_at=NOW)),
            "Ada is blocked at every gate until somebody lifts the block.",
        ),
        (
            answer(staff(), who=replace(ADA, blocked_at=NOW, blocked_until=NOW + timedelta(hours=1))),
            "Ada is blocked at every gate until 21:30.",
        ),
        (answer(staff(), gate_says=Reason.GATE_DISABLED), "server-room is disabled: it lets nobody in."),
        (
            answer(staff(), gate_says=Reason.RELEASED),
            "server-room is open for everybody: an emergency release is in force.",
        ),
        (answer(staff(), gate_says=Reason.LOCKDOWN), "server-room lets nobody in until the lockdown ends."),
        (
            answer(staff(), gate_says=Reason.SYSTEM_FAULT),
            "server-room lets nobody in: a newer version set it up, and this one cannot drive it.",
        ),
        (
            answer(staff(), gate_says=Reason.NO_ENTRY),
            "server-room lets nobody in at this time: its mode is “no entry”.",
        ),
    ],
)
def test_explanation_says_what_was_missing(asked: Answer, words: str) -> None:
    assert why(asked, SYDNEY) == words


def test_a_rule_that_has_ended_is_not_promised_again() -> None:
    ends = replace(staff(schedule="01D"), valid_until=date(2026, 11, 28))
    asked = answer(ends)
    assert asked.reason is Reason.OUTSIDE_SCHEDULE
    assert why(asked, SYDNEY) == "No rule lets Ada through server-room again."
    assert opens_at(asked) is None


def test_a_block_promises_no_time() -> None:
    assert opens_at(answer(staff(schedule="01D"))) == datetime(2026, 11, 29, 20, tzinfo=UTC)
    assert opens_at(answer(staff(schedule="01D"), who=replace(ADA, blocked_at=NOW))) is None
