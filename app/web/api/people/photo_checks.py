"""Checks a picture before it is sent as a photo, so that a page can guide the person at the camera."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from app.core.media import PHOTO_KINDS
from app.core.recognition.quality import ENROLMENT
from app.services.people.photo_judgement import ADVICE
from app.web.api.describe import BODY_ERRORS, IMAGE
from app.web.edge import uploads
from app.web.fields import Words
from app.web.security import Admin, SystemOf
from app.web.turns import FewPictures
from app.wiring import System

router = APIRouter(prefix="/v1/photo-checks", tags=["Photos"])


class FaceBox(BaseModel):
    """Shares of the picture's width and height, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float


class CheckOut(BaseModel):
    """An enrolment would find these problems and this quality. Nothing is compared to anybody, and nothing is kept."""

    good: bool
    problems: list[str] = Field(examples=[["face_too_small"]])
    advice: Words | None = Field(examples=["The face is too small; go closer or send a larger photo."])
    quality: float = Field(examples=[0.93])
    faces: int
    face: FaceBox | None
    yaw: float | None = Field(description="0 from the front; negative if the nose points left in the picture")


async def picture(request: Request) -> bytes:
    return uploads.checked(await request.body(), uploads.media_type_of(request), PHOTO_KINDS)


BODY = {"requestBody": {"required": True, "content": {kind.media_type: IMAGE for kind in PHOTO_KINDS}}}


@router.post("", summary="Check whether a picture would do as a photo", responses=BODY_ERRORS, openapi_extra=BODY)
def check(system: SystemOf, _: Admin, _turn: FewPictures, data: Annotated[bytes, Depends(picture)]) -> CheckOut:
    """Takes about 10 ms. Send three to five frames a second of a camera to guide the person before it."""
    return look_at(system, data)


def look_at(system: System, data: bytes) -> CheckOut:
    """Returns what an enrolment would find in a picture."""
    found = system.recognition.inspect(system.enrolment.readable(data), limits=ENROLMENT)
    if found.box is None or found.quality is None or found.measures is None:
        code = str(found.reason)
        return CheckOut(
            good=False, problems=[code], advice=ADVICE.get(code), quality=0.0, faces=found.faces, face=None, yaw=None
        )
    box, problems = found.box, [str(problem) for problem in found.quality.problems]
    face = FaceBox(
        x=round(box.x_px / found.width_px, 4),
        y=round(box.y_px / found.height_px, 4),
        width=round(box.width_px / found.width_px, 4),
        height=round(box.height_px / found.height_px, 4),
    )
    return CheckOut(
        good=found.quality.good,
        problems=problems,
        advice=ADVICE.get(problems[0]) if problems else None,
        quality=round(found.quality.score, 3),
        faces=found.faces,
        face=face,
        yaw=round(found.measures.yaw, 3),
    )
