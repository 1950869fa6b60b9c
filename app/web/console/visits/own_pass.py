"""The page behind a visitor's link: their pass, for a phone or for paper. Nobody signs in."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.core.errors import Refusal
from app.web.console.render import render
from app.web.passes.picture import drawn
from app.web.security import SystemOf, prefix_of

router = APIRouter(include_in_schema=False)
COOKIE = "facegate_visit"
UNLISTED = {"X-Robots-Tag": "noindex"}


@router.get("/visit", response_class=HTMLResponse)
def show(request: Request, system: SystemOf, token: str = "") -> Response:
    """token: moved from the address into a cookie, so that it is in no history and no picture of the screen."""
    if token:
        path = f"{prefix_of(request)}/visit"
        answer: Response = RedirectResponse(path, 303, UNLISTED)
        secure = request.url.scheme == "https"
        # Lax: the link is opened from a mail, and Strict cookies are not sent on the redirect that follows.
        answer.set_cookie(COOKIE, token[:200], path=path, httponly=True, samesite="lax", secure=secure)
        return answer
    try:
        shown, code = system.visits.book.open(request.cookies.get(COOKIE, ""))
    except Refusal as refusal:
        page = render(request, "visits/own_pass.html", None, 404, shown=None, site="", qr="", problem=refusal.detail)
    else:
        clocks, visit = system.site_clock.read(), shown.visit
        page = render(
            request,
            "visits/own_pass.html",
            None,
            shown=shown,
            site=clocks.site,
            starts=visit.starts_at.astimezone(clocks.zone),
            ends=visit.ends_at.astimezone(clocks.zone),
            qr=drawn(code) if code else "",
            problem="",
        )
    page.headers.update(UNLISTED)
    return page
