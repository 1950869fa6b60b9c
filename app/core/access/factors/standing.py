"""What keeps a person out of every gate before any rule is asked: their status, a block, dates, a lapsed contract."""

from datetime import date, datetime

from app.core.contracts import lapse
from app.core.types import Employee, Reason, Status


def blocked(employee: Employee, now: datetime, clock_doubted: bool = False) -> bool:
    """Whether the employee is blocked. While the clock must be wrong, a block does not end."""
    if employee.blocked_at is None:
        return False
    return clock_doubted or employee.blocked_until is None or now < employee.blocked_until


def standing(
    employee: Employee, now: datetime, today: date, clock_doubted: bool = False, *, leaves: bool = False
) -> Reason | None:
    """Why this employee may pass no gate where it is `today`, or None. `valid_until` is the last day, all of it.

    leaves: the gate only leads out. A contract that has lapsed must keep nobody in.
    """
    if employee.status is not Status.ACTIVE:
        return Reason.EMPLOYEE_INACTIVE
    if blocked(employee, now, clock_doubted):
        return Reason.BLOCKED
    contract = None if leaves else employee.contract
    dated = employee.valid_from is not None or employee.valid_until is not None or contract is not None
    if clock_doubted and dated:
        return Reason.CLOCK_UNCONFIRMED
    if employee.valid_from is not None and today < employee.valid_from:
        return Reason.NOT_YET_VALID
    if employee.valid_until is not None and today > employee.valid_until:
        return Reason.EXPIRED
    return None if contract is None else lapse(contract, now, today)
