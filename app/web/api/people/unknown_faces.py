"""Faces of the last three days that no gate knew, and who they were. Off unless `PATCH /v1/settings` turns them on."""

from dataclasses import asdict

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.services.access.unknown_faces import NamelessGroup
from app.web.api.describe import CONFLICT
from app.web.api.schemas import Identity, Moment, PhotoOut, PhotosOut, Strict
from app.web.security import Admin, SystemOf
from app.web.turns import FewPictures

router = APIRouter(prefix="/v1/unknown-faces", tags=["Photos"])
MOST_EVENTS = 1000


class FaceOut(BaseModel):
    event: str = Field(description="its picture: GET /v1/events/{event}/pictures/1")
    at: Moment
    gate: str


class NearestOut(BaseModel):
    employee: Identity
    similarity: float


class GroupOut(BaseModel):
    """Attempts that are likely one person's."""

    faces: list[FaceOut] = Field(description="newest first")
    best: str = Field(description="the event with the best picture")
    nearest: list[NearestOut] = Field(
        description="the most similar enrolled people, best first; of the 40 largest groups"
    )

    @classmethod
    def of(cls, one: NamelessGroup) -> "GroupOut":
        return cls(
            faces=[FaceOut(event=face.event_id, at=face.at, gate=face.gate) for face in one.group.faces],
            best=one.group.best.event_id,
            nearest=[
                NearestOut(
                    employee=Identity(id=near.employee.id, name=near.employee.name, number=near.employee.number),
                    similarity=round(near.similarity, 4),
                )
                for near in one.nearest
            ],
        )


class UnknownOut(BaseModel):
    groups: list[GroupOut] = Field(description="the largest first")
    unread: int = Field(description="pictures that are still being looked at; ask again")
    unusable: int = Field(description="attempts without a picture in which a face can be compared")


class Assigned(Strict):
    employee: str = Field(max_length=64, description="id")
    events: list[str] = Field(min_length=1, max_length=MOST_EVENTS)


@router.get("", summary="List the unknown faces of the last three days", responses=CONFLICT)
def recent(system: SystemOf, _: Admin, _turn: FewPictures) -> UnknownOut:
    """The pictures are those that the events keep. Nothing is stored besides; reading them takes a while."""
    found = system.unknown_faces.recent()
    return UnknownOut(groups=[GroupOut.of(one) for one in found.groups], unread=found.unread, unusable=found.unusable)


@router.post("/assign", summary="Say who unknown faces are", responses=CONFLICT)
def assign(body: Assigned, system: SystemOf, caller: Admin, _turn: FewPictures) -> PhotosOut:
    """Up to three of the pictures become photos, with the checks of every photo.

    If one is accepted, each event gets a signed correction that names the person, accepted already.
    """
    results = system.unknown_faces.assign(body.events, body.employee, caller.id)
    return PhotosOut(photos=[PhotoOut(**asdict(one)) for one in results])
