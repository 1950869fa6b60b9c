"""Why somebody may or may not pass: every rule with each of its conditions, and what came nearest.

The conditions are asked one by one, apart from the compiled rules that decide; tests hold that both always agree.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.core.access.permission import CompiledRules, Denial, Permission
from app.core.access.rule_set import RuleSet
from app.core.access.rules import Grant, Person, Rule
from app.core.access.schedules import WEEKDAYS
from app.core.access.time_zones import instant, time_zone

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NEVER = datetime.max.replace(tzinfo=UTC)


class ConditionKind(StrEnum):
    WHO = "who"
    WHERE = "where"
    VALIDITY = "validity"
    SCHEDULE = "schedule"


@dataclass(frozen=True)
class Condition:
    """One question of a rule. words: what the rule asks for, such as "Staff" or "Mon Tue 07:00-19:00"."""

    kind: ConditionKind
    passed: bool
    words: str


@dataclass(frozen=True)
class RuleAnswer:
    """A rule's conditions. opens_at: when it lets the person in next, in UTC; None if it will not."""

    rule: Rule | Grant
    conditions: tuple[Condition, ...]
    opens_at: datetime | None = None

    @property
    def failed(self) -> frozenset[ConditionKind]:
        return frozenset(condition.kind for condition in self.conditions if not condition.passed)


@dataclass(frozen=True)
class Explanation:
    """The permission that a decision would come to, and how. nearest: the rule that lacked least, if none allows."""

    permission: Permission
    version: int
    rules: tuple[RuleAnswer, ...]
    nearest: RuleAnswer | None
    words: str


def explain(compiled: CompiledRules, person: Person, gate_id: str, at: datetime, name: str = "them") -> Explanation:
    """Returns the permission for a person at a gate and an instant, with every rule's part in it.

    Args:
        name: what the words call the person.
    """
    rules = compiled.rules
    gate = next((gate for gate in rules.gates if gate.id == gate_id), None)
    zone = time_zone(rules.zone_of(gate)) if gate else time_zone("UTC")
    answers = tuple(
        _answer(rules, rule, person, gate_id in compiled.reached[rule.id], at, zone) for rule in rules.allowing
    )
    permission = compiled.may_pass(person, gate_id, at)
    nearest = None if any(not answer.failed for answer in answers) else _nearest(answers)
    where = gate.name if gate else gate_id
    return Explanation(
        permission, compiled.version, answers, nearest, _words(permission, nearest, name, where, at.astimezone(zone))
    )


def _answer(rules: RuleSet, rule: Rule | Grant, person: Person, here: bool, at: datetime, zone: ZoneInfo) -> RuleAnswer:
    local = at.astimezone(zone)
    if isinstance(rule, Grant):
        who, who_words = rule.person_id == person.id, "this person"
        valid = rule.starts_at <= at < rule.ends_at
        start, end = rule.starts_at.astimezone(zone), rule.ends_at.astimezone(zone)
        validity_words = f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
        timetable = None
    else:
        who, who_words = rule.who.includes(person), _who_words(rules, rule)
        valid = (rule.valid_from or date.min) <= local.date() <= (rule.valid_until or date.max)
        validity_words = " ".join(
            f"{word} {day}" for word, day in (("from", rule.valid_from), ("until", rule.valid_until)) if day
        )
        timetable = rules.timetables[rule.schedule_id] if rule.schedule_id else None
    conditions = (
        Condition(ConditionKind.WHO, who, who_words),
        Condition(ConditionKind.WHERE, here, _where_words(rules, rule)),
        Condition(ConditionKind.VALIDITY, valid, validity_words or "any date"),
        Condition(
            ConditionKind.SCHEDULE,
            timetable is None or timetable.is_open(at, zone),
            timetable.schedule.name if timetable else "always",
        ),
    )
    return RuleAnswer(
        rule, conditions, _opens_at(rules, rule, at, zone) if all(c.passed for c in conditions[:2]) else None
    )


def _opens_at(rules: RuleSet, rule: Rule | Grant, at: datetime, zone: ZoneInfo) -> datetime | None:
    if isinstance(rule, Grant):
        return max(at, rule.starts_at).astimezone(UTC) if at < rule.ends_at else None
    start = max(at, instant(rule.valid_from, 0, zone)) if rule.valid_from else at
    opening = start.astimezone(UTC)
    if rule.schedule_id:
        found = rules.timetables[rule.schedule_id].next_opening(start, zone)
        if found is None:
            return None
        opening = found
    return opening if opening.astimezone(zone).date() <= (rule.valid_until or date.max) else None


def _nearest(answers: tuple[RuleAnswer, ...]) -> RuleAnswer | None:
    """The rule that opens first, else the one with the fewest failed conditions; never one for others elsewhere."""
    candidates = [
        answer
        for answer in answers
        if not {ConditionKind.WHO, ConditionKind.WHERE} <= answer.failed
        and (answer.opens_at is not None or answer.failed & {ConditionKind.WHO, ConditionKind.WHERE})
    ]
    return min(candidates, key=lambda answer: (answer.opens_at or NEVER, len(answer.failed)), default=None)


def _words(permission: Permission, nearest: RuleAnswer | None, name: str, gate: str, local: datetime) -> str:
    if permission.rule is not None and permission.allowed:
        return f'Rule "{permission.rule.name}" lets {name} through {gate}.'
    if permission.denial is Denial.OUTSIDE_SCHEDULE:
        opens = nearest.opens_at if nearest else None
        return f"Opens {in_words(opens.astimezone(local.tzinfo), local)}." if opens else "It does not open again."
    if permission.denial is Denial.NO_RULE:
        return f"No rule lets {name} through {gate}."
    return {
        Denial.EMPLOYEE_INACTIVE: "The person is not active.",
        Denial.BLOCKED: "The person is blocked.",
        Denial.NOT_YET_VALID: "The person's validity has not begun.",
        Denial.EXPIRED: "The person's validity has ended.",
    }[permission.denial or Denial.EMPLOYEE_INACTIVE]


def in_words(opens_at: datetime, now: datetime) -> str:
    """Returns a time such as "Mon 07:00", with its date where that is a week or more away. Both on the gate's clock."""
    day = opens_at.date()
    dated = "" if day < now.date() + timedelta(days=7) else f" {day.day} {MONTHS[day.month - 1]} {day.year}"
    return f"{WEEKDAYS[day.weekday()]}{dated} {opens_at:%H:%M}"


def _who_words(rules: RuleSet, rule: Rule) -> str:
    if rule.who.everybody:
        return "everybody"
    groups = sorted(rules.names.get(group, group) for group in rule.who.groups)
    people = len(rule.who.people)
    return ", ".join(groups + ([f"{people} named {'person' if people == 1 else 'people'}"] if people else []))


def _where_words(rules: RuleSet, rule: Rule | Grant) -> str:
    where = rule.where
    if where.everywhere:
        return "everywhere"
    return ", ".join(sorted(rules.names.get(place, place) for place in where.sites | where.zones | where.gates))
