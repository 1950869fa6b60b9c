"""An employee's photos: each is checked, and the good ones make the template."""

from dataclasses import asdict
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, model_validator

from app.core.errors import Forbidden
from app.services.people.enrolment import MAX_PHOTOS
from app.web.api.describe import CONFLICT, ERRORS, files_body
from app.web.api.schemas import KeptPhoto, Page, PhotoOut, PhotosOut, Strict
from app.web.edge import uploads
from app.web.security import Admin, SystemOf
from app.web.turns import FewPictures

router = APIRouter(prefix="/v1/employees/{employee_id}/photos", tags=["Photos"])


async def sent(request: Request) -> list[bytes]:
    async with uploads.form(request, MAX_PHOTOS + 1) as form:
        return await uploads.photos(form, "photo")


@router.post("", summary="Enrol with photos", responses=CONFLICT, openapi_extra=files_body(photo=MAX_PHOTOS))
def add(
    employee_id: str, system: SystemOf, _: Admin, _turn: FewPictures, photos: Annotated[list[bytes], Depends(sent)]
) -> PhotosOut:
    """Answers with one result a photo, in order. Once it does, every gate knows the person.

    A photo is a JPEG, PNG, WebP, HEIC or AVIF, whatever its part declares. The last three are kept as JPEG. Partial
    success is 200. If no photo can be read at all, the answer is 400.
    """
    results = system.enrolment.add_photos(employee_id, photos)
    return PhotosOut(photos=[PhotoOut(**asdict(r)) for r in results])


class EventPicture(Strict):
    event: str
    number: int = Field(1, ge=1, le=100, description="as in GET /v1/events/{event}/pictures")


class FromEvents(Strict):
    """Events, whose best picture is taken, or single pictures of events, or both."""

    events: list[str] = Field([], max_length=MAX_PHOTOS, examples=[["01KAR3T9V5S0W8J6Q2X4Y7Z1AB"]])
    pictures: list[EventPicture] = Field([], max_length=MAX_PHOTOS)

    @model_validator(mode="after")
    def counted(self) -> Self:
        if not 1 <= len(self.wanted) <= MAX_PHOTOS:
            raise ValueError(f"name 1 to {MAX_PHOTOS} pictures of events")
        return self

    @property
    def wanted(self) -> list[EventPicture]:
        return [*(EventPicture(event=event, number=1) for event in self.events), *self.pictures]


@router.post("/from-events", summary="Enrol with pictures of events", responses=CONFLICT)
def add_from_events(employee_id: str, body: FromEvents, system: SystemOf, _: Admin) -> PhotosOut:
    """Makes photos of these events' pictures, with the same checks. It is off unless the operator allows it."""
    if not system.settings.enrol_from_gate:
        raise Forbidden("enrol_from_gate_off", "The settings do not allow this. Set FACEGATE_ENROL_FROM_GATE=true.")
    found = [system.events.picture(each.event, each.number) for each in body.wanted]
    results = system.enrolment.add_photos(employee_id, found)
    return PhotosOut(photos=[PhotoOut(**asdict(r)) for r in results])


@router.get("", summary="List an employee's photos", responses=ERRORS)
def find(employee_id: str, system: SystemOf, _: Admin) -> Page[KeptPhoto]:
    """One page holds them all: nobody has more than ten."""
    kept = [
        KeptPhoto(id=p.id, quality=round(p.quality, 3), media_type=p.media_type, created_at=p.created_at)
        for p in system.enrolment.photos(employee_id)
    ]
    return Page(items=kept, next=None)


@router.get("/{photo_id}", summary="Read a photo", responses=ERRORS, response_class=Response)
def read(employee_id: str, photo_id: str, system: SystemOf, _: Admin) -> Response:
    data, media_type = system.enrolment.photo(employee_id, photo_id)
    system.trail.seen("photos", employee_id, employee_id)
    return Response(data, media_type=media_type, headers=PRIVATE)


@router.delete("/{photo_id}", status_code=204, summary="Remove a photo", responses=CONFLICT)
def delete(employee_id: str, photo_id: str, system: SystemOf, _: Admin) -> None:
    """The template is made anew without the photo before this answers."""
    system.enrolment.delete_photo(employee_id, photo_id)


# No cache keeps a face, and no browser takes uploaded bytes for a page.
PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
