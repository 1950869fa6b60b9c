"""Which rule decided an event, in words: the recorded one, or what came before any rule was asked; and what lacked."""

from collections.abc import Mapping
from typing import Any

from app.core.canonical import moment
from app.core.errors import Refusal
from app.core.events.decision import Method
from app.core.types import Reason
from app.web.console.access.explanations import why
from app.web.console.words import REASONS
from app.web.language.catalog import translated as _
from app.wiring import System

# Of events from before there were rules, and of events whose person was erased.
THE_RULE = "Every active employee, at every gate, within the dates of their validity"
ERASED = "(erased together with the person)"
_BY_RULE = {Reason.RECOGNISED, Reason.CREDENTIAL_ACCEPTED}
_BY_RULES = {Reason.NO_RULE, Reason.OUTSIDE_SCHEDULE}
_BY_ZONES = {Reason.ZONE_FULL, Reason.ANTI_PASSBACK}
_BY_PIN = {Reason.PIN_REQUIRED, Reason.PIN_WRONG, Reason.PIN_LOCKED}
_PERSONAL = {
    Reason.EMPLOYEE_INACTIVE: "they were inactive",
    Reason.BLOCKED: "they were blocked",
    Reason.NOT_YET_VALID: "their validity had not begun",
    Reason.EXPIRED: "their validity had ended",
    Reason.SPONSOR_INACTIVE: "their sponsor was not active",
    Reason.SPONSOR_UNCONFIRMED: "their sponsor had not confirmed them for 90 days",
    Reason.DOCUMENTS_EXPIRED: "a document of theirs had expired",
    Reason.CLOCK_UNCONFIRMED: "dates or hours matter for them, and the clock may be wrong",
}

EXPLAINED = sorted(reason.value for reason in (*_BY_RULES, *_PERSONAL))


def rule_of(reason: Reason, method: str | None, rule: str | None = None) -> str:
    """Returns the line on the event's page, in its language.

    Args:
        method: of the event, None if it was erased.
        rule: the name of the recorded rule, if there is one.
    """
    rule = rule or _(ERASED if method is None else THE_RULE)
    if reason in _BY_RULE:
        return _("“{rule}” lets them in", rule=rule)
    if reason is Reason.OUTSIDE_SCHEDULE:
        return _("“{rule}” does not let them in at this time", rule=rule)
    if reason is Reason.NO_RULE:
        return _("no rule lets them through this gate")
    if because := _PERSONAL.get(reason):
        return _("not asked, because {because}", because=_(because))
    if reason in _BY_ZONES:
        return _("“{rule}” lets them in; the zone behind the gate does not", rule=rule)
    if reason is Reason.FACE_REQUIRED:
        return _("“{rule}” lets them in; the gate asks for their face, too", rule=rule)
    if reason in _BY_PIN:
        return _("“{rule}” lets them in; the gate asks for their PIN, too", rule=rule)
    if method == Method.SENSOR:
        return _("not asked: the gate's sensor reported this")
    if method == Method.COMMAND:
        return _("not asked: this is an order, not a decision about a person")
    return _("not asked: “{reason}” comes first", reason=_(REASONS[reason]))


def missing(system: System, event: Mapping[str, Any]) -> str:
    """Returns what a refused person lacked, such as "No rule lets Ada through server-room."; "" if nobody knows.

    The log keeps the reason, the rule and the rules' version. The rest follows from the rules of today, so the words
    say so if they changed, and nothing is said if they or the person would now get another answer.
    """
    who, reason = event.get("employee"), event["reason"]
    if who is None or reason not in EXPLAINED:
        return ""
    try:
        answer = system.rule_questions.explain(who["id"], event["gate"], moment(event["at"]))
    except Refusal:  # the person or the gate is gone
        return ""
    if answer.reason != reason:
        return ""
    words = why(answer, system.site_clock.read().zone_of(event["gate"]))
    changed = reason in _BY_RULES and answer.explanation.version != event.get("rules_version")
    return f"{words} (The rules changed since; this is what they say now.)" if changed else words
