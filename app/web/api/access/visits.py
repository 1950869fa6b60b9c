"""Visits: invited, listed, ended, cancelled."""

from datetime import date
from typing import Annotated, Self

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from app.core.people.visits import COMPANY_CHARS, REASON_CHARS, Cancelled, LeftBy, MailState, VisitState
from app.services.access.visits.visit_book import Invitee, ShownVisit
from app.web.api.access.rules.rules import WhereIO
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Page, Strict, When
from app.web.fields import PlainText
from app.web.passes.visits import day_of, link_of
from app.web.security import SystemOf, Watcher

router = APIRouter(prefix="/v1/visits", tags=["Visits"])


class VisitIn(Strict):
    name: PlainText = Field(min_length=1, max_length=200, examples=["Vera Visitor"])
    host: PlainText = Field(min_length=1, max_length=64, description="number or id of an employee", examples=["E-1001"])
    where: WhereIO = Field(examples=[{"everywhere": True}])
    starts_at: When | None = Field(None, description="none: now. The pass opens half an hour earlier")
    ends_at: When = Field(description="the pass lets the visitor out for four hours more")
    email: PlainText | None = Field(
        None, max_length=320, description="the pass is sent there, if there is a mail server"
    )
    company: PlainText = Field("", max_length=COMPANY_CHARS)
    reason: PlainText = Field("", max_length=REASON_CHARS)
    once: bool = Field(True, description="the pass lets the visitor in once")


class VisitPatch(Strict):
    ends_at: When = Field(description="within the limits of an invitation")


class VisitOut(BaseModel):
    id: str
    state: VisitState
    visitor: str = Field(description="the id of the visitor, as a person")
    name: str
    company: str
    reason: str
    email: str | None
    host: str = Field(description="id of the employee")
    host_name: str
    starts_at: Moment
    ends_at: Moment
    actor: str
    created_at: Moment
    arrived_at: Moment | None
    left_at: Moment | None
    left_by: LeftBy | None
    cancelled_at: Moment | None
    cancelled_by: Cancelled | None
    pass_mail: MailState
    host_mail: MailState

    @classmethod
    def of(cls, shown: ShownVisit) -> Self:
        visit = shown.visit
        fields = {name: getattr(visit, name) for name in cls.model_fields if hasattr(visit, name)}
        return cls(
            **fields | {"state": shown.state},
            visitor=visit.employee_id,
            name=shown.visitor.name,
            email=shown.visitor.email,
            company=shown.details.company,
            reason=shown.details.reason,
            host=visit.host_id,
            host_name=shown.host.name,
        )


class InvitedOut(VisitOut):
    link: str = Field(examples=["https://gate.example.com/visit?token=..."], description="to the page with the pass")

    @classmethod
    def invited(cls, shown: ShownVisit, request: Request) -> Self:
        return cls(**VisitOut.of(shown).model_dump(), link=link_of(shown, request))


@router.get("", summary="List the visits of a day", responses=ERRORS)
def find(
    system: SystemOf,
    _: Watcher,
    on: Annotated[date | None, Query(description="on the site's clock; none: today")] = None,
    state: VisitState | None = None,
) -> Page[VisitOut]:
    """By their start. Visitors who are still inside are on each later day's list, too."""
    found = system.visits.book.between(*day_of(system, on))
    return Page(items=[VisitOut.of(one) for one in found if state in (None, one.state)], next=None)


@router.post("", status_code=201, summary="Invite a visitor", responses=CONFLICT)
def invite(body: VisitIn, request: Request, system: SystemOf, who: Watcher) -> InvitedOut:
    """Makes a person, a temporary grant and a QR pass. Rules for everybody are not for visitors."""
    made = system.visits.book.invite(
        who,
        Invitee(
            name=body.name,
            host=body.host,
            where=body.where.where(),
            starts_at=body.starts_at or system.clock(),
            ends_at=body.ends_at,
            email=body.email or None,
            company=body.company,
            reason=body.reason,
            once=body.once,
        ),
    )
    return InvitedOut.invited(made, request)


@router.get("/{visit}", summary="Read a visit", responses=ERRORS)
def read(visit: str, system: SystemOf, _: Watcher) -> VisitOut:
    return VisitOut.of(system.visits.book.get(visit))


@router.get("/{visit}/link", summary="Show the link to a visitor's pass", responses=ERRORS)
def link(visit: str, request: Request, system: SystemOf, _: Watcher) -> InvitedOut:
    """The audit trail notes who looked."""
    shown = system.visits.book.get(visit)
    system.trail.seen("qr_pass", shown.visit.credential_id, shown.visit.employee_id)
    return InvitedOut.invited(shown, request)


@router.patch("/{visit}", summary="Move the end of a visit", responses=CONFLICT)
def move_end(visit: str, body: VisitPatch, system: SystemOf, who: Watcher) -> VisitOut:
    """Grant and pass move along. For a later end the pass is mailed again; the link shows the new code at once."""
    return VisitOut.of(system.visits.book.move_end(who, visit, body.ends_at))


@router.post("/{visit}/left", summary="Say that a visitor has left", responses=CONFLICT)
def left(visit: str, system: SystemOf, _: Watcher) -> VisitOut:
    """Nobody knows any more where they are, and their pass opens nothing."""
    return VisitOut.of(system.visits.book.leave(visit))


@router.delete("/{visit}", status_code=204, summary="Cancel a visit", responses=CONFLICT)
def cancel(visit: str, system: SystemOf, _: Watcher) -> None:
    """The pass opens nothing from the next decision on. 409 once the visitor came."""
    system.visits.book.cancel(visit)
