"""Turns every exception into an answer: `{"error": code, "detail": what to do}`, never a trace or a path."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app import machine
from app.core.access.rule_edits import InUse
from app.core.access.rule_set import Reference
from app.core.errors import (
    BadField,
    BadInput,
    Busy,
    Conflict,
    FacegateError,
    Forbidden,
    NotFound,
    NotRecorded,
    NotYetRecorded,
    Outdated,
    Refusal,
    TooLarge,
    Unauthorised,
    Unconfirmed,
)
from app.web.language.catalog import translated

Shown = Callable[[Request, JSONResponse], Response]
Handler = Callable[[Request, Exception], JSONResponse]

logger = logging.getLogger(__name__)

STATUS: dict[type[Refusal], int] = {
    BadInput: 400,
    Unauthorised: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Outdated: 409,
    TooLarge: 413,
    Busy: 503,
}
HTTP_CODES = {
    303: "sign_in_required",
    404: "not_found",
    405: "method_not_allowed",
    400: "bad_request",
    408: "request_timeout",
    413: "request_too_large",
}

# Kinds of rules that the contract calls otherwise than the rules file.
KIND_NAMES = {"gates": "gate-places", "modes": "gate-modes"}

# A commit may succeed although its answer is late or lost, and some calls change several things in turn.
UNCONFIRMED = (
    "The database did not confirm this in time. No gate opens. A change may be stored or not: check before you retry."
)

HTTP_DETAILS = {
    404: "There is nothing at this address. See /docs.",
    405: "This address does not take that method. See /docs.",
}


def problem(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": code, "detail": translated(detail)}, status, headers)


def install(app: FastAPI, shown: Shown) -> None:
    """Registers the handlers on the application. shown: turns an answer into a page if the caller wants one."""
    for kind, handler in {
        FacegateError: _facegate,
        RequestValidationError: _malformed,
        HTTPException: _http,
        OSError: _machine,
        ClientDisconnect: _gone,
        Exception: _unforeseen,
    }.items():
        app.add_exception_handler(kind, _with(handler, shown))


def _with(handler: Handler, shown: Shown) -> Callable[[Request, Exception], Response]:
    return lambda request, error: shown(request, handler(request, error))


def _facegate(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, Refusal):
        status = next((STATUS[c] for c in type(error).__mro__ if c in STATUS), 400)
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        if isinstance(error, Busy):
            headers["Retry-After"] = str(error.retry_after_s)
        members = {"error": error.code, "detail": translated(error.detail), **_more(error)}
        return JSONResponse(members, status, headers)
    logger.error('request_failed request="%s" error=%s why="%s"', _where(request), type(error).__name__, error)
    if isinstance(error, Unconfirmed):
        detail = "The database confirmed the record too late or not at all, so no gate opened. Check before you retry."
        return problem(503, "record_unconfirmed", detail, {"Retry-After": "1"})
    if isinstance(error, NotRecorded):
        why = f"No gate opens: {error.cause}. A change may be stored or not: check before you retry."
        detail = error.detail if isinstance(error, NotYetRecorded) else why if error.cause else UNCONFIRMED
        return problem(503, "not_recorded", detail, {"Retry-After": "1"})
    return _fault()


def _more(error: Refusal) -> dict[str, Any]:
    """What some refusals carry besides their words."""
    if isinstance(error, Outdated):
        return {"current": dict(error.current)}
    if isinstance(error, BadField):
        return {"field": error.field}
    return {"used_by": users(error.users)} if isinstance(error, InUse) else {}


def users(references: Iterable[Reference]) -> list[dict[str, str]]:
    """The entries that name an entry, in the contract's words."""
    return [
        {"kind": KIND_NAMES.get(one.by_kind, one.by_kind), "id": one.by_id, "name": one.by_name} for one in references
    ]


def _machine(request: Request, error: Exception) -> JSONResponse:
    """Answers faults of the machine, such as a full disk or a missing file."""
    assert isinstance(error, OSError)
    logger.error('request_failed request="%s" why="%s"', _where(request), machine.in_words(error))
    return _fault()


def _fault() -> JSONResponse:
    detail = "The service has a fault. Run `doctor` on its machine to find it."
    return problem(503, "system_fault", detail, {"Retry-After": "5"})


MOST_LISTED_CHARS = 500


def _malformed(request: Request, error: Exception) -> JSONResponse:
    # The answer does not repeat what was sent: it may be a secret or somebody's name.
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    names = [str(part) for part in first["loc"] if part not in ("body", "query", "path")]
    if first["type"] == "extra_forbidden":
        # The field's name was sent too.
        names, first["msg"] = names[:-1], "There is a field that this call does not know"
    if first["type"] == "json_invalid":
        names, first["msg"] = [], "The body is not JSON"
    if first["type"] == "model_attributes_type" and not names and not _is_json(request):
        first["msg"] = "The body is not declared as JSON; send the header Content-Type: application/json"
    if first["type"] == "enum" and len(first["msg"]) > MOST_LISTED_CHARS:
        first["msg"] = "Send one of the values that /docs lists"
    where = ".".join(names) or "request"
    return problem(422, "malformed_request", f"{where}: {first['msg']}.")


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, FacegateError):
        return _facegate(request, error.__cause__)
    code = HTTP_CODES.get(error.status_code, HTTP_CODES[400])
    detail = HTTP_DETAILS.get(error.status_code) or f"{str(error.detail).rstrip('.')}."
    return problem(error.status_code, code, detail, dict(error.headers or {}))


def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    logger.error('request_failed request="%s"', _where(request), exc_info=error)
    return problem(500, "internal_error", "The service failed at this request. Its log says why.")


def _gone(_: Request, error: Exception) -> JSONResponse:
    return problem(400, "client_disconnected", "The connection closed before the request was complete. Send it again.")


def _where(request: Request) -> str:
    """Returns the call as the contract names it. The address as sent could forge a line of the log."""
    return f"{request.method} {getattr(request.scope.get('route'), 'path', '(no route)')}"
