"""Employees: list, create, read, change, erase."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.core.errors import NotFound
from app.core.people.details import Details
from app.core.people.records import EmployeeFilter
from app.core.types import Employee, Status
from app.services.people import erasure
from app.web.api.cursors import TextCursor, after
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import EmployeeIn, EmployeeOut, EmployeePatch, Page, ReceiptOut
from app.web.fields import PlainText
from app.web.security import Admin, SystemOf

router = APIRouter(prefix="/v1/employees", tags=["Employees"])


@router.post("", status_code=201, summary="Add an employee", responses=CONFLICT)
def create(body: EmployeeIn, system: SystemOf, _: Admin) -> EmployeeOut:
    """The employee is not enrolled yet: send photos next."""
    details = Details(**{**body.model_dump(), "groups": tuple(body.groups)})
    return EmployeeOut.of(system.enrolment.add(details))


@router.get("", summary="List employees by number", responses=ERRORS)
def find(
    system: SystemOf,
    _: Admin,
    cursor: TextCursor,
    q: Annotated[PlainText | None, Query(max_length=200, description="start of a number or part of a name")] = None,
    status: Status | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[EmployeeOut]:
    found = system.enrolment.find(EmployeeFilter(q=q, status=status, after=cursor, limit=limit + 1))
    more = len(found) > limit
    return Page(items=[EmployeeOut.of(e) for e in found[:limit]], next=after(found[limit - 1].number) if more else None)


@router.get("/{employee_id}", summary="Read an employee", responses=ERRORS)
def read(employee_id: str, system: SystemOf, _: Admin) -> EmployeeOut:
    return EmployeeOut.of(system.enrolment.get(employee_id))


@router.patch("/{employee_id}", summary="Change an employee", responses=CONFLICT)
def patch(employee_id: str, body: EmployeePatch, system: SystemOf, _: Admin) -> EmployeeOut:
    """Every gate goes by the change from its next decision on."""

    def change(before: Employee) -> Details:
        sent = {name: getattr(body, name) for name in body.model_fields_set}
        for name in ("number", "name", "status"):
            if sent.get(name, "") is None:
                del sent[name]
        if "groups" in sent:
            sent["groups"] = tuple(sent["groups"] or ())
        return Details.of(before, **sent)

    return EmployeeOut.of(system.enrolment.update(employee_id, change))


@router.delete("/{employee_id}", summary="Erase an employee", responses=CONFLICT)
def erase(employee_id: str, system: SystemOf, _: Admin) -> ReceiptOut:
    """Destroys photos, template, key and name, here and in every restored backup. The answer is the receipt.

    Erasing again answers with the first receipt.
    """
    try:
        receipt = system.erasure.erase(employee_id)
    except NotFound:
        earlier = system.erasure.receipt(employee_id)
        if earlier is None:
            raise
        receipt = earlier
    return ReceiptOut.model_validate(erasure.as_json(receipt))
