"""The page behind a visitor's link: their pass, for a phone or for paper. Nobody signs in."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from app.core.errors import Refusal
from app.web.console.mailed_link import UNLISTED, into_cookie
from app.web.console.render import render
from app.web.passes.picture import drawn
from app.web.security import SystemOf

router = APIRouter(include_in_schema=False)
COOKIE = "facegate_visit"


@router.get("/visit", response_class=HTMLResponse)
def show(request: Request, system: SystemOf, token: str = "") -> Response:
    if token:
        return into_cookie(request, "/visit", COOKIE, token)
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
