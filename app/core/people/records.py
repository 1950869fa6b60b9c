"""The receipt of an erasure, and the filter to list employees."""

from dataclasses import dataclass
from datetime import date, datetime

from app.core.types import Status


@dataclass(frozen=True)
class Receipt:
    """Proof of what was destroyed when an employee was erased. Holds no personal data."""

    id: str
    employee_id: str
    erased_at: datetime
    photos: int
    templates: int
    events_unlinked: int
    signature: str = ""


@dataclass(frozen=True)
class EmployeeFilter:
    """Which employees to list, ordered by number.

    Attributes:
        q: text to find in the number or the name.
        enrolled: whether they have a template.
        group: the folded name of a group that they are in.
        ends: valid_until is one of the days from the first to the second, both included.
        after: the last number on the previous page.
    """

    q: str | None = None
    status: Status | None = None
    enrolled: bool | None = None
    group: str | None = None
    ends: tuple[date, date] | None = None
    after: str | None = None
    limit: int = 50
