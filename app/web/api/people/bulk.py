"""One change of many employees in a request, with a report about each."""

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.services.access.bulk_changes import BulkChange, BulkKind, BulkOutcome, Chosen
from app.services.people.erasure import as_json
from app.web.api.describe import CONFLICT
from app.web.api.schemas import ReceiptOut, Strict
from app.web.fields import PlainText, Words
from app.web.security import Admin, SystemOf

router = APIRouter(prefix="/v1/employees", tags=["Employees"])
MOST = 100  # a request; each person is a transaction of their own


class ChosenIn(Strict):
    id: str = Field(max_length=64)
    version: str | None = Field(
        None, max_length=64, description="of the person as the list gave it; another one refuses; none: any"
    )


class ChangesIn(Strict):
    kind: BulkKind
    employees: list[ChosenIn] = Field(min_length=1, max_length=MOST)
    reason: PlainText | None = Field(None, max_length=500, description="for `block`")
    valid_until: date | None = Field(None, description="for `end_on`: the last valid day")
    group: PlainText | None = Field(None, max_length=64, description="for the groups: the name of one that there is")


class OutcomeOut(BaseModel):
    employee: str = Field(description="id")
    done: bool
    error: str | None = Field(description="the code of a refusal")
    detail: Words | None = Field(description="why, and what to do")
    receipt: ReceiptOut | None = Field(description="of an erasure")

    @classmethod
    def of(cls, one: BulkOutcome) -> "OutcomeOut":
        return cls(
            employee=one.employee_id,
            done=one.refused is None,
            error=one.refused.code if one.refused else None,
            detail=one.refused.detail if one.refused else None,
            receipt=ReceiptOut.model_validate(as_json(one.receipt)) if one.receipt else None,
        )


class ReportOut(BaseModel):
    done: int
    refused: int
    results: list[OutcomeOut] = Field(description="in the order of the request")


@router.post("/changes", summary="Change many employees", responses=CONFLICT)
def change(body: ChangesIn, system: SystemOf, _: Admin) -> ReportOut:
    """Suspends, reactivates, blocks, ends, erases, or moves people into or out of a group.

    Each is changed as by a request of their own: whoever cannot be is reported, and the others are changed.
    """
    wanted = BulkChange(body.kind, body.reason, body.valid_until, body.group)
    outcomes = system.bulk_changes.apply(wanted, [Chosen(one.id, one.version) for one in body.employees])
    refused = sum(one.refused is not None for one in outcomes)
    return ReportOut(done=len(outcomes) - refused, refused=refused, results=[OutcomeOut.of(one) for one in outcomes])
