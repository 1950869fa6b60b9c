"""Errors as pages, for browsers that ask for one. Programs get the contract's JSON."""

import json

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from app.core.errors import FacegateError
from app.services.accounts.sessions import SignedIn
from app.web.console.render import render
from app.web.scim.routes import as_error
from app.web.security import signed_in

TITLES = {
    403: "Not allowed",
    404: "Page not found",
    422: "That did not work",
    429: "Too many attempts",
    503: "Not available now",
}
_KEPT = ("www-authenticate", "retry-after", "connection")
# What people are told where programs are sent to the contract, by code.
DETAILS = {"not_found": "No page has this address. It may be mistyped, or what it showed is gone."}


def as_page(request: Request, answer: JSONResponse) -> Response:
    """Returns the answer as a page if a browser asked for one outside /v1, and in SCIM's form below /scim."""
    if request.url.path.removeprefix(request.scope.get("root_path", "")).startswith("/scim/"):
        refused = as_error(answer.status_code, json.loads(bytes(answer.body))["detail"])
        refused.headers.update({name: answer.headers[name] for name in _KEPT if name in answer.headers})
        return refused
    wants_page = "text/html" in request.headers.get("accept", "")
    if answer.status_code < 400 or not wants_page or request.url.path.startswith("/v1/"):
        return answer
    title = TITLES.get(answer.status_code, "Something went wrong")
    told = json.loads(bytes(answer.body))
    detail = DETAILS.get(told["error"], told["detail"])
    # Who asked may be unknown while the database is away, so such a page offers no sign-in, only to ask again.
    fault = answer.status_code >= 500 and request.method == "GET"
    who = _person(request, answer)
    return render(request, "error.html", who, answer.status_code, title=title, detail=detail, fault=fault)


def _person(request: Request, answer: JSONResponse) -> SignedIn | None:
    if answer.status_code >= 500:
        return None
    try:
        return signed_in(request)
    except FacegateError:  # the database may be what failed
        return None
