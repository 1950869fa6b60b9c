"""The last question of a decision: whether the PIN of whoever was identified confirms that it is they.

A PIN identifies nobody: without an answer about a person it is not looked at.
"""

from dataclasses import replace

from app.core.access.rules import EntryMode
from app.core.credentials.pin import PinCheck
from app.core.types import BY_PERSON, Decision, Reason

_REASONS = {
    None: Reason.PIN_REQUIRED,
    PinCheck.WRONG: Reason.PIN_WRONG,
    PinCheck.LOCKED: Reason.PIN_LOCKED,
    # Nobody who reads the answer may see that it was the duress PIN.
    PinCheck.RIGHT: Reason.CREDENTIAL_ACCEPTED,
    PinCheck.DURESS: Reason.CREDENTIAL_ACCEPTED,
}


def asks(decision: Decision, entry: EntryMode) -> bool:
    """Whether only the PIN is left to ask about."""
    return entry.asks_pin and decision.reason in BY_PERSON


def confirmed(decision: Decision, entry: EntryMode, pin: PinCheck | None) -> Decision:
    """Returns the decision once the PIN was asked for, where the gate asks for one. pin: None for none typed."""
    return replace(decision, reason=_REASONS[pin]) if asks(decision, entry) else decision
