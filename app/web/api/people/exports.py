"""Exports all employees in one file, as an import takes them."""

import logging
from collections.abc import Iterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from app.core.types import Role
from app.web.api.describe import ERRORS
from app.web.edge.zip_stream import zipped
from app.web.security import Admin, Credentials, SystemOf, allow, caller
from app.web.turns import FewExports

router = APIRouter(prefix="/v1", tags=["Imports"])
logger = logging.getLogger(__name__)

_STILL_ALLOWED = 100  # files between two checks of the caller's rights


@router.get(
    "/employees.zip",
    summary="Export all employees with their photos, as an import takes them",
    responses=ERRORS,
    response_class=StreamingResponse,
)
def everybody(
    request: Request, system: SystemOf, credentials: Credentials, who: Admin, _turn: FewExports
) -> StreamingResponse:
    """Sends people.csv and photos/ in one zip, **not encrypted**. It is sent as it is read, so it has no length.

    `POST /v1/imports` takes it back as its part `photos`, without a `csv`. A zip that broke off cannot be read.
    Contractors are left out, since a file names no sponsor.
    """

    def parts() -> Iterator[bytes]:
        for number, part in enumerate(zipped(system.people_export.files()), 1):
            if number % _STILL_ALLOWED == 0:
                # This takes minutes for a large company. A caller who is signed out meanwhile gets no more.
                allow(caller(request, credentials, ""), Role.ADMIN)
            yield part
        logger.warning("people_export_ended by=%s id=%s content=everybody encrypted=no", who.kind, who.id)

    system.trail.exported("people")
    logger.warning("people_export_began by=%s id=%s content=everybody encrypted=no", who.kind, who.id)
    name = f"facegate-people-{system.clock():%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(parts(), media_type="application/zip", headers=headers)
