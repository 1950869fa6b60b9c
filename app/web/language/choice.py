"""Which language a request gets: the browser's cookie, else what the browser accepts, else the site's.

The cookie holds what somebody chose here. An account keeps its choice, and signing in puts it into the cookie. Calls
with a key are answered in English, which is the contract.
"""

import re
from collections.abc import Callable
from contextlib import suppress

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.errors import NotRecorded
from app.web.language.catalog import ENGLISH, LANGUAGES, spoken

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


def language_of(request: Request) -> str | None:
    """Returns a language of LANGUAGES, or None for a page where neither the cookie nor the browser names one."""
    if "authorization" in request.headers:
        return ENGLISH
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    if found := accepted(request.headers.get("accept-language", "")):
        return found
    return None if "text/html" in request.headers.get("accept", "") else ENGLISH


class SiteLanguage:
    """The site's language. While the database is away it is what it was.

    Args:
        read: reads the site's setting, None for English. Raises NotRecorded while the database is away. A language
            that only a newer version has is English.
    """

    def __init__(self, read: Callable[[], str | None]) -> None:
        self._read = read
        self._known = ENGLISH

    def __call__(self) -> str:
        with suppress(NotRecorded):
            read = self._read()
            self._known = read if read in LANGUAGES else ENGLISH
        return self._known


def keep(answer: Response, language: str, *, path: str, secure: bool) -> None:
    """Sets the cookie. Lax: a link in a mail opens in the language that this browser had."""
    answer.set_cookie(COOKIE, language, max_age=COOKIE_S, path=path, httponly=True, samesite="lax", secure=secure)


class SpokenLanguage:
    """ASGI middleware that sets `spoken` for each request.

    Args:
        of_site: returns the site's language. It may wait for the database, so it is called in a thread, and only for a
            page that no other language is known for.
    """

    def __init__(self, app: ASGIApp, of_site: Callable[[], str]) -> None:
        self.app = app
        self._of_site = of_site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "/static/" in scope["path"]:
            await self.app(scope, receive, send)
            return
        language = language_of(Request(scope))
        if language is None:
            language = await run_in_threadpool(self._of_site)
        before = spoken.set(language)
        try:
            await self.app(scope, receive, send)
        finally:
            spoken.reset(before)
