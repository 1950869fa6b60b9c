"""What holds for one person for a while: temporary grants, and blocks."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.access.rules import Grant
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Strict, When
from app.web.fields import PlainText
from app.web.security import Admin, SystemOf

router = APIRouter(tags=["Rules"])


class GrantIn(Strict):
    employee: PlainText = Field(max_length=64, description="id", examples=["01KAR3T9V5S0W8J6Q2X4Y7Z1AB"])
    gates: list[PlainText] = Field(default_factory=list, max_length=1000, description="names; none: every gate")
    reason: PlainText = Field(max_length=500, examples=["Meets the auditor"])
    starts_at: When | None = Field(None, description="none: now")
    ends_at: When | None = Field(None, description="none: 24 hours after the start")


class GrantOut(BaseModel):
    id: str
    employee: str = Field(description="id")
    gates: list[str] | None = Field(description="ids; null: every gate")
    reason: str
    starts_at: Moment
    ends_at: Moment
    granted_by: str = Field(description="the id of the key or user")

    @classmethod
    def of(cls, grant: Grant) -> "GrantOut":
        return cls(
            id=grant.id,
            employee=grant.person_id,
            gates=None if grant.where.everywhere else sorted(grant.where.gates),
            reason=grant.reason,
            starts_at=grant.starts_at,
            ends_at=grant.ends_at,
            granted_by=grant.granted_by,
        )


class GrantsOut(BaseModel):
    items: list[GrantOut]


class BlockIn(Strict):
    reason: PlainText = Field(max_length=500, examples=["Badge lost"])
    until: When | None = Field(None, description="none: until somebody lifts it")


class BlockOut(BaseModel):
    employee: str = Field(description="id")
    blocked_at: Moment | None = Field(description="null: not blocked")
    blocked_until: Moment | None
    reason: str | None


@router.get("/grants", summary="List temporary grants", responses=ERRORS)
def grants(system: SystemOf, _: Admin) -> GrantsOut:
    """Those that have not ended."""
    return GrantsOut(items=[GrantOut.of(grant) for grant in system.permits.grants()])


@router.post("/grants", status_code=201, summary="Let somebody in for a while", responses=CONFLICT)
def grant(body: GrantIn, system: SystemOf, who: Admin) -> GrantOut:
    made = system.permits.grant(body.employee, tuple(body.gates), body.reason, who.id, body.starts_at, body.ends_at)
    return GrantOut.of(made)


@router.delete("/grants/{grant_id}", status_code=204, summary="End a temporary grant", responses=ERRORS)
def end(grant_id: str, system: SystemOf, _: Admin) -> None:
    system.permits.end(grant_id)


@router.get("/employees/{employee_id}/block", summary="Is this employee blocked?", responses=ERRORS)
def read_block(employee_id: str, system: SystemOf, _: Admin) -> BlockOut:
    return _block(system, employee_id)


@router.put("/employees/{employee_id}/block", summary="Block an employee", responses=CONFLICT)
def block(employee_id: str, body: BlockIn, system: SystemOf, _: Admin) -> BlockOut:
    """They pass nowhere from the next decision on, and their temporary grants end."""
    system.permits.block(employee_id, body.reason, body.until)
    return _block(system, employee_id)


@router.delete("/employees/{employee_id}/block", status_code=204, summary="Lift a block", responses=ERRORS)
def unblock(employee_id: str, system: SystemOf, _: Admin) -> None:
    system.permits.unblock(employee_id)


def _block(system: SystemOf, employee_id: str) -> BlockOut:
    found = system.enrolment.get(employee_id)
    return BlockOut(
        employee=found.id,
        blocked_at=found.blocked_at,
        blocked_until=found.blocked_until,
        reason=found.block_reason,
    )
