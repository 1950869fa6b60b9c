"""An import and its report on each row, in the terms that the page, the command and the API share."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from app.core.errors import BadInput
from app.core.imports.people_columns import ColumnMapping
from app.core.imports.photo_names import Unused


class ImportState(StrEnum):
    """The state of an import: waiting -> running -> done, or checked after a dry run.

    UNMAPPED: a dry run that waits for somebody to map its columns. CHECKED: the upload is kept for `apply`. CANCELLED:
    rows already applied stay. FAILED: the file cannot be used or the machine failed; `detail` says what to do.
    """

    WAITING = "waiting"
    RUNNING = "running"
    UNMAPPED = "unmapped"
    CHECKED = "checked"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


OPEN = frozenset({ImportState.WAITING, ImportState.RUNNING})
HELD = frozenset({ImportState.UNMAPPED, ImportState.CHECKED})  # waits for a person, and keeps its upload


class RowOutcome(StrEnum):
    """The outcome of a row; in a dry run, what it would be. REFUSED: nothing of the row was applied."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class RowProblem:
    """A problem with a row.

    Attributes:
        code: stable snake_case.
        detail: what to do.
        photo: the file it is about, if any.
        other: the id of an employee whose number completes the sentence. It is an id so that erasing that employee also
            removes the number here.
    """

    code: str
    detail: str
    photo: str | None = None
    other: str | None = None


@dataclass(frozen=True)
class RowReport:
    """The report on one row. `line` is its line in the file; `photos` is the number of accepted photos.

    Attributes:
        recognisable: whether gates can recognise the person afterwards; None for a refused row.
        has_picture: whether the first photo of somebody who cannot be recognised is kept with the report.
    """

    line: int
    number: str
    outcome: RowOutcome
    problems: tuple[RowProblem, ...] = ()
    photos: int = 0
    employee_id: str | None = None
    name: str = ""
    recognisable: bool | None = None
    has_picture: bool = False


@dataclass(frozen=True)
class StoredRow:
    """A stored report. The import's key seals the number, the name, the problems and the picture."""

    line: int
    outcome: RowOutcome
    problems: int
    photos: int
    employee_id: str | None
    sealed: bytes
    recognisable: bool | None = None
    has_picture: bool = False


@dataclass(frozen=True)
class Import:
    """One import.

    Attributes:
        fingerprint: identifies the input, so that an interrupted import is found again.
        rows, photos: how many there are; None until the file is read.
        done, done_photos: how many have been processed.
        done_before: rows processed before this run began, so that the rate is that of this run.
        encoding: what a person says the CSV has.
        attempts: starts that may have been cut short by the end of the process.
        sealed_notes: notices, detail and mapping, sealed with the import's key because they may name people.
        notices, detail, mapping: the same in the clear, once opened. mapping: what a person said of the columns.
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
    sealed_notes: bytes | None = None
    notices: tuple[str, ...] = field(default=())
    detail: str | None = None
    mapping: ColumnMapping | None = None
    counts: Mapping[str, int] | None = None  # rows by outcome, and "problems"; kept once the import has ended

    def rate(self, now: datetime) -> float | None:
        """Returns the rows per second of this run; None before there is anything to measure."""
        if self.started_at is None or self.done <= self.done_before:
            return None
        seconds = ((self.ended_at or now) - self.started_at).total_seconds()
        return (self.done - self.done_before) / seconds if seconds > 0 else None

    def eta_s(self, now: datetime) -> float | None:
        """Returns the seconds left at the rate of this run; None if that is unknown."""
        rate = self.rate(now)
        if self.state is not ImportState.RUNNING or rate is None or self.rows is None:
            return None
        return (self.rows - self.done) / rate


@dataclass(frozen=True)
class RowFilter:
    """Which rows of an import to list, by line. `after` is the last line on the previous page.

    unrecognisable: only people left without a photo that gates can use.
    """

    outcome: RowOutcome | None = None
    problems: bool = False
    unrecognisable: bool = False
    after: int = 0
    limit: int = 100


class PhotoSource(Protocol):
    """Photos by name, in a folder or an archive. Safe to share between threads."""

    def names(self) -> list[str]:
        """Returns every file that could be a photo, as a path with forward slashes for use with `read` only."""
        ...

    def unused(self) -> Unused:
        """Returns every other file."""
        ...

    def read(self, name: str) -> bytes:
        """Returns the bytes of a photo. Raises BadInput or TooLarge if it cannot be read within bounds."""
        ...

    def fingerprint(self) -> str:
        """Identifies this collection of photos without reading them."""
        ...


def no_people() -> BadInput:
    """The error for an import without a file of people."""
    return BadInput("missing_csv", "Send the people as a CSV, or as people.csv in the zip with their photos.")


class Writer(Protocol):
    """Writes a file in order. The file exists only after `close`."""

    size: int

    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...
    def abandon(self) -> None: ...


class Uploads(Protocol):
    """The uploaded files of an import, sealed on disk. `seal` and `unseal` take the bytes and their context."""

    def writer(self, import_id: str, name: str, seal: Callable[[bytes, str], bytes]) -> Writer: ...
    def csv(self, import_id: str, unseal: Callable[[bytes, str], bytes], most: int) -> bytes:
        """Returns the CSV. Raises TooLarge if it has more than `most` bytes."""
        ...

    def people(self, import_id: str, unseal: Callable[[bytes, str], bytes], most: int) -> bytes | None:
        """Returns the people.csv in the archive of photos, or None. Raises BadInput or TooLarge."""
        ...

    def photos(
        self, import_id: str, unseal: Callable[[bytes, str], bytes], encoding: str | None
    ) -> AbstractContextManager["PhotoSource"]:
        """Opens the photos. `encoding` is for file names that do not declare theirs.

        Raises BadInput or TooLarge if the archive cannot be used.
        """
        ...

    def claim(self, import_id: str, *, new: bool = False) -> AbstractContextManager[bool]:
        """Claims an import for the block: of all threads and processes one gets True, even after a process was killed.

        A new import belongs to its creator before anybody else sees it. A deleted one belongs to nobody.
        """
        ...

    def all(self) -> list[str]: ...
    def delete(self, import_id: str) -> None: ...


class Imports(Protocol):
    """The stored imports; part of `ports.Transaction`."""

    def add(self, what: Import) -> None: ...
    def get(self, import_id: str, *, for_update: bool = False) -> Import | None:
        """With `for_update`, nobody else changes it until the transaction ends."""
        ...

    def all(self, limit: int = 50) -> list[Import]:
        """Newest first."""
        ...

    def put(self, what: Import) -> None:
        """Replaces the stored import, except its rows."""
        ...

    def progress(self, import_id: str, rows: int, photos: int) -> None:
        """Adds to done and done_photos."""
        ...

    def put_row(self, import_id: str, row: StoredRow, picture: bytes | None) -> None:
        """picture: sealed."""
        ...

    def picture(self, import_id: str, line: int) -> bytes | None: ...
    def rows(self, import_id: str, which: RowFilter) -> list[StoredRow]: ...
    def lines(self, import_id: str) -> set[int]:
        """Returns the lines that have been processed."""
        ...

    def counts(self, import_id: str) -> dict[str, int]:
        """Returns the number of rows by outcome, under "problems" the number with problems, and under "unrecognisable"
        the number of people left without a photo that gates can use."""
        ...

    def forget_rows(self, import_id: str) -> None: ...
