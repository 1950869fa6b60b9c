"""What is kept of an erasure, and how to ask for employees."""

from dataclasses import dataclass
from datetime import datetime

from app.core.types import Status


@dataclass(frozen=True)
class Receipt:
    """Proof that an employee was erased: what was destroyed, when. Holds no personal data."""

    id: str
    employee_id: str
    erased_at: datetime
    photos: int
    templates: int
    events_unlinked: int
    signature: str = ""


@dataclass(frozen=True)
class EmployeeFilter:
    """Which employees to list, by number. `q` matches number or name; `after` is the number the page starts above.

    enrolled: whether they have a template. ends: valid_until lies from the first to before the second.
    """

    q: str | None = None
    status: Status | None = None
    enrolled: bool | None = None
    ends: tuple[datetime, datetime] | None = None
    after: str | None = None
    limit: int = 50
