"""What the page behind a self-enrolment link sends: frames to be checked, and photos. Its cookie is the only key."""

from dataclasses import asdict, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from app.core.people.invitations import MOST_PHOTOS
from app.web.api.people.photo_checks import CheckOut, look_at, picture
from app.web.api.schemas import PhotoOut, PhotosOut
from app.web.edge import uploads
from app.web.security import INVITATION, SystemOf, from_here
from app.web.turns import FewPictures

router = APIRouter(include_in_schema=False)


def token_of(request: Request, system: SystemOf) -> str:
    """Returns the token of a link that still works. Raises NotFound, and Forbidden for a call from another site."""
    from_here(request)
    token = request.cookies.get(INVITATION, "")
    system.self_enrolment.open(token)
    return token


Token = Annotated[str, Depends(token_of)]


async def sent(request: Request, _: Token) -> list[bytes]:
    async with uploads.form(request, MOST_PHOTOS + 1) as form:
        return await uploads.photos(form, "photo")


async def frame(request: Request, _: Token) -> bytes:
    return await picture(request)


@router.post("/enrol/photo-checks")
def check(system: SystemOf, _turn: FewPictures, data: Annotated[bytes, Depends(frame)]) -> CheckOut:
    """Guides the person; nothing is compared and nothing kept."""
    return look_at(system, data)


@router.post("/enrol/photos")
def send(
    token: Token, system: SystemOf, _turn: FewPictures, photos: Annotated[list[bytes], Depends(sent)]
) -> PhotosOut:
    """Answers without the ids of stored photos, which are of use to admins only."""
    results = system.self_enrolment.send(token, photos)
    return PhotosOut(photos=[PhotoOut(**asdict(replace(one, id=None, other=None))) for one in results])
