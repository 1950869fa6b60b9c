"""Why somebody may or may not pass, in the words that pages use: what was missing, and when they may."""

from datetime import datetime
from zoneinfo import ZoneInfo

from app.core.access.explanation import ConditionKind, RuleAnswer
from app.core.access.rules import Grant
from app.core.types import Employee, Reason
from app.services.access.rules.rule_questions import Answer
from app.web.console.words import REASONS

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
CONDITIONS = {
    ConditionKind.WHO: "Who",
    ConditionKind.WHERE: "Where",
    ConditionKind.VALIDITY: "Dates",
    ConditionKind.SCHEDULE: "Hours",
}
MOST_WORDS = 160  # of a rule that names many groups


def why(answer: Answer, zone: ZoneInfo) -> str:
    """Returns one or two sentences: why the person may pass, or what is missing and when they may.

    Args:
        zone: of the gate's clock, on which all times are given.
    """
    gate, name, reason = answer.gate.name, answer.employee.name, answer.reason
    if answer.gate_says is not None:
        return _gate_says(answer)
    if answer.refused is not None:
        return _standing(answer.employee, answer.refused, answer.at, zone)
    if reason is Reason.CREDENTIAL_REQUIRED:
        return f"{gate} asks for a badge, and {name} has none."
    if reason is Reason.QR_REQUIRED:
        return f"{gate} asks for a QR pass, and {name} has none."
    if reason is Reason.FACE_REQUIRED:
        return f"{gate} asks for a face, and {name} has neither a photo nor a badge."
    if reason is Reason.PIN_REQUIRED:
        return f"{gate} asks for a PIN, and {name} has none."
    if answer.zones_say is not None:
        return {
            Reason.ZONE_FULL: f"The zone behind {gate} is full.",
            Reason.ANTI_PASSBACK: f"{name} is inside already, by what gates know.",
        }.get(answer.zones_say, f"{gate}: {REASONS[answer.zones_say]}.")
    rule, nearest = answer.explanation.permission.rule, answer.explanation.nearest
    if reason is Reason.RECOGNISED and rule is not None:
        if isinstance(rule, Grant):
            return f"A temporary grant lets {name} through {gate} until {at_time(rule.ends_at, answer.at, zone)}."
        return f"“{rule.name}” lets {name} through {gate}."
    if reason is Reason.OUTSIDE_SCHEDULE:
        opens = opens_at(answer)
        if opens is None:
            return f"No rule lets {name} through {gate} again."
        return f"From {at_time(opens, answer.at, zone)}, by “{_name(nearest)}”."
    return f"No rule lets {name} through {gate}.{_missing(nearest)}"


def opens_at(answer: Answer) -> datetime | None:
    """When a rule lets the person through next, in UTC; None if none will, or if something else keeps them out."""
    nearest = answer.explanation.nearest
    return nearest.opens_at if nearest and answer.reason is Reason.OUTSIDE_SCHEDULE else None


def at_time(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Returns a time such as "19:00", with its weekday and date unless that is the date of `now`."""
    local = at.astimezone(zone)
    clock = f"{local:%H:%M}"
    if local.date() == now.astimezone(zone).date():
        return clock
    return f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} {local.year}, {clock}"


def _gate_says(answer: Answer) -> str:
    gate = answer.gate.name
    return {
        Reason.RELEASED: f"{gate} is open for everybody: an emergency release is in force.",
        Reason.LOCKDOWN: f"{gate} lets nobody in until the lockdown ends.",
        Reason.SYSTEM_FAULT: f"{gate} lets nobody in: a newer version set it up, and this one cannot drive it.",
        Reason.GATE_DISABLED: f"{gate} is disabled: it lets nobody in.",
        Reason.LOCKED_BY_HAND: f"{gate} is locked by hand: it lets nobody in until it is unlocked.",
        Reason.NO_ENTRY: f"{gate} lets nobody in at this time: its mode is “no entry”.",
        Reason.FREE_ENTRY: f"{gate} is open for everybody at this time: its mode is “free”.",
    }.get(answer.reason, f"{gate}: {REASONS[answer.reason]}.")


def _standing(employee: Employee, refused: Reason, now: datetime, zone: ZoneInfo) -> str:
    name = employee.name
    if refused is Reason.BLOCKED:
        until = employee.blocked_until
        end = "somebody lifts the block" if until is None else at_time(until, now, zone)
        return f"{name} is blocked at every gate until {end}."
    return {
        Reason.EMPLOYEE_INACTIVE: f"{name} is suspended.",
        Reason.NOT_YET_VALID: f"{name} may pass from {employee.valid_from} on.",
        Reason.EXPIRED: f"{name} could pass until {employee.valid_until}, that day included.",
        Reason.SPONSOR_INACTIVE: f"The sponsor of {name} is not active any more. Name another one.",
        Reason.SPONSOR_UNCONFIRMED: f"The sponsor of {name} has not confirmed for 90 days that they are needed.",
        Reason.DOCUMENTS_EXPIRED: f"A document of {name} has expired. Enter the new one.",
    }.get(refused, f"{name}: {REASONS[refused]}.")


def _missing(nearest: RuleAnswer | None) -> str:
    """What the nearest rule lacked: it is for others, or for other gates."""
    if nearest is None:
        return ""
    lacking = {c.kind: c.words for c in nearest.conditions if not c.passed}
    if ConditionKind.WHO in lacking:
        return f" “{_name(nearest)}” would, but is only for {_short(lacking[ConditionKind.WHO])}."
    if ConditionKind.WHERE in lacking:
        return f" “{_name(nearest)}” is only for {_short(lacking[ConditionKind.WHERE])}."
    return ""


def _name(answer: RuleAnswer | None) -> str:
    return answer.rule.name if answer else ""


def _short(words: str) -> str:
    return words if len(words) <= MOST_WORDS else words[: MOST_WORDS - 1].rstrip() + "…"
