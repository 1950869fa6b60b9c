"""The page behind the link in a sponsor's mail: one press says that the contractor is still needed. Nobody signs in."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.core.errors import Refusal
from app.web.console.mailed_link import UNLISTED, into_cookie
from app.web.console.render import render
from app.web.security import SystemOf, from_here, prefix_of

router = APIRouter(include_in_schema=False)
COOKIE = "facegate_sponsor"


@router.get("/sponsor", response_class=HTMLResponse)
def show(request: Request, system: SystemOf, token: str = "", said: str = "") -> Response:
    if token:
        return into_cookie(request, "/sponsor", COOKIE, token)
    facts: dict[str, Any] = {"step": "done", "shown": None, "site": "", "problem": ""}
    status = 200
    if said != "done":
        try:
            shown = system.contractors.watch.open(request.cookies.get(COOKIE, ""))
        except Refusal as refusal:
            facts, status = {**facts, "step": "gone", "problem": refusal.detail}, 404
        else:
            facts |= {"step": "ask", "shown": shown, "site": system.site_clock.read().site}
    page = render(request, "contractors/sponsor.html", None, status, **facts)
    page.headers.update(UNLISTED)
    return page


@router.post("/sponsor/confirm")
def confirm(request: Request, system: SystemOf) -> Response:
    from_here(request)
    system.contractors.watch.confirm(request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/sponsor?said=done", 303)
    answer.delete_cookie(COOKIE, path=f"{prefix_of(request)}/sponsor")
    return answer
