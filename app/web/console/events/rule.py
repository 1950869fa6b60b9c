"""Which rule decided an event, in words. Until admins can write rules there is one, so events do not name it."""

from app.core.events.decision import Method
from app.core.types import Reason
from app.web.console.words import REASONS

THE_RULE = "Every active employee, at every gate, within the dates of their validity"
# What the rule answers. The policy asks it last, so every other reason comes before it.
_ANSWERS = {
    Reason.RECOGNISED: "lets them in",
    Reason.EMPLOYEE_INACTIVE: "does not let them in, because they were inactive",
    Reason.NOT_YET_VALID: "does not let them in, because their validity had not begun",
    Reason.EXPIRED: "does not let them in, because their validity had ended",
    Reason.CLOCK_UNCONFIRMED: "does not let them in, because their validity has dates and the clock may be wrong",
}
# No version has had the rules for these yet.
_TO_COME = {Reason.NO_RULE, Reason.OUTSIDE_SCHEDULE}


def rule_of(reason: Reason, method: str | None) -> str:
    """Returns the line on the event's page. method: of the event, None if it was erased."""
    if answer := _ANSWERS.get(reason):
        return f"“{THE_RULE}” {answer}"
    if reason in _TO_COME:
        return "unknown: this version has no such rules"
    if method == Method.COMMAND:
        return "not asked: this is an order, not a decision about a person"
    return f"not asked: “{REASONS[reason]}” comes first"
