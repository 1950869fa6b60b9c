"""One site with shifts, a holiday, a contractor and a server room, and what is decided there, for a guard to read.

`python -m tests.core.access.policy_page > tests/core/access/policy.golden.md` writes the page anew.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from app.core.access.difference import difference
from app.core.access.explanation import explain
from app.core.access.permission import CompiledRules
from app.core.access.rule_set import RuleSet
from app.core.access.rules import (
    Block,
    EntryMode,
    GateMode,
    GatePlace,
    Grant,
    Group,
    Person,
    Rule,
    Site,
    Where,
    Who,
    Zone,
)
from app.core.access.schedules import Calendar, CalendarDay, CalendarHours, Hours, Schedule, Window
from app.core.access.time_zones import time_zone

BERLIN = time_zone("Europe/Berlin")
WEEK, WORKING_WEEK = tuple(range(7)), tuple(range(5))


def clock(text: str) -> datetime:
    """A time on the site's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


RULES = RuleSet(
    version=12,
    sites=(Site("harbour", "Harbour", "Europe/Berlin"),),
    zones=(Zone("office", "Office", "harbour"), Zone("servers", "Server room", "harbour", "office")),
    gates=(
        GatePlace("lobby-in", "lobby-in", "harbour", None, "office"),
        GatePlace("lobby-out", "lobby-out", "harbour", "office"),
        GatePlace("servers-in", "servers-in", "harbour", "office", "servers"),
    ),
    groups=tuple(Group(name.casefold(), name) for name in ("Cleaners", "Night", "Operators", "Staff")),
    calendars=(
        Calendar(
            "holidays", "Holidays", (CalendarDay(date(2026, 12, 25), yearly=True), CalendarDay(date(2027, 3, 26)))
        ),
    ),
    schedules=(
        Schedule("days", "Days", (Window(WORKING_WEEK, Hours(420, 720)),), (CalendarHours("holidays"),)),
        Schedule("nights", "Nights", (Window(WORKING_WEEK, Hours(1320, 480)),), (CalendarHours("holidays"),)),
        Schedule(
            "cleaning",
            "Cleaning",
            (Window((1, 3), Hours(1080, 120)),),
            (CalendarHours("holidays", (Hours(600, 60),)),),
        ),
    ),
    rules=(
        Rule("1", "Cleaning", Who(groups=frozenset({"cleaners"})), Where(everywhere=True), "cleaning"),
        Rule(
            "2",
            "Contractor",
            Who(people=frozenset({"cem"})),
            Where(zones=frozenset({"office"})),
            "days",
            date(2026, 12, 1),
            date(2026, 12, 31),
        ),
        Rule("3", "Night shift", Who(groups=frozenset({"night"})), Where(zones=frozenset({"office"})), "nights"),
        Rule("4", "Operators", Who(groups=frozenset({"operators"})), Where(zones=frozenset({"servers"}))),
        Rule("5", "Staff", Who(groups=frozenset({"staff"})), Where(zones=frozenset({"office"})), "days"),
    ),
    modes=(GateMode("m", "lobby-out", EntryMode.FREE, "days"),),
    grants=(
        Grant(
            "g",
            "ada",
            Where(gates=frozenset({"servers-in"})),
            clock("2026-12-02 09:00"),
            clock("2026-12-02 12:00"),
            "meets the auditor",
            "admin",
        ),
    ),
)
ADA = Person("ada", frozenset({"staff"}))
NIA = Person("nia", frozenset({"night"}))
CEM = Person("cem")
OLA = Person("ola", frozenset({"operators", "staff"}))
CLEO = Person("cleo", frozenset({"cleaners"}))
LEO = Person("leo", frozenset({"staff"}), valid_from=date(2026, 12, 1), valid_until=date(2026, 12, 4))
GIL = Person("gil", frozenset({"staff"}), active=False)
BEA = Person("bea", frozenset({"staff"}), block=Block("badge lost", clock("2026-12-02 08:00")))
PEOPLE = (ADA, NIA, CEM, OLA, CLEO, LEO, GIL, BEA)
SITUATIONS: tuple[tuple[Person, str, str], ...] = (
    (ADA, "lobby-in", "2026-11-30 06:59"),
    (ADA, "lobby-in", "2026-11-30 07:00"),
    (ADA, "lobby-in", "2026-11-30 18:59"),
    (ADA, "lobby-in", "2026-11-30 19:00"),
    (ADA, "lobby-in", "2026-11-28 12:00"),
    (ADA, "lobby-in", "2026-12-25 12:00"),
    (ADA, "lobby-out", "2026-11-30 12:00"),
    (ADA, "servers-in", "2026-11-30 12:00"),
    (ADA, "servers-in", "2026-12-02 08:59"),
    (ADA, "servers-in", "2026-12-02 09:00"),
    (ADA, "servers-in", "2026-12-02 12:00"),
    (NIA, "lobby-in", "2026-11-27 23:00"),
    (NIA, "lobby-in", "2026-11-28 05:59"),
    (NIA, "lobby-in", "2026-11-30 01:00"),
    (NIA, "lobby-in", "2026-12-24 23:00"),
    (NIA, "lobby-in", "2026-12-25 05:00"),
    (NIA, "lobby-in", "2026-12-25 23:00"),
    (CEM, "lobby-in", "2026-11-30 12:00"),
    (CEM, "lobby-in", "2026-12-01 12:00"),
    (CEM, "lobby-in", "2026-12-31 18:59"),
    (CEM, "lobby-in", "2027-01-04 12:00"),
    (OLA, "servers-in", "2026-12-25 03:00"),
    (OLA, "lobby-in", "2026-12-25 03:00"),
    (CLEO, "servers-in", "2026-12-01 18:00"),
    (CLEO, "servers-in", "2026-12-25 10:30"),
    (CLEO, "servers-in", "2026-12-02 18:00"),
    (LEO, "lobby-in", "2026-11-30 12:00"),
    (LEO, "lobby-in", "2026-12-01 07:00"),
    (LEO, "lobby-in", "2026-12-04 18:59"),
    (LEO, "lobby-in", "2026-12-07 07:00"),
    (GIL, "lobby-in", "2026-11-30 12:00"),
    (BEA, "lobby-in", "2026-12-02 07:59"),
    (BEA, "lobby-in", "2026-12-02 08:00"),
)


def lines() -> Iterator[str]:
    """The page, line by line."""
    compiled = CompiledRules(RULES)
    yield "# Who may pass at the Harbour site"
    yield ""
    yield "Times are on the site's clock (Europe/Berlin). A window belongs to the day on which it starts."
    yield ""
    yield "## Rules"
    yield ""
    yield "| Rule | Who | Where | When | Valid |"
    yield "|---|---|---|---|---|"
    shown = explain(compiled, ADA, "lobby-in", clock("2026-11-30 12:00"))
    for answer in shown.rules:
        who, where, valid, when = (condition.words for condition in answer.conditions)
        yield f"| {answer.rule.name} | {who} | {where} | {when} | {valid} |"
    yield ""
    yield "| Schedule | Windows | On holidays |"
    yield "|---|---|---|"
    for schedule in RULES.schedules:
        instead = ", ".join(str(h) for entry in schedule.on_calendar for h in entry.hours) or "closed"
        yield f"| {schedule.name} | {', '.join(map(str, schedule.windows))} | {instead} |"
    yield ""
    yield "Holidays: " + ", ".join(str(day) for day in RULES.calendars[0].days) + "."
    yield ""
    yield "## Decisions"
    yield ""
    yield "| Person | Gate | When | Decision | Why |"
    yield "|---|---|---|---|---|"
    for person, gate, when in SITUATIONS:
        at = clock(when)
        told = explain(compiled, person, gate, at, person.id.capitalize())
        decision = told.permission.denial or "may pass"
        yield f"| {person.id.capitalize()} | {gate} | {at:%a} {when} | {decision} | {told.words} |"
    yield ""
    yield "## Gate modes"
    yield ""
    for when in ("2026-11-30 12:00", "2026-11-30 20:00", "2026-12-25 12:00"):
        yield f"- lobby-out, {clock(when):%a} {when}: {compiled.mode_at('lobby-out', clock(when)).mode}"
    yield ""
    yield "## Changes"
    yield ""
    for number in range(len(RULES.rules)):
        kept = RULES.rules[:number] + RULES.rules[number + 1 :]
        change = difference(RULES, replace(RULES, rules=kept), PEOPLE, clock("2026-11-30 12:00"))
        yield f'- Without rule "{RULES.rules[number].name}": {change.words}'


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines()) + "\n")
