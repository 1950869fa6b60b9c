"""Which language a request gets: the browser's cookie, else what the browser accepts, else the site's.

The cookie holds what somebody chose here. An account keeps its choice, and signing in puts it into the cookie. Calls
with a key are answered in English, which is the contract.
"""

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.language.catalog import ENGLISH, LANGUAGES, OF_SITE, spoken

COOKIE = "facegate-language"
COOKIE_S = 365 * 86_400
_ACCEPTED = re.compile(r"([a-z]{2,3})(?:-[a-z0-9-]+)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?", re.IGNORECASE)
MOST_ACCEPTED = 20  # a browser sends a handful


def accepted(header: str) -> str | None:
    """Returns the language that an Accept-Language header likes best among ours."""
    best: tuple[float, str] | None = None
    for part in header.split(",")[:MOST_ACCEPTED]:
        found = _ACCEPTED.fullmatch(part.strip())
        if found is None or found[1].lower() not in LANGUAGES:
            continue
        liked = float(found[2] or 1)
        if liked > 0 and (best is None or liked > best[0]):
            best = liked, found[1].lower()
    return best[1] if best else None


def language_of(request: Request) -> str:
    """Returns a language of LANGUAGES, or OF_SITE for a page where neither the cookie nor the browser names one."""
    if "authorization" in request.headers:
        return ENGLISH
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    if header := request.headers.get("accept-language"):
        return accepted(header) or OF_SITE
    return OF_SITE if "text/html" in request.headers.get("accept", "") else ENGLISH


def keep(answer: Response, language: str, *, path: str, secure: bool) -> None:
    """Sets the cookie. Lax: a link in a mail opens in the language that this browser had."""
    answer.set_cookie(COOKIE, language, max_age=COOKIE_S, path=path, httponly=True, samesite="lax", secure=secure)


class SpokenLanguage:
    """ASGI middleware that sets `spoken` for each request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "/static/" in scope["path"]:
            await self.app(scope, receive, send)
            return
        before = spoken.set(language_of(Request(scope)))
        try:
            await self.app(scope, receive, send)
        finally:
            spoken.reset(before)
