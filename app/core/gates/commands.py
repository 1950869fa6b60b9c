"""Commands to a gate, their outcomes, and the state of its door.

Every command expires: a gate that opens after the person has gone lets somebody else in.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.core.credentials.badge import Badge
from app.core.credentials.pin import TypedPin

FOREIGN = "somebody else commands this gate"  # a driver reports this; it raises an alert at once

MOST_PASSED = 100  # in one report: more is a sensor that is broken
MOST_REPORT_ID = 64  # characters


class DoorState(StrEnum):
    """The door as the hardware reports it. HELD: open longer than allowed. FORCED: opened without a command."""

    CLOSED = "closed"
    OPEN = "open"
    HELD = "held"
    FORCED = "forced"
    FAULT = "fault"


@dataclass(frozen=True)
class Passed:
    """The gate's sensor saw so many people go through. Raises ValueError unless it is 1 to MOST_PASSED.

    report_id: the gate's own name for this report, by which a repeat is known; None if it gives none.
    """

    count: int
    report_id: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MOST_PASSED:
            raise ValueError(f"a report is about 1 to {MOST_PASSED} people")


Read = Badge | TypedPin
GateReport = DoorState | Passed | Read


class FailMode(StrEnum):
    """What a gate does when no process drives it. SECURE: stay locked. SAFE: stay open for everybody."""

    SECURE = "secure"
    SAFE = "safe"


class PassageSource(StrEnum):
    """How a gate learns that the person it let in went through.

    SENSOR: its hardware reports it. ASSUME_ON_GRANT: whoever is let in goes through. ASSUME_NEVER: nobody is counted.
    """

    SENSOR = "sensor"
    ASSUME_ON_GRANT = "assume_on_grant"
    ASSUME_NEVER = "assume_never"


class DriverKind(StrEnum):
    """How a gate is driven.

    PLAIN: not at all, the hardware requests decisions and opens by itself. UNKNOWN: as only a newer version of Facegate
    knows; nobody gets in, and the row stays as it is.
    """

    PLAIN = "plain"
    DRY_RUN = "dry_run"
    WEBHOOK = "webhook"
    MQTT = "mqtt"
    OSDP = "osdp"
    SERIAL = "serial"
    UNKNOWN = "unknown"


class CommandOutcome(StrEnum):
    """What became of a command.

    SENT: delivered to hardware that never confirms. TOO_LATE: it expired before delivery, so it was not sent.
    """

    OPENED = "opened"
    SENT = "sent"
    FAILED = "failed"
    TOO_LATE = "too_late"
    DRY_RUN = "dry_run"


@dataclass(frozen=True)
class OpenCommand:
    """Opens one gate for one person.

    Attributes:
        until: when the command expires; it must not be sent from then on.
        card_number: decimal digits, for hardware that expects a card; None if the person has none.

    Raises:
        ValueError: `until` is not after `at`, or a time has no zone.
    """

    event_id: str
    gate: str
    at: datetime
    until: datetime
    card_number: str | None = None

    def __post_init__(self) -> None:
        if self.until <= self.at or self.at.tzinfo is None or self.until.tzinfo is None:
            raise ValueError("a command must end after it starts, and both times need a zone")


@dataclass(frozen=True)
class Order:
    """A recorded opening for the process that drives the gate. It must not be sent at or after `until`."""

    event_id: str
    gate_id: str
    employee_id: str | None
    at: datetime
    until: datetime


@dataclass(frozen=True)
class RemotePoll:
    """One process asks the process that watches a gate what the gate's camera sees now.

    After `until` nobody waits for the answer, so no decision may be made for it.
    """

    id: str
    gate_id: str
    at: datetime
    until: datetime
    idempotency_key: str | None = None


@dataclass(frozen=True)
class GateResult:
    """What the gate did with a command. `detail` is a few words for the log, without secrets, addresses or names."""

    outcome: CommandOutcome
    detail: str = ""
