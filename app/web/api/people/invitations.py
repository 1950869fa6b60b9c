"""Links by which people enrol from their own phone: made, listed, revoked."""

from typing import Self

import segno
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from app.core.people.invitations import LASTS, LONGEST, MOST_AT_ONCE, Invitation, InvitationState, lasting
from app.services.people.self_enrolment import Invited
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Page, Strict
from app.web.security import Admin, SystemOf, prefix_of
from app.web.turns import resting

router = APIRouter(prefix="/v1", tags=["Employees"])


class InvitationOut(BaseModel):
    id: str
    state: InvitationState
    expired: bool = Field(description="it waits no more, because it is too old")
    actor: str
    created_at: Moment
    ends_at: Moment
    consented_at: Moment | None
    consent_version: str | None = Field(description="of the text that the person agreed to")
    answered_at: Moment | None

    @classmethod
    def of(cls, one: Invitation, system: SystemOf) -> Self:
        fields = {name: getattr(one, name) for name in cls.model_fields if hasattr(one, name)}
        expired = one.state is InvitationState.WAITING and not one.is_open(system.clock())
        return cls(**fields, expired=expired)


class LinkOut(BaseModel):
    """A link for one person. It is shown once."""

    employee: str
    number: str
    name: str
    email: str | None
    id: str
    link: str = Field(examples=["https://gate.example.com/enrol?token=..."])
    ends_at: Moment
    qr: str | None = Field(description="the link as a QR code, if that was asked for: an SVG in a `data:` address")

    @classmethod
    def of(cls, one: Invited, request: Request, *, qr: bool) -> Self:
        person = one.employee
        link = f"{request.url.scheme}://{request.url.netloc}{prefix_of(request)}/enrol?token={one.token}"
        return cls(
            employee=person.id,
            number=person.number,
            name=person.name,
            email=person.email,
            id=one.invitation.id,
            link=link,
            ends_at=one.invitation.ends_at,
            qr=segno.make(link, micro=False).svg_data_uri(scale=4, light="#fff") if qr else None,
        )


class InviteIn(Strict):
    employees: list[str] = Field(min_length=1, max_length=MOST_AT_ONCE)
    days: int = Field(LASTS.days, description=f"for how long the links work, 1 to {LONGEST.days}")
    qr: bool = Field(False, description="also make QR codes, which phones read from a screen or from paper")


@router.post("/invitations", status_code=201, summary="Make links for self-enrolment", responses=CONFLICT)
def invite(body: InviteIn, request: Request, system: SystemOf, who: Admin) -> Page[LinkOut]:
    """Whoever opens a link enrols as that person, once: send it to nobody else. A person's earlier links end."""
    made = system.self_enrolment.invite(body.employees, who.name, lasting(body.days))
    rest = resting()  # a QR code takes 10 ms
    links = []
    for one in made:
        links.append(LinkOut.of(one, request, qr=body.qr))
        rest()
    return Page(items=links, next=None)


@router.get("/employees/{employee_id}/invitations", summary="List a person's links", responses=ERRORS)
def find(employee_id: str, system: SystemOf, _: Admin) -> Page[InvitationOut]:
    """Newest first."""
    found = system.self_enrolment.of(employee_id)
    return Page(items=[InvitationOut.of(one, system) for one in found], next=None)


@router.delete(
    "/employees/{employee_id}/invitations/{invitation_id}",
    status_code=204,
    summary="Revoke a link",
    responses=CONFLICT,
)
def revoke(employee_id: str, invitation_id: str, system: SystemOf, _: Admin) -> None:
    system.self_enrolment.revoke(employee_id, invitation_id)
