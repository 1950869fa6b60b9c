"""What the services keep of people, gates, keys and events, as protocols: a part of `ports.Transaction`."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from app.core.people.records import EmployeeFilter, Receipt
from app.core.types import Employee, Photo, Template


class Employees(Protocol):
    def add(self, employee: Employee) -> None:
        """Raises Conflict('number_taken') if the number is in use."""
        ...

    def get(
        self, employee_id: str, *, for_update: bool = False
    ) -> Employee | None: ...  # hold: unchanged until the end
    def lock(self, employee_id: str) -> bool:
        """Whether there is one; then no decision reads them with `hold` until the transaction ends.

        Before their key, in the order of a decision, or the two could wait for each other.
        """
        ...

    def by_number(self, number: str) -> Employee | None: ...
    def update(self, employee: Employee) -> None: ...
    def delete(self, employee_id: str) -> None:
        """Removes the row and, by cascade, photos and template; records the change for every gallery."""
        ...

    def find(self, which: EmployeeFilter) -> list[Employee]: ...
    def count(self, which: EmployeeFilter | None = None) -> int:
        """How many there are, or match; `after` and `limit` aside."""
        ...


class Photos(Protocol):
    def add(self, new: Sequence[Photo]) -> None:
        """At least one."""
        ...

    def get(self, employee_id: str, photo_id: str) -> Photo | None: ...
    def of(self, employee_id: str) -> list[Photo]:
        """Oldest first."""
        ...

    def delete(self, photo_id: str) -> None: ...


class Templates(Protocol):
    """Templates and the change feed that keeps every process's gallery current.

    put and delete take the next gallery revision under a row lock, so revisions become visible in order.
    """

    def lock(self) -> int:
        """Holds the feed until the transaction ends and returns the current revision: nobody else enrols meanwhile."""
        ...

    def put(self, template: Template) -> None: ...
    def delete(self, employee_id: str) -> None: ...
    def get(self, employee_id: str) -> Template | None: ...
    def revision(self) -> int: ...
    def changed_since(self, revision: int) -> set[str]:
        """Employee ids whose template was put or deleted after `revision`."""
        ...

    def all(self) -> Iterator[tuple[Template, bytes]]:
        """Every template with its wrapped key, in one pass."""
        ...

    def some(self, employee_ids: Iterable[str]) -> list[tuple[Template, bytes]]: ...
    def photo_counts(self) -> dict[int, int]:
        """How many templates are made of how many photos."""
        ...


class DataKeys(Protocol):
    """Wrapped data keys: one an employee, one a day for strangers' events.

    In a write, a key that was read stays until the transaction ends: nobody is erased between sealing and commit.
    """

    def add(self, subject_id: str, wrapped: bytes) -> None: ...
    def get(self, subject_id: str) -> bytes | None: ...
    def get_or_add(self, subject_id: str, wrapped: bytes) -> bytes:
        """The stored key, or `wrapped` after storing it; safe when two processes race."""
        ...

    def destroy(self, subject_id: str) -> bool: ...
    def all(self) -> dict[str, bytes]:
        """Every good one, by subject."""
        ...

    def replace(self, subject_id: str, wrapped: bytes) -> None:
        """The same key, wrapped anew."""
        ...


class Erasures(Protocol):
    def add(self, receipt: Receipt) -> None: ...
    def get(self, employee_id: str) -> Receipt | None: ...
    def all(self) -> list[Receipt]: ...
    def latest(self) -> datetime | None:
        """When somebody was last erased."""
        ...
