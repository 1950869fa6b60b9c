"""Displays: the page on which admins add them, and the page on which a code is typed into a screen's browser."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.core.errors import Busy, Refusal
from app.core.types import Role
from app.services.accounts.sessions import DISPLAY_FOR, of_display
from app.web.console.accounts.signin import remember
from app.web.console.render import Link, render
from app.web.console.session import AdminPage, Visitor
from app.web.security import SystemOf, client_of, cookie_name, from_here

router = APIRouter(include_in_schema=False)
LINKS = (Link("/displays", "Displays", "display", frozenset({Role.ADMIN}), section="settings"),)
OVER = "This display was revoked or its weeks are over. Ask an admin for a code."


@router.get("/displays", response_class=HTMLResponse)
def displays(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    return render(
        request, "accounts/displays.html", person, displays=system.accounts.displays.all(), now=system.clock()
    )


@router.get("/display", response_class=HTMLResponse)
def ask(request: Request, visitor: Visitor) -> Response:
    if visitor is not None and visitor.user.is_display:
        return RedirectResponse("/live", 303)
    over = visitor is None and of_display(request.cookies.get(cookie_name(request), ""))
    return _form(request, problem=OVER if over else "")


@router.post("/display", response_class=HTMLResponse)
def enter(request: Request, system: SystemOf, code: Annotated[str, Form(max_length=100)] = "") -> Response:
    from_here(request)
    try:
        entered = system.accounts.displays.open(code, client_of(request))
    except Refusal as refusal:
        return _form(request, 429 if isinstance(refusal, Busy) else 400, problem=refusal.detail)
    return remember(request, RedirectResponse("/live", 303), entered, lasts=DISPLAY_FOR)


def _form(request: Request, status: int = 200, problem: str = "") -> HTMLResponse:
    return render(request, "accounts/display.html", None, status, problem=problem)
