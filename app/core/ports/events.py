"""What stands beside the events, as protocols: corrections, histograms, counts. A part of `ports.Transaction`."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Protocol

from app.core.events.corrections import Correction
from app.core.events.histograms import Bucket
from app.core.events.records import ChainHead, EventFilter, EventRow, Remembered, SealFlaw, TableTotal
from app.core.types import Reason


class Corrections(Protocol):
    def add(self, correction: Correction) -> None: ...
    def of(self, event_ids: Iterable[str]) -> dict[str, list[Correction]]:
        """By event, oldest first."""
        ...

    def all(self) -> Iterator[Correction]:
        """Oldest first."""
        ...

    def forget(self, employee_id: str) -> None:
        """Empties the personal part of whatever names this employee."""
        ...


class Histograms(Protocol):
    def add(self, histograms: Iterable[Bucket]) -> None:
        """Counts each once more. Of one gate under its chain's head, so that no two processes wait for each other."""
        ...

    def between(self, since: date, until: date) -> list[Bucket]:
        """Summed over gates and days (which are of no meaning in what comes back), both ends included."""
        ...


class Counts(Protocol):
    """How many events there were; read from indexes alone."""

    def hourly(self, since: datetime, until: datetime) -> list[tuple[datetime, Reason, int]]:
        """By hour and reason; until is exclusive."""
        ...


class Seals(Protocol):
    """Whether the rows that act are as this installation wrote them."""

    def flaws(self, *, thorough: bool = True) -> Iterator[SealFlaw]:
        """thorough: of every table; else only of those that decide who may do what, without the photos."""
        ...

    def totals(self) -> list[TableTotal]:
        """Of the tables that decide who may do what; for checkpoints."""
        ...


class Events(Protocol):
    def lock_head(self, gate_id: str) -> ChainHead:
        """The gate's chain head, held until the transaction ends, so two processes cannot append the same sequence."""
        ...

    def append(self, event: EventRow) -> None:
        """Adds the event and moves the gate's head to it."""
        ...

    def get(self, event_id: str) -> EventRow | None: ...
    def find(self, which: EventFilter) -> list[EventRow]:
        """Newest first by time and id, without snapshots (`get` has them). since is inclusive, until exclusive."""
        ...

    def after(self, gate_id: str, sequence: int, limit: int) -> list[EventRow]:
        """Those of one gate that follow, oldest first, without snapshots."""
        ...

    def heads(self) -> list[ChainHead]: ...
    def chain(self, gate_id: str) -> Iterator[EventRow]:
        """Every event of a gate by sequence, streamed, as stored (whatever its sequence says), with snapshots."""
        ...

    def homeless(self) -> EventRow | None:
        """The first event of a gate that is not there. The database's own rules allow none."""
        ...

    def unlink(self, employee_id: str) -> int:
        """Drops employee_id, subject_id, payload and snapshot of that employee's events; returns how many.

        Also of events that somebody said afterwards show this employee: call it before `corrections.forget`.
        Waits for events being sealed with the employee's key, so none appears behind it.
        """
        ...

    def remember(self, gate_id: str, idempotency_key: str, answer: Remembered) -> None: ...
    def recall(self, gate_id: str, idempotency_key: str) -> Remembered | None: ...
    def forget_remembered(self, before: datetime) -> None: ...
