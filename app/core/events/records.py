"""What is kept of decisions and erasures, and how to ask for it."""

from dataclasses import dataclass
from datetime import datetime

from app.core.types import Reason, Verdict


@dataclass(frozen=True)
class EventRow:
    """A recorded decision as it is stored.

    hash covers previous_hash and every clear field but employee_id and subject_id; commitment covers the sealed
    payload, so personal data can be purged while the chain still verifies. sequence counts from 1 at each gate.
    signature is the installation's, over this link of the chain: who has only the database cannot forge one.
    subject_id names the key that seals payload and snapshot: the employee's, or a day's key for strangers.
    """

    id: str
    gate_id: str
    sequence: int
    at: datetime
    verdict: Verdict
    reason: Reason
    commitment: str
    hash: str
    employee_id: str | None = None
    subject_id: str | None = None
    sealed_payload: bytes | None = None
    sealed_snapshot: bytes | None = None
    signature: str = ""
    camera: str | None = None  # to find events by; what was recorded stands in the payload


@dataclass(frozen=True)
class Remembered:
    """An answer that was given. boot, uptime_ms: the run of the machine that gave it, and how long that had lasted."""

    event_id: str
    digest: str
    at: datetime
    boot: str | None = None
    uptime_ms: int | None = None


@dataclass(frozen=True)
class ChainHead:
    """The last link of a gate's chain; sequence 0 and GENESIS before the first event."""

    gate_id: str
    sequence: int
    hash: str


@dataclass(frozen=True)
class SealFlaw:
    """A row that this installation did not write as it stands; row "" is the table as a whole."""

    table: str
    row: str
    problem: str


@dataclass(frozen=True)
class TableTotal:
    """Where a table stood after so many writes; two different states never have the same fingerprint."""

    table: str
    version: int
    fingerprint: str


@dataclass(frozen=True)
class EventFilter:
    """Which events to list, newest first by time and id; `before` is the id of the event that the page starts after."""

    gate: str | None = None
    employee_id: str | None = None
    verdict: Verdict | None = None
    reason: Reason | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: str | None = None
    limit: int = 50
    camera: str | None = None
