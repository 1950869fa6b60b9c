"""Blocks: an employee who may pass nowhere until the block ends."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.types import Employee
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Strict, When
from app.web.fields import PlainText
from app.web.security import Admin, SystemOf

router = APIRouter(prefix="/v1/employees/{employee_id}", tags=["Employees"])


class BlockIn(Strict):
    reason: PlainText = Field(min_length=1, max_length=500, examples=["Badge lost"])
    until: When | None = Field(None, description="none: until somebody lifts it")


class BlockOut(BaseModel):
    employee: str = Field(description="id")
    blocked_at: Moment | None = Field(description="null: not blocked")
    blocked_until: Moment | None
    reason: str | None

    @classmethod
    def of(cls, employee: Employee) -> "BlockOut":
        return cls(
            employee=employee.id,
            blocked_at=employee.blocked_at,
            blocked_until=employee.blocked_until,
            reason=employee.block_reason,
        )


@router.get("/block", summary="Is this employee blocked?", responses=ERRORS)
def read(employee_id: str, system: SystemOf, _: Admin) -> BlockOut:
    return BlockOut.of(system.enrolment.get(employee_id))


@router.post("/block", summary="Block an employee", responses=CONFLICT)
def block(employee_id: str, body: BlockIn, system: SystemOf, _: Admin) -> BlockOut:
    """They pass nowhere from the next decision on, and their temporary grants end."""
    return BlockOut.of(system.permits.block(employee_id, body.reason, body.until))


@router.post("/unblock", summary="Lift a block", responses=CONFLICT)
def unblock(employee_id: str, system: SystemOf, _: Admin) -> BlockOut:
    return BlockOut.of(system.permits.unblock(employee_id))
