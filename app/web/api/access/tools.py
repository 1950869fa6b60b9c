"""Compares pictures without a gate: are these the same person, and who is this?"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from app.core.errors import BadInput
from app.web.api.describe import BODY_ERRORS, files_body
from app.web.api.schemas import CandidateOut, Identity, Same
from app.web.edge import uploads
from app.web.security import Admin, SystemOf
from app.web.turns import FewPictures

router = APIRouter(prefix="/v1", tags=["Tools"])


async def two(request: Request) -> tuple[bytes, bytes]:
    async with uploads.form(request, 2) as form:
        a, b = await uploads.photos(form, "a"), await uploads.photos(form, "b")
    if len(a) != 1 or len(b) != 1:
        raise BadInput("two_images_required", "Send one image as `a` and one as `b`.")
    return a[0], b[0]


async def one(request: Request) -> bytes:
    async with uploads.form(request, 2) as form:
        images = await uploads.photos(form, "image")
    if len(images) != 1:
        raise BadInput("one_image_required", "Send one image as `image`.")
    return images[0]


@router.post(
    "/verify",
    summary="Compare two pictures: is it the same person?",
    responses=BODY_ERRORS,
    openapi_extra=files_body(a=1, b=1),
)
def verify(system: SystemOf, _: Admin, _turn: FewPictures, pair: Annotated[tuple[bytes, bytes], Depends(two)]) -> Same:
    """Compares two pictures with each other. Nothing is stored."""
    found = system.comparison.verify(*map(system.enrolment.readable, pair))
    return Same(
        same=found.same,
        similarity=round(found.similarity, 4),
        threshold=round(found.threshold, 4),
        probability=round(found.probability, 4),
    )


@router.post(
    "/identify",
    summary="Rank the employees that a picture resembles",
    responses=BODY_ERRORS,
    openapi_extra=files_body(image=1),
)
def identify(
    system: SystemOf, _: Admin, _turn: FewPictures, image: Annotated[bytes, Depends(one)]
) -> dict[str, list[CandidateOut]]:
    """Answers with ranked candidates. There is no event and no gate, and nothing is stored."""
    found = system.comparison.identify(system.enrolment.readable(image))
    return {
        "candidates": [
            CandidateOut(
                employee=Identity(id=m.employee.id, name=m.employee.name, number=m.employee.number),
                similarity=round(m.similarity, 4),
                threshold=round(m.threshold, 4),
                above_threshold=m.similarity >= m.threshold,
            )
            for m in found
        ]
    }
