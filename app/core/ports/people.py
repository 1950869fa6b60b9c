"""Protocols for stored employees, photos, templates, data keys and erasures; part of `ports.Transaction`."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from app.core.people.eligible import EnrolledPerson
from app.core.people.records import EmployeeFilter, PeoplePage, PersonName, Receipt
from app.core.site.retention import Found, Kind, Place, Removal
from app.core.types import Employee, Photo, Template


class Employees(Protocol):
    """The stored employees."""

    def add(self, employee: Employee) -> None:
        """Stores a new employee. Raises Conflict('number_taken') if the number is in use."""
        ...

    def get(self, employee_id: str, *, for_update: bool = False) -> Employee | None:
        """Returns the employee. With `for_update`, nobody else changes them until the transaction ends."""
        ...

    def lock(self, employee_id: str) -> bool:
        """Locks the employee until the transaction ends and returns whether there is one.

        Lock an employee before their key, in the order of a decision, or the two can deadlock.
        """
        ...

    def by_number(self, number: str) -> Employee | None: ...
    def update(self, employee: Employee) -> None: ...
    def delete(self, employee_id: str) -> None:
        """Removes the employee with photos and template, and records the change for every gallery."""
        ...

    def some(self, employee_ids: Iterable[str]) -> dict[str, Employee]:
        """Returns those of these people who are stored, by id."""
        ...

    def ids(self, which: EmployeeFilter) -> list[str]:
        """Returns the ids of the employees that `find` would return, without reading the rest of them."""
        ...

    def find(self, which: EmployeeFilter) -> list[Employee]: ...
    def contractors(self) -> list[Employee]:
        """Returns everybody with a contract, in no order."""
        ...

    def page(self, which: EmployeeFilter) -> PeoplePage:
        """`find`, with how many match and where the next page starts."""
        ...

    def last_seen(self, employee_ids: Sequence[str]) -> dict[str, datetime]:
        """Returns when a gate last saw each of them, by id; whoever was never seen is left out."""
        ...

    def names(self, employee_ids: Collection[str]) -> dict[str, PersonName]:
        """Returns what they are called, by id; whoever is gone or was altered is left out."""
        ...

    def open_after(self, employee_id: str, limit: int) -> str | None:
        """Unseals the next employees by id, so no list has to; returns the last one's id, None after the last."""
        ...

    def count(self, which: EmployeeFilter | None = None) -> int:
        """Returns how many employees there are, or match the filter, ignoring `after` and `limit`."""
        ...

    def group_sizes(self) -> dict[str, int]:
        """Returns how many employees are in each group, by the group's folded name, for display."""
        ...

    def let_go(self, employee_ids: Collection[str]) -> None:
        """Drops from memory what was unsealed of these people. Whoever is still there is unsealed again when needed."""
        ...

    def state(self) -> Hashable | None:
        """Changes with every write of an employee or template; None where the record of it was altered."""
        ...

    def enrolled(self) -> Iterator[EnrolledPerson]:
        """Everybody with a template, without names. Nothing is checked: an altered row lets nobody in, so it can only
        make a count of those who may pass too high."""
        ...


class Photos(Protocol):
    """The stored photos of employees."""

    def add(self, new: Sequence[Photo]) -> None:
        """Stores photos, at least one."""
        ...

    def get(self, employee_id: str, photo_id: str) -> Photo | None: ...
    def of(self, employee_id: str) -> list[Photo]:
        """Returns the employee's photos, oldest first."""
        ...

    def best(self, employee_id: str) -> str | None:
        """Returns the id of the photo of the best quality, without checking its row."""
        ...

    def without_digest(self, employee_id: str) -> list[Photo]:
        """Those that an earlier version kept."""
        ...

    def delete(self, photo_id: str) -> None: ...
    def forget(self, employee_id: str, until: datetime | None = None) -> int:
        """Removes the employee's photos, those made by `until` alone if given, and what a move to another pack made of
        them; returns how many photos. Lock the gallery's feed first."""
        ...


class Templates(Protocol):
    """Templates and the change feed that keeps every process's gallery current.

    `put` and `delete` take the next gallery revision under a row lock, so revisions become visible in order.
    """

    def lock(self) -> int:
        """Locks the feed until the transaction ends, so nobody else enrols, and returns the current revision."""
        ...

    def put(self, template: Template) -> None: ...
    def delete(self, employee_id: str) -> bool:
        """Removes a template, an altered one too. Returns whether there was one."""
        ...

    def get(self, employee_id: str) -> Template | None: ...
    def revision(self) -> int: ...
    def changed_since(self, revision: int) -> set[str]:
        """Returns the ids of employees whose template changed after `revision`."""
        ...

    def all(self) -> Iterator[tuple[Template, bytes]]:
        """Yields every template with its wrapped key, in one pass."""
        ...

    def some(self, employee_ids: Iterable[str]) -> list[tuple[Template, bytes]]: ...
    def photo_counts(self) -> dict[int, int]:
        """Returns how many templates there are for each number of photos."""
        ...


class DataKeys(Protocol):
    """Wrapped data keys: one per employee, and one per day for strangers' events.

    A key read in a write transaction stays until it ends, so nobody is erased between sealing and commit.
    """

    def add(self, subject_id: str, wrapped: bytes) -> None: ...
    def get(self, subject_id: str) -> bytes | None:
        """Returns the key. In a write, nobody destroys it until the transaction ends."""
        ...

    def peek(self, subject_id: str) -> bytes | None:
        """Returns the key without a lock: enough to open what is sealed, not to seal anything."""
        ...

    def get_or_add(self, subject_id: str, wrapped: bytes) -> bytes:
        """Returns the stored key, or stores and returns `wrapped`; safe if two processes race."""
        ...

    def destroy(self, subject_id: str) -> bool: ...
    def all(self) -> dict[str, bytes]:
        """Returns every intact key, by subject."""
        ...

    def replace(self, subject_id: str, wrapped: bytes) -> None:
        """Stores the same key, wrapped again."""
        ...


class Erasures(Protocol):
    """The stored receipts of erasures."""

    def add(self, receipt: Receipt) -> None: ...
    def get(self, employee_id: str) -> Receipt | None: ...
    def all(self) -> list[Receipt]: ...
    def latest(self) -> datetime | None:
        """Returns when somebody was last erased."""
        ...


class Retained(Protocol):
    """What is kept for a time; `before` is always the time before which it is due."""

    def find(self, kind: Kind, before: datetime, after: Place | None, limit: int) -> Found:
        """Searches the next `limit` records, oldest first, and returns what of them is due."""
        ...

    def count(self, kind: Kind, before: datetime) -> int:
        """Returns how much is due. Takes a second for a million events."""
        ...

    def undated(self, after: str, limit: int) -> list[str]:
        """Returns the next people after this id who have a face and were deactivated when that was not dated yet."""
        ...

    def seals_any(self, day: str) -> bool:
        """Whether the data key of this day still seals an event of nobody."""
        ...

    def empty_days(self, before: datetime) -> list[str]:
        """Returns the data keys of days before that have sealed events of nobody, and seal none any more."""
        ...

    def remove(self, kind: Kind, ids: Sequence[str], before: datetime) -> int:
        """Removes what of these is still due, or makes events anonymous. Returns how many that were.

        Raises ValueError for a kind that has more to it than its rows.
        """
        ...

    def swept(self) -> None:
        """Call it in the last write of a removal: SQLite's write-ahead log, which keeps old pages, is then emptied."""
        ...

    def receipts(self) -> list[Removal]:
        """Returns all receipts as stored, oldest first."""
        ...

    def receipt(self, removal_id: str) -> Removal | None:
        """Returns the receipt. Nobody else changes it until the transaction ends."""
        ...

    def put(self, receipt: Removal) -> None:
        """Replaces the stored receipt of that id."""
        ...
