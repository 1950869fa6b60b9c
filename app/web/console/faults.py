"""An error as a page, for a person whose browser asked for one; programs get the contract's JSON."""

import json

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from app.core.errors import FacegateError
from app.services.accounts.sessions import SignedIn
from app.web.console.render import render
from app.web.security import signed_in

TITLES = {403: "Not for you", 404: "Nothing here", 422: "That did not work", 429: "Too fast", 503: "Not now"}


def as_page(request: Request, answer: JSONResponse) -> Response:
    """The same answer, readable, if a browser asked for a page and not for /v1."""
    wants_page = "text/html" in request.headers.get("accept", "")
    if answer.status_code < 400 or not wants_page or request.url.path.startswith("/v1/"):
        return answer
    title = TITLES.get(answer.status_code, "Something is wrong")
    detail = json.loads(bytes(answer.body))["detail"]
    return render(request, "error.html", _person(request, answer), answer.status_code, title=title, detail=detail)


def _person(request: Request, answer: JSONResponse) -> SignedIn | None:
    if answer.status_code >= 500:
        return None
    try:
        return signed_in(request)
    except FacegateError:  # the database is what is wrong
        return None
