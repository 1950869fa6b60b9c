"""What keeps a person out now or soon, as badges beside their name."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.core.access.factors.standing import blocked
from app.core.contracts import lapse
from app.core.types import Employee, Status

SOON = timedelta(days=30)


@dataclass(frozen=True)
class Label:
    """A badge beside a name. kind: one of the badge's colours."""

    text: str
    kind: str


def labels(employee: Employee, today: date, now: datetime) -> list[Label]:
    """Returns what keeps the employee out now or soon, the most important first."""
    found = []
    if blocked(employee, now):
        found.append(Label("blocked", "bad"))
    if employee.status is Status.INACTIVE:
        found.append(Label("suspended", "bad"))
    if employee.valid_until is not None and employee.valid_until < today:
        found.append(Label("ended", "bad"))
    elif employee.valid_until is not None and employee.valid_until < today + SOON:
        found.append(Label("ends soon", "warn"))
    if employee.contract is not None and lapse(employee.contract, now, today) is not None:
        found.append(Label("contract lapsed", "bad"))
    if employee.valid_from is not None and employee.valid_from > today:
        found.append(Label("not yet valid", "warn"))
    if not employee.photos:
        found.append(Label("no photos", "warn"))
    return found or [Label("active", "good")]
