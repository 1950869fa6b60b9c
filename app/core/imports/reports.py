"""What an import is, and what it says of each row: the words that its page, command and API share."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from app.core.errors import BadInput
from app.core.imports.photo_names import Unused


class ImportState(StrEnum):
    """waiting -> running -> checked (a dry run's end; its upload is kept for `apply`) or done.

    cancelled: what was applied stays. failed: the file cannot be used, or the machine failed; detail says what to do.
    """

    WAITING = "waiting"
    RUNNING = "running"
    CHECKED = "checked"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


OPEN = frozenset({ImportState.WAITING, ImportState.RUNNING})


class RowOutcome(StrEnum):
    """What becomes of a row; in a dry run, what would. refused: nothing of it was applied."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class RowProblem:
    """code is stable snake_case, detail says what to do. photo: the file it is about. other: an employee's id whose
    number completes the sentence; kept as an id so that erasing that employee also takes the number from here."""

    code: str
    detail: str
    photo: str | None = None
    other: str | None = None


@dataclass(frozen=True)
class RowReport:
    """line: of the file, the header being 1. photos: how many were accepted."""

    line: int
    number: str
    outcome: RowOutcome
    problems: tuple[RowProblem, ...] = ()
    photos: int = 0
    employee_id: str | None = None


@dataclass(frozen=True)
class StoredRow:
    """A report as it is kept: number and problems are sealed with the import's key."""

    line: int
    outcome: RowOutcome
    problems: int
    photos: int
    employee_id: str | None
    sealed: bytes


@dataclass(frozen=True)
class Import:
    """One import. rows and photos: how many there are, None until the file is read. done, done_photos: dealt with.

    done_before: rows that were dealt with before this run began, so that the rate is this run's. fingerprint: of what
    is imported, by which an import that was cut off is found again. encoding: what the CSV is said to have.
    attempts: starts that may have ended with the process. told: notices and detail, sealed with the import's key, since
    both may name people. notices, detail: these in the clear, where somebody opened them.
    """

    id: str
    state: ImportState
    dry_run: bool
    actor: str
    created_at: datetime
    fingerprint: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    rows: int | None = None
    photos: int | None = None
    done: int = 0
    done_photos: int = 0
    done_before: int = 0
    encoding: str | None = None
    attempts: int = 0
    told: bytes | None = None
    notices: tuple[str, ...] = field(default=())
    detail: str | None = None
    counts: Mapping[str, int] | None = None  # rows by outcome, and "problems"; kept once the import has ended

    def rate(self, now: datetime) -> float | None:
        """Rows a second in this run; None before there is anything to measure."""
        if self.started_at is None or self.done <= self.done_before:
            return None
        seconds = ((self.ended_at or now) - self.started_at).total_seconds()
        return (self.done - self.done_before) / seconds if seconds > 0 else None

    def eta_s(self, now: datetime) -> float | None:
        """Seconds until the end at this run's rate; None where that cannot be said."""
        rate = self.rate(now)
        if self.state is not ImportState.RUNNING or rate is None or self.rows is None:
            return None
        return (self.rows - self.done) / rate


@dataclass(frozen=True)
class RowFilter:
    """Which rows of an import to list, by line; `after` is the line the page starts above."""

    outcome: RowOutcome | None = None
    problems: bool = False
    after: int = 0
    limit: int = 100


class PhotoSource(Protocol):
    """Photos by name, in a folder or an archive. Safe to share between threads."""

    def names(self) -> list[str]:
        """Every file that could be a photo: a path with forward slashes. Never used to open anything but itself."""
        ...

    def unused(self) -> Unused:
        """Every other file."""
        ...

    def read(self, name: str) -> bytes:
        """Raises BadInput or TooLarge for what cannot be read within bounds."""
        ...

    def fingerprint(self) -> str:
        """Tells this collection of photos from another, without reading them."""
        ...


def no_people() -> BadInput:
    return BadInput("missing_csv", "Send the people as a CSV, or as people.csv in the zip with their photos.")


class Writer(Protocol):
    """Takes the bytes of a file, in order. close makes it whole; without, it is not there."""

    size: int

    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...
    def abandon(self) -> None: ...


class Uploads(Protocol):
    """Files that came for an import, sealed on this machine's disk. seal, unseal: bytes and what they are bound to."""

    def writer(self, import_id: str, name: str, seal: Callable[[bytes, str], bytes]) -> Writer: ...
    def csv(self, import_id: str, unseal: Callable[[bytes, str], bytes], most: int) -> bytes:
        """Raises TooLarge."""
        ...

    def people(self, import_id: str, unseal: Callable[[bytes, str], bytes], most: int) -> bytes | None:
        """The people.csv that came in the photos' archive; None without. Raises BadInput or TooLarge."""
        ...

    def photos(
        self, import_id: str, unseal: Callable[[bytes, str], bytes], encoding: str | None
    ) -> AbstractContextManager["PhotoSource"]:
        """encoding: of file names that do not say theirs. Raises BadInput or TooLarge for an unusable archive."""
        ...

    def claim(self, import_id: str, *, new: bool = False) -> AbstractContextManager[bool]:
        """Whether it is this thread's for the block: of all threads and processes one gets True, also after a kill.

        A new one is made, and is its maker's before anybody else can see it; one that was deleted is nobody's."""
        ...

    def all(self) -> list[str]: ...
    def delete(self, import_id: str) -> None: ...


class Imports(Protocol):
    """A part of `ports.Transaction`."""

    def add(self, what: Import) -> None: ...
    def get(self, import_id: str, *, for_update: bool = False) -> Import | None:
        """hold: nobody else changes it until the transaction ends."""
        ...

    def all(self, limit: int = 50) -> list[Import]:
        """Newest first."""
        ...

    def put(self, what: Import) -> None:
        """Replaces what is kept of it, its rows aside."""
        ...

    def progress(self, import_id: str, rows: int, photos: int) -> None:
        """Adds to done and done_photos."""
        ...

    def put_row(self, import_id: str, row: StoredRow) -> None: ...
    def rows(self, import_id: str, which: RowFilter) -> list[StoredRow]: ...
    def lines(self, import_id: str) -> set[int]:
        """The lines that have been dealt with."""
        ...

    def counts(self, import_id: str) -> dict[str, int]:
        """Rows by outcome, and under "problems" how many have some."""
        ...

    def forget_rows(self, import_id: str) -> None: ...
