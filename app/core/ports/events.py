"""Protocols for stored events, corrections, statistics and seals; part of `ports.Transaction`."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Protocol

from app.core.events.corrections import Correction, CorrectionKind
from app.core.events.histograms import Bucket
from app.core.events.records import ChainHead, EventFilter, EventRow, Remembered, SealFlaw, TableTotal
from app.core.types import Reason


class Corrections(Protocol):
    """The stored corrections of events."""

    def add(self, correction: Correction) -> None: ...
    def of(self, event_ids: Iterable[str]) -> dict[str, list[Correction]]:
        """Returns the corrections by event id, oldest first."""
        ...

    def all(self) -> Iterator[Correction]:
        """Yields all corrections, oldest first."""
        ...

    def get(self, correction_id: str) -> Correction | None: ...
    def open(self, limit: int, before: str | None = None) -> list[Correction]:
        """Returns the statements that nothing settles, newest first. Those of erased people are settled.

        before: the id of the last one on the previous page.
        """
        ...

    def count_open(self, limit: int) -> int:
        """Returns how many those are, at most `limit`."""
        ...

    def forget(self, employee_id: str) -> None:
        """Empties the personal part of every correction that names this employee."""
        ...


class Histograms(Protocol):
    """The stored counts of figures, per gate and day."""

    def add(self, histograms: Iterable[Bucket]) -> None:
        """Adds one to each bucket. Call it while holding the gate's chain head, so that processes cannot deadlock."""
        ...

    def between(self, since: date, until: date) -> list[Bucket]:
        """Returns sums over all gates and the days from `since` to `until`, both included.

        The gate and the day of the returned buckets have no meaning.
        """
        ...


class Counts(Protocol):
    """Counts of events, read from indexes alone."""

    def hourly(self, since: datetime, until: datetime) -> list[tuple[datetime, Reason, int]]:
        """Returns (hour, reason, count); `until` is exclusive."""
        ...

    def by_camera(
        self, cameras: Iterable[str], reasons: Iterable[Reason], since: datetime
    ) -> dict[tuple[str, Reason], int]:
        """Returns the events of each camera and reason since then."""
        ...

    def by_employee(self, reasons: Iterable[Reason], since: datetime, limit: int) -> dict[str, int]:
        """Returns how many events with these reasons name each employee, of the newest `limit` events of each."""
        ...

    def of_employees(self, employee_ids: Iterable[str], reason: Reason, since: datetime) -> dict[str, int]: ...
    def corrections(self, since: datetime) -> dict[CorrectionKind, int]: ...

    def by_reason(self, since: datetime, until: datetime) -> dict[Reason, int]:
        """Returns how many events each reason has, without those that have none; `until` is exclusive."""
        ...


class Seals(Protocol):
    """Detects rows that this installation did not write in their present form."""

    def flaws(self, *, thorough: bool = True) -> Iterator[SealFlaw]:
        """Yields flaws of every table if `thorough`, else only of the tables that decide access, without photos."""
        ...

    def totals(self) -> list[TableTotal]:
        """Returns the totals of the tables that decide access, for checkpoints."""
        ...


class Events(Protocol):
    """The stored events, chained per gate."""

    def lock_head(self, gate_id: str) -> ChainHead:
        """Locks and returns the gate's chain head, so that two processes cannot append the same sequence."""
        ...

    def append(self, event: EventRow) -> None:
        """Adds the event and moves the gate's head to it."""
        ...

    def get(self, event_id: str) -> EventRow | None: ...
    def find(self, which: EventFilter) -> list[EventRow]:
        """Returns events in the order of the filter, without snapshots (see `get`). `until` is exclusive."""
        ...

    def count_between(self, which: EventFilter, edges: Sequence[datetime]) -> list[int]:
        """Returns how many events match from each edge to the next, whatever the filter's own times and limit."""
        ...

    def count(self, which: EventFilter) -> int:
        """Returns how many events match, at most `limit`."""
        ...

    def after(self, gate_id: str, sequence: int, limit: int) -> list[EventRow]:
        """Returns the gate's events after that sequence, oldest first, without snapshots."""
        ...

    def heads(self) -> list[ChainHead]: ...
    def chain(self, gate_id: str) -> Iterator[EventRow]:
        """Streams a gate's events by sequence as stored, even with gaps or duplicates, with snapshots."""
        ...

    def homeless(self) -> EventRow | None:
        """Returns the first event whose gate does not exist, which the database's constraints forbid."""
        ...

    def unlink(self, employee_id: str) -> int:
        """Drops employee_id, subject_id, payload and snapshot of the employee's events; returns how many.

        Includes events that a correction attributes to the employee, unless it was taken back. So call it before
        `corrections.forget`.
        Waits for events being sealed with the employee's key, so that none appears afterwards.
        """
        ...

    def remember(self, gate_id: str, idempotency_key: str, answer: Remembered) -> None: ...
    def recall(self, gate_id: str, idempotency_key: str) -> Remembered | None: ...
    def forget_remembered(self, before: datetime) -> None: ...
