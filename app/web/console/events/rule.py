"""Which rule an event came of, in words. Until admins write rules there is one, which no event has to name."""

from app.core.events.decision import Method
from app.core.types import Reason
from app.web.console.words import REASONS

THE_RULE = "Every active employee, at every gate, within the dates of their validity"
# Where `core.policy` asks it last, what it answers. Every other reason is found before it comes to that.
_ANSWERS = {
    Reason.RECOGNISED: "it lets them in",
    Reason.EMPLOYEE_INACTIVE: "it does not let them in, they were inactive",
    Reason.NOT_YET_VALID: "it does not let them in, their validity had not begun",
    Reason.EXPIRED: "it does not let them in, their validity had ended",
    Reason.CLOCK_UNCONFIRMED: "it does not let them in, the clock was in doubt and their validity has dates",
}
# Of rules that no version has had yet; who writes them gives these their words.
_TO_COME = {Reason.NO_RULE, Reason.OUTSIDE_SCHEDULE}


def rule_of(reason: Reason, method: str | None) -> str:
    """What an event's page says of it. method: of the event, None where that was erased."""
    if answer := _ANSWERS.get(reason):
        return f"“{THE_RULE}”: {answer}"
    if reason in _TO_COME:
        return "not told: this version has no such rules"
    if method == Method.COMMAND:
        return "none was asked: this is an order, no decision on a person"
    return f"none was asked: “{REASONS[reason]}” comes before it"
