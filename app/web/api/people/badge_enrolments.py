"""Enrolments by badge: begun, looked at, accepted or rejected. Off unless `PATCH /v1/settings` turns them on."""

from dataclasses import asdict
from typing import Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from app.core.people.gathering import NEEDED, GatheringState
from app.services.access.gathering.gathering_book import ShownGathering
from app.web.api.describe import CONFLICT, ERRORS
from app.web.api.schemas import Moment, Page, PhotoOut, PhotosOut
from app.web.security import Admin, SystemOf
from app.web.turns import FewPictures

router = APIRouter(prefix="/v1", tags=["Photos"])
ONE = "/employees/{employee_id}/badge-enrolment"


class GatePictureOut(BaseModel):
    id: str
    event: str = Field(description="the badge read")
    gate: str = Field(description="id")
    taken_at: Moment
    quality: float


class BadgeEnrolmentOut(BaseModel):
    """`ready`: the pictures agree, and an admin decides. `disagreed`: they did not, and are gone."""

    employee: str = Field(description="id")
    name: str
    number: str
    state: GatheringState
    started_at: Moment
    changed_at: Moment = Field(description="when the state began")
    needed: int = Field(description="pictures, each from a badge read of its own")
    pictures: list[GatePictureOut]

    @classmethod
    def of(cls, shown: ShownGathering) -> Self:
        who, one = shown.employee, shown.gathering
        pictures = [
            GatePictureOut(
                id=face.id,
                event=face.event_id,
                gate=face.gate_id,
                taken_at=face.taken_at,
                quality=round(face.quality, 3),
            )
            for face in shown.faces
        ]
        return cls(
            employee=who.id,
            name=who.name,
            number=who.number,
            state=one.state,
            started_at=one.started_at,
            changed_at=one.changed_at,
            needed=NEEDED,
            pictures=pictures,
        )


@router.get("/badge-enrolments", summary="List enrolments by badge", responses=ERRORS)
def find(system: SystemOf, _: Admin) -> Page[BadgeEnrolmentOut]:
    """Those that wait for an admin come first."""
    return Page(items=[BadgeEnrolmentOut.of(one) for one in system.gathering.all()], next=None)


@router.post(ONE, status_code=201, summary="Begin an enrolment by badge", responses=CONFLICT)
def begin(employee_id: str, system: SystemOf, _: Admin) -> BadgeEnrolmentOut:
    """For a person who asked. At four badge reads, at least five minutes apart, the gate's camera takes a picture.

    An earlier try begins anew. Where the site asks for consent, it is recorded before.
    """
    return BadgeEnrolmentOut.of(system.gathering.begin(employee_id))


@router.get(ONE, summary="Read an enrolment by badge", responses=ERRORS)
def read(employee_id: str, system: SystemOf, _: Admin) -> BadgeEnrolmentOut:
    return BadgeEnrolmentOut.of(system.gathering.get(employee_id))


@router.get(ONE + "/pictures/{picture}", summary="Look at a picture", responses=ERRORS, response_class=Response)
def picture(employee_id: str, picture: str, system: SystemOf, _: Admin) -> Response:
    """A JPEG. The audit trail notes who looked."""
    data = system.gathering.picture(employee_id, picture)
    system.trail.seen("gate_picture", picture, employee_id)
    return Response(data, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


@router.post(ONE + "/accept", summary="Accept the pictures", responses=CONFLICT)
def accept(employee_id: str, system: SystemOf, _: Admin, _turn: FewPictures) -> PhotosOut:
    """Makes them the person's photos, with the checks of every photo: all four, or none. Then gates know the person."""
    return PhotosOut(photos=[PhotoOut(**asdict(one)) for one in system.gathering.accept(employee_id)])


@router.delete(ONE, status_code=204, summary="Reject or end an enrolment by badge", responses=CONFLICT)
def stop(employee_id: str, system: SystemOf, _: Admin) -> None:
    """All its pictures are erased."""
    system.gathering.stop(employee_id)
