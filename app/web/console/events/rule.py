"""Which rule decided an event, in words: the recorded one, or what came before any rule was asked."""

from app.core.events.decision import Method
from app.core.types import Reason
from app.web.console.words import REASONS

# Of events from before there were rules, and of events whose person was erased.
THE_RULE = "Every active employee, at every gate, within the dates of their validity"
ERASED = "(erased together with the person)"
_ANSWERS = {
    Reason.RECOGNISED: "lets them in",
    Reason.OUTSIDE_SCHEDULE: "does not let them in at this time",
}
_PERSONAL = {
    Reason.EMPLOYEE_INACTIVE: "they were inactive",
    Reason.BLOCKED: "they were blocked",
    Reason.NOT_YET_VALID: "their validity had not begun",
    Reason.EXPIRED: "their validity had ended",
    Reason.CLOCK_UNCONFIRMED: "dates or hours matter for them, and the clock may be wrong",
}


def rule_of(reason: Reason, method: str | None, rule: str | None = None) -> str:
    """Returns the line on the event's page.

    Args:
        method: of the event, None if it was erased.
        rule: the name of the recorded rule, if there is one.
    """
    if answer := _ANSWERS.get(reason):
        return f"“{rule or (ERASED if method is None else THE_RULE)}” {answer}"
    if reason is Reason.NO_RULE:
        return "no rule lets them through this gate"
    if because := _PERSONAL.get(reason):
        return f"not asked, because {because}"
    if method == Method.COMMAND:
        return "not asked: this is an order, not a decision about a person"
    return f"not asked: “{REASONS[reason]}” comes first"
