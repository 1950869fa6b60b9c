"""What stands beside the events, as protocols: corrections, histograms, counts. A part of `ports.Transaction`."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Protocol

from app.core.corrections import Correction
from app.core.histograms import Bucket
from app.core.pictures import SentPictures
from app.core.records import SealFlaw, TableTotal
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


class LogTransaction(Protocol):
    """The repositories of one unit of work that belong to the log's second records."""

    corrections: Corrections
    histograms: Histograms
    counts: Counts
    pictures: SentPictures
    seals: Seals
