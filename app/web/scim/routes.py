"""The address that a directory is given: /scim/v2."""

import json
import logging
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from scim2_models import (
    Error,
    InvalidFilterException,
    Resource,
    ResponseParameters,
    SCIMException,
)
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import SCIM_MEDIA_TYPE, ScimResponse
from scim2_server.service import ScimService
from starlette.concurrency import run_in_threadpool

from app.core.accounts.users import Principal
from app.core.types import Role
from app.web.scim.models import PROVIDER
from app.web.scim.storage import DirectoryStorage
from app.web.security import SystemOf, require
from app.web.turns import GATES
from app.wiring import System

logger = logging.getLogger(__name__)
PREFIX = "/scim/v2"
MOST_FILTER_CHARS = 2_000
MOST_NESTED = 20
DirectoryKey = Annotated[Principal, Depends(require(Role.DIRECTORY))]
router = APIRouter(include_in_schema=False)


class Service(ScimService):
    """The protocol, and what Entra ID and Okta make of it: Okta asserts a body after a PATCH of a user."""

    def patch_response(
        self, base_url: str, resource: Resource[Any], response_parameters: ResponseParameters[Any]
    ) -> ScimResponse:
        if resource.meta is None or resource.meta.resource_type != "User":
            return super().patch_response(base_url, resource, response_parameters)
        return self.replacement_response(base_url, resource, response_parameters)


SERVICE = Service(PROVIDER)


@router.api_route(PREFIX + "/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def scim(rest: str, request: Request, system: SystemOf, who: DirectoryKey) -> Response:
    """Everything that the two RFCs name but bulk, which no provider needs."""
    asked = ScimRequest(
        method=request.method,
        base_url=str(request.base_url).rstrip("/") + PREFIX,
        path="/" + rest,
        query=dict(request.query_params),
        headers=[(name, value) for name, value in request.headers.items()],
        body=await request.body(),
    )
    await GATES.let_through()
    return await run_in_threadpool(_answer, system, who, asked)


def _answer(system: System, who: Principal, asked: ScimRequest) -> Response:
    key = system.keys.get(who.id)
    assert key.directory_id is not None, "a directory's key names it"
    storage = DirectoryStorage(
        system.store, system.people_sync, system.group_sync, key.directory_id, asked.method in ("POST", "PUT", "PATCH")
    )
    try:
        _check(asked)
        answer = ScimHandler(SERVICE, storage).handle(asked)
    except SCIMException as refusal:
        logger.info("scim_refused status=%s type=%s", refusal.status, refusal.scim_type)
        system.people_sync.refused(key.directory_id)
        answer = SERVICE.error_response(refusal)
    if storage.held:
        system.directories.look()
    if asked.method == "GET":
        system.people_sync.seen(key.directory_id)
    return _response(answer)


def _check(asked: ScimRequest) -> None:
    """Refuses a filter that would take long to read, and mends the body. A PATCH has filters in its paths.

    Raises SCIMException.
    """
    for name in ("filter", "sortBy", "attributes", "excludedAttributes"):
        _simple(asked.query.get(name, ""))
    if asked.method in ("PATCH", "POST") and asked.body:
        try:
            body = json.loads(asked.body)
        except (ValueError, RecursionError):
            return  # the protocol says what is wrong with it
        if isinstance(body, dict):
            _simple(body.get("filter", ""))
            for operation in body.get("Operations") or body.get("operations") or ():
                if isinstance(operation, dict):
                    _simple(operation.get("path", ""))
                    _without_nulls(operation)
            asked.body = json.dumps(body).encode()


def _without_nulls(operation: dict[str, Any]) -> None:
    """Entra ID removes a member as {"$ref": null, "value": "..."}, which would match no member that has a reference."""
    values = operation.get("value")
    if isinstance(values, list):
        operation["value"] = [
            {key: value for key, value in one.items() if value is not None} if isinstance(one, dict) else one
            for one in values
        ]


def _simple(text: object) -> None:
    if isinstance(text, str) and (
        len(text) > MOST_FILTER_CHARS or text.count("(") + text.count("[") + text.lower().count("not ") > MOST_NESTED
    ):
        raise InvalidFilterException(
            detail=f"Send a filter or path of at most {MOST_FILTER_CHARS} characters, nested {MOST_NESTED} deep."
        )


def _response(answer: ScimResponse) -> Response:
    content = b"" if answer.body is None else json.dumps(answer.body).encode()
    headers = {name: value for name, value in answer.headers.items() if name.lower() != "content-type"}
    if answer.status == HTTPStatus.NO_CONTENT:
        return Response(status_code=204, headers=headers)
    return Response(content, int(answer.status), {**headers, "Cache-Control": "no-cache"}, media_type=SCIM_MEDIA_TYPE)


def as_error(status: int, detail: str) -> Response:
    """A refusal before the protocol was reached, in SCIM's form."""
    error = Error(status=status, detail=detail)
    return Response(json.dumps(error.model_dump()).encode(), status, media_type=SCIM_MEDIA_TYPE)
