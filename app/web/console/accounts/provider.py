"""Signing in through a provider: sends the browser there and checks what it brings back."""

import logging
from urllib.parse import quote, unquote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.core.errors import FacegateError, Fault, Refusal
from app.web.console.accounts.signin import remember, signin_form
from app.web.console.render import render
from app.web.console.session import local_path
from app.web.security import COOKIE, SystemOf, client_of, prefix_of

router = APIRouter(include_in_schema=False)
JOURNEY, WANTED = f"{COOKIE}-journey", f"{COOKIE}-wanted"
BEGIN, BACK = "/signin/provider", "/signin/provider/back"
JOURNEY_S = 600

logger = logging.getLogger(__name__)


@router.get(BEGIN)
def begin(request: Request, system: SystemOf, next: str = "/") -> Response:
    try:
        address, journey = system.accounts.federation.begin(_redirect(request))
    except FacegateError as error:
        return _failed(request, error)
    answer = RedirectResponse(address, 303)
    for name, value in ((JOURNEY, str(journey)), (WANTED, quote(local_path(next), safe=""))):
        # Lax: the browser must send both when it returns from the provider's site.
        secure, path = request.url.scheme == "https", prefix_of(request) + BACK
        answer.set_cookie(name, value, max_age=JOURNEY_S, path=path, httponly=True, samesite="lax", secure=secure)
    return answer


@router.get(BACK)
def back(request: Request, system: SystemOf, state: str = "", code: str = "", error: str = "") -> Response:
    cookie = request.cookies.get(JOURNEY, "")
    client = client_of(request)
    try:
        entered = system.accounts.federation.finish(cookie, state, code, _redirect(request), client, error)
    except FacegateError as failure:
        answer: Response = _failed(request, failure)
    else:
        # After a redirect the request would still count as the provider's, without the session's cookie.
        wanted = local_path(unquote(request.cookies.get(WANTED, "/")))
        onward = render(request, "accounts/onward.html", None, target=wanted, words="You are signed in")
        answer = remember(request, onward, entered)
    for name in (JOURNEY, WANTED):
        answer.delete_cookie(name, path=prefix_of(request) + BACK)
    return answer


def _redirect(request: Request) -> str:
    return f"{request.base_url}".rstrip("/") + prefix_of(request) + BACK


def _failed(request: Request, error: FacegateError) -> Response:
    if isinstance(error, Refusal):
        problem, status = error.detail, 403
    else:
        assert isinstance(error, Fault)
        logger.error('sign_in_provider_failed why="%s"', error)
        problem, status = "The provider does not work now. Sign in with name and password, or tell an admin.", 503
    return signin_form(request, status, problem=problem)
