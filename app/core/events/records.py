"""Stored records of decisions, and the filter to list them."""

from dataclasses import dataclass
from datetime import datetime

from app.core.types import Reason, Verdict


@dataclass(frozen=True)
class EventRow:
    """A recorded decision as it is stored.

    Attributes:
        sequence: counts from 1 at each gate.
        commitment: covers the sealed payload, so personal data can be purged while the chain still verifies.
        hash: covers the previous hash and every clear field except employee_id and subject_id.
        subject_id: the key that seals payload and snapshot: the employee's, or for strangers the key of the day.
        signature: the installation's, over this link of the chain. The database alone does not suffice to forge it.
        camera: to find events by; the payload holds the recorded value.
        has_snapshot: whether a picture is stored, which lists leave out.
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
    camera: str | None = None
    has_snapshot: bool = False


@dataclass(frozen=True)
class Remembered:
    """An answer already given. `boot` and `uptime_ms`: the boot of the machine that gave it, and its uptime then."""

    event_id: str
    digest: str
    at: datetime
    boot: str | None = None
    uptime_ms: int | None = None


@dataclass(frozen=True)
class ChainHead:
    """The last link of a gate's chain. Before the first event, sequence is 0 and hash is GENESIS."""

    gate_id: str
    sequence: int
    hash: str


@dataclass(frozen=True)
class SealFlaw:
    """A row that this installation did not write in its present form. The row "" means the whole table."""

    table: str
    row: str
    problem: str


@dataclass(frozen=True)
class TableTotal:
    """A table after `version` writes. Two different states never share a fingerprint."""

    table: str
    version: int
    fingerprint: str


@dataclass(frozen=True)
class EventFilter:
    """Which events to list, newest first by time and id.

    Attributes:
        before: the id of the last event on the previous page.
        people: the ids of people; their events together.
        after: the id of an event; those after it are listed oldest first.
    """

    gate: str | None = None
    employee_id: str | None = None
    verdict: Verdict | None = None
    reason: Reason | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: str | None = None
    limit: int = 50
    camera: str | None = None
    people: tuple[str, ...] | None = None
    after: str | None = None
