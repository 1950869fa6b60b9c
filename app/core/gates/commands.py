"""What is said to a gate and what a gate says: commands with an end, outcomes, the state of its door.

A command is worth nothing after its window: a gate that opens when the person has gone lets somebody else in.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

FOREIGN = "somebody else commands this gate"  # a driver's words for it: an alert at once


class DoorState(StrEnum):
    """What the hardware reports. HELD: open longer than allowed. FORCED: opened without a command."""

    CLOSED = "closed"
    OPEN = "open"
    HELD = "held"
    FORCED = "forced"
    FAULT = "fault"


class FailMode(StrEnum):
    """What a gate does when nobody drives it any more. SECURE: locked. SAFE: released, everybody passes."""

    SECURE = "secure"
    SAFE = "safe"


class CommandOutcome(StrEnum):
    """What became of a command. SENT: handed over, and this hardware never confirms. TOO_LATE: the window was over
    before it could be handed over, so it was not sent at all."""

    OPENED = "opened"
    SENT = "sent"
    FAILED = "failed"
    TOO_LATE = "too_late"
    DRY_RUN = "dry_run"


@dataclass(frozen=True)
class OpenCommand:
    """Open one gate for one person. until: from then on it must not be sent any more.

    card_number: decimal digits, for hardware that wants to be shown a card; None if the person has none.
    """

    event_id: str
    gate: str
    at: datetime
    until: datetime
    card_number: str | None = None

    def __post_init__(self) -> None:
        if self.until <= self.at or self.at.tzinfo is None or self.until.tzinfo is None:
            raise ValueError("a command has a window, in a time zone")


@dataclass(frozen=True)
class Order:
    """An opening that is recorded, for whoever drives the gate. until: from then on it must not be sent any more."""

    event_id: str
    gate_id: str
    employee_id: str | None
    at: datetime
    until: datetime


@dataclass(frozen=True)
class RemotePoll:
    """What does the gate's own camera see now? Asked in one process, of the one that watches it.

    until: from then on nobody waits for the answer, so none may be decided.
    """

    id: str
    gate_id: str
    at: datetime
    until: datetime
    idempotency_key: str | None = None


@dataclass(frozen=True)
class GateResult:
    """What the gate did with a command. detail: a few words for the log, no secret, no address, no name."""

    outcome: CommandOutcome
    detail: str = ""


PLAIN = "plain"  # no driver: the hardware asks for decisions and opens by itself
