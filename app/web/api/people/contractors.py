"""Contractors: taken on, listed, confirmed, with the documents on which their access rests."""

from datetime import date
from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.contracts import COMPANY_CHARS, ContractState
from app.core.people.contractors import KIND_CHARS, NUMBER_CHARS
from app.core.people.details import Details
from app.core.types import Reason, Status
from app.services.access.contractors.contract_book import ShownContractor, ShownDocument
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Day, EmployeeIn, Moment, Page, Strict
from app.web.fields import PlainText
from app.web.security import Admin, SystemOf

router = APIRouter(prefix="/v1/contractors", tags=["Contractors"])
SPONSOR = "number or id of an employee, who answers for the contractor"


class ContractorIn(EmployeeIn):
    sponsor: PlainText = Field(min_length=1, max_length=64, description=SPONSOR, examples=["E-1001"])
    company: PlainText = Field("", max_length=COMPANY_CHARS, examples=["ACME Lifts"])


class ContractIn(Strict):
    sponsor: PlainText = Field(min_length=1, max_length=64, description=SPONSOR, examples=["E-1001"])
    company: PlainText = Field("", max_length=COMPANY_CHARS, examples=["ACME Lifts"])


class DocumentIn(Strict):
    kind: PlainText = Field(min_length=1, max_length=KIND_CHARS, examples=["Work permit"])
    number: PlainText = Field("", max_length=NUMBER_CHARS, description="only its last four characters are kept")
    expires_on: Day = Field(description="the last valid day, all of it on the clock of each gate")


class DocumentPatch(Strict):
    expires_on: Day
    number: PlainText | None = Field(None, max_length=NUMBER_CHARS, description="null: as it was")


class DocumentOut(BaseModel):
    id: str
    kind: str
    last_four: str
    expires_on: date

    @classmethod
    def of(cls, shown: ShownDocument) -> Self:
        one, details = shown.document, shown.details
        return cls(id=one.id, kind=details.kind, last_four=details.last_four, expires_on=one.expires_on)


class ContractorOut(BaseModel):
    id: str = Field(description="of the person; see /v1/employees")
    number: str
    name: str
    status: Status
    company: str
    sponsor: str = Field(description="id of the employee")
    sponsor_name: str
    sponsor_active: bool
    state: ContractState = Field(description="`soon`: access ends within 14 days unless somebody acts")
    lapsed: Reason | None = Field(description="why no gate lets them in, by the date at the site")
    confirmed_at: Moment
    confirmed_until: Moment = Field(description="90 days after the confirmation, access lapses")
    documents_until: date | None = Field(description="the last day on which all documents are valid")
    documents: list[DocumentOut]

    @classmethod
    def of(cls, shown: ShownContractor) -> Self:
        person, contract = shown.person, shown.contract
        return cls(
            id=person.id,
            number=person.number,
            name=person.name,
            status=person.status,
            company=contract.company,
            sponsor=contract.sponsor_id,
            sponsor_name=shown.sponsor.name,
            sponsor_active=contract.sponsor_active,
            state=shown.state,
            lapsed=shown.lapsed,
            confirmed_at=contract.confirmed_at,
            confirmed_until=contract.confirmed_until,
            documents_until=contract.documents_until,
            documents=[DocumentOut.of(one) for one in shown.documents],
        )


@router.get("", summary="List contractors", responses=ERRORS)
def find(system: SystemOf, _: Admin, state: ContractState | None = None) -> Page[ContractorOut]:
    """Those who may not go in come first, then those whose access ends first."""
    found = system.contractors.book.all()
    return Page(items=[ContractorOut.of(one) for one in found if state in (None, one.state)], next=None)


@router.post("", status_code=201, summary="Take on a contractor", responses=CONFLICT)
def take_on(body: ContractorIn, system: SystemOf, _: Admin) -> ContractorOut:
    """Adds a person. Rules for everybody are not for contractors: put them into a group that has a rule."""
    fields = body.model_dump(exclude={"sponsor", "company"})
    details = Details(**{**fields, "groups": tuple(body.groups)})
    return ContractorOut.of(system.contractors.book.take_on(details, body.sponsor, body.company))


@router.get("/{employee_id}", summary="Read a contractor", responses=ERRORS)
def read(employee_id: str, system: SystemOf, _: Admin) -> ContractorOut:
    return ContractorOut.of(system.contractors.book.get(employee_id))


@router.put("/{employee_id}", summary="Make somebody a contractor, or change who answers for them", responses=CONFLICT)
def engage(employee_id: str, body: ContractIn, system: SystemOf, _: Admin) -> ContractorOut:
    """A new sponsor confirms with it. Whoever was an employee passes no longer by rules for everybody."""
    return ContractorOut.of(system.contractors.book.engage(employee_id, body.sponsor, body.company))


@router.delete("/{employee_id}", status_code=204, summary="Make a contractor an employee again", responses=CONFLICT)
def dismiss(employee_id: str, system: SystemOf, _: Admin) -> None:
    """Their documents go. To keep somebody out, deactivate or erase the person instead."""
    system.contractors.book.dismiss(employee_id)


@router.post("/{employee_id}/confirm", summary="Confirm that a contractor is still needed", responses=CONFLICT)
def confirm(employee_id: str, system: SystemOf, _: Admin) -> ContractorOut:
    """For the sponsor, for 90 days from now. A sponsor confirms by the link in the mail that reminds them."""
    return ContractorOut.of(system.contractors.book.confirm(employee_id))


@router.post("/{employee_id}/documents", status_code=201, summary="Add a document", responses=CONFLICT)
def add_document(employee_id: str, body: DocumentIn, system: SystemOf, _: Admin) -> ContractorOut:
    """Once it has expired, no gate lets the contractor in. Leaving is never denied for it."""
    return ContractorOut.of(system.contractors.book.add_document(employee_id, body.kind, body.number, body.expires_on))


@router.patch("/{employee_id}/documents/{document}", summary="Renew a document", responses=CONFLICT)
def renew(employee_id: str, document: str, body: DocumentPatch, system: SystemOf, _: Admin) -> ContractorOut:
    return ContractorOut.of(system.contractors.book.renew(employee_id, document, body.expires_on, body.number))


@router.delete("/{employee_id}/documents/{document}", status_code=204, summary="Remove a document", responses=CONFLICT)
def remove_document(employee_id: str, document: str, system: SystemOf, _: Admin) -> None:
    """The contractor's access no longer rests on it."""
    system.contractors.book.remove_document(employee_id, document)
