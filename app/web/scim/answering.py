"""Answers a directory's request by the protocol. Imported with the first one: its libraries take 0.7 s of a start."""

import json
import logging
from http import HTTPStatus
from typing import Any

from fastapi import Response
from scim2_models import InvalidFilterException, Resource, ResponseParameters, SCIMException
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import SCIM_MEDIA_TYPE, ScimResponse
from scim2_server.service import ScimService

from app.core.accounts.users import Principal
from app.web.scim.models import PROVIDER
from app.web.scim.storage import DirectoryStorage
from app.wiring import System

logger = logging.getLogger(__name__)
MOST_FILTER_CHARS = 2_000
MOST_NESTED = 20


class Service(ScimService):
    """The protocol, and what Entra ID and Okta make of it: Okta asserts a body after a PATCH of a user."""

    def patch_response(
        self, base_url: str, resource: Resource[Any], response_parameters: ResponseParameters[Any]
    ) -> ScimResponse:
        if resource.meta is None or resource.meta.resource_type != "User":
            return super().patch_response(base_url, resource, response_parameters)
        return self.replacement_response(base_url, resource, response_parameters)


SERVICE = Service(PROVIDER)


def answer(system: System, who: Principal, asked: ScimRequest) -> Response:
    """Everything that the two RFCs name but bulk requests, which no provider needs."""
    directory_id = who.directory_id
    assert directory_id is not None, "a directory's key names it"
    changes = asked.method in ("POST", "PUT", "PATCH")
    storage = DirectoryStorage(system.store, system.people_sync, system.group_sync, directory_id, changes)
    try:
        _check(asked)
        answered = ScimHandler(SERVICE, storage).handle(asked)
    except SCIMException as refusal:
        logger.info("scim_refused status=%s type=%s", refusal.status, refusal.scim_type)
        system.people_sync.refused(directory_id)
        answered = SERVICE.error_response(refusal)
    if storage.held:
        system.directories.look()
    if asked.method == "GET":
        system.people_sync.seen(directory_id)
    return _response(answered)


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
