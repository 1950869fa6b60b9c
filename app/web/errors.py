"""One place where an exception becomes an answer: `{"error": code, "detail": what to do}`, never a trace or a path."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.core.errors import (
    BadInput,
    Busy,
    Conflict,
    FacegateError,
    Forbidden,
    NotFound,
    NotRecorded,
    Refusal,
    TooLarge,
    Unauthorised,
)

logger = logging.getLogger(__name__)

STATUS: dict[type[Refusal], int] = {
    BadInput: 400,
    Unauthorised: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    Busy: 503,
}
HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 400: "bad_request", 413: "request_too_large"}


def problem(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": code, "detail": detail}, status, headers)


def install(app: FastAPI) -> None:
    """Registers the handlers on the application."""
    app.add_exception_handler(FacegateError, _facegate)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


def _facegate(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, Refusal):
        status = next((STATUS[c] for c in type(error).__mro__ if c in STATUS), 400)
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        if isinstance(error, Busy):
            headers["Retry-After"] = str(error.retry_after_s)
        return problem(status, error.code, error.detail, headers)
    logger.error("%s %s: %s: %s", request.method, request.url.path, type(error).__name__, error)
    if isinstance(error, NotRecorded):
        detail = "The database did not take the record in time, so nothing was done; try again."
        return problem(503, "not_recorded", detail, {"Retry-After": "1"})
    return problem(
        503, "system_fault", "The service has a fault; `doctor` on its machine says which.", {"Retry-After": "5"}
    )


def _malformed(_: Request, error: Exception) -> JSONResponse:
    # What was sent is not repeated: it may be a secret or somebody's name.
    first = error.errors()[0] if isinstance(error, RequestValidationError) else {"loc": (), "msg": "malformed"}
    where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
    return problem(422, "malformed_request", f"{where}: {first['msg']}." if where else f"{first['msg']}.")


def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = HTTP_CODES.get(error.status_code, "refused")
    detail = "There is nothing at this address; see /docs." if error.status_code == 404 else str(error.detail)
    return problem(error.status_code, code, detail, dict(error.headers or {}))


def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(500, "internal_error", "The service failed at this request and has logged why.")
