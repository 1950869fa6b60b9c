"""The address that a directory is given: /scim/v2."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from app.core.accounts.users import Principal
from app.core.types import Role
from app.web.security import SystemOf, require
from app.web.turns import GATES
from app.wiring import System

PREFIX = "/scim/v2"
MEDIA_TYPE = "application/scim+json"
DirectoryKey = Annotated[Principal, Depends(require(Role.DIRECTORY))]
router = APIRouter(include_in_schema=False)


@router.api_route(PREFIX + "/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def scim(rest: str, request: Request, system: SystemOf, who: DirectoryKey) -> Response:
    await GATES.let_through()
    return await run_in_threadpool(_answer, system, who, rest, request, await request.body())


def _answer(system: System, who: Principal, path: str, request: Request, body: bytes) -> Response:
    # Not above: most sites have no directory, and these libraries take 0.7 s of every start.
    from scim2_server.requests import ScimRequest

    from app.web.scim.answering import answer

    asked = ScimRequest(
        method=request.method,
        base_url=str(request.base_url).rstrip("/") + PREFIX,
        path="/" + path,
        query=dict(request.query_params),
        headers=list(request.headers.items()),
        body=body,
    )
    return answer(system, who, asked)


def as_error(status: int, detail: str) -> Response:
    """A refusal before the protocol was reached, in SCIM's form (RFC 7644, section 3.12)."""
    error = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(status), "detail": detail}
    return Response(json.dumps(error).encode(), status, media_type=MEDIA_TYPE)
