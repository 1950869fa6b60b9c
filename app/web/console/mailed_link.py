"""The links of mails, which end with a secret: opened by whoever got one, without signing in."""

import re

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from app.web.security import prefix_of

UNLISTED = {"X-Robots-Tag": "noindex"}
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}")


def into_cookie(request: Request, page: str, cookie: str, token: str) -> Response:
    """Moves a link's token from the address into a cookie of its page.

    So it is in no history and no picture of the screen. What cannot be a token opens the page without one.
    """
    path = f"{prefix_of(request)}{page}"
    answer = RedirectResponse(page, 303, UNLISTED)  # which gets the prefix on its way out
    secure = request.url.scheme == "https"
    known = token if _TOKEN.fullmatch(token) else ""
    # Lax: the link is opened from a mail, and Strict cookies are not sent on the redirect that follows.
    answer.set_cookie(cookie, known, path=path, httponly=True, samesite="lax", secure=secure)
    return answer
