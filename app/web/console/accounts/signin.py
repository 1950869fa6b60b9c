"""Signing in and out, the link for the first admin, and the links that set a new password."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.core.accounts.users import TicketKind
from app.core.errors import Busy, Forbidden, Refusal
from app.services.accounts.sessions import Ended, of_display
from app.services.accounts.sign_in import SignInResult
from app.web.console.render import render
from app.web.console.session import AnyPage, Visitor, local_path
from app.web.language.catalog import LANGUAGES
from app.web.language.choice import keep
from app.web.security import DEVICE, SystemOf, client_of, cookie_name, cookie_path, from_here
from app.wiring import System

router = APIRouter(include_in_schema=False)
DEVICE_S = 180 * 86_400
Short = Annotated[str, Form(max_length=1000)]


@router.get("/signin", response_class=HTMLResponse)
def ask(request: Request, system: SystemOf, visitor: Visitor, next: str = "/", left: bool = False) -> Response:
    if visitor is not None and not visitor.user.is_display:
        return RedirectResponse(local_path(next), 303)
    token = request.cookies.get(cookie_name(request), "")
    if visitor is None and of_display(token):
        return RedirectResponse("/display", 303)
    ended = system.accounts.sessions.why_ended(token) if token and visitor is None else None
    said = "You signed out." if left else why_ended(ended, system) if ended else ""
    return signin_form(request, next=local_path(next), said=said)


@router.post("/signin", response_class=HTMLResponse)
def enter(
    request: Request, system: SystemOf, name: Short = "", password: Short = "", next: Annotated[str, Form()] = "/"
) -> Response:
    from_here(request)
    wanted = local_path(next)
    try:
        entered = system.accounts.sign_in.with_password(name, password, client_of(request))
    except Refusal as refusal:
        return signin_form(request, _status(refusal), next=wanted, name=name[:64], problem=refusal.detail)
    return remember(request, RedirectResponse(wanted, 303), entered)


@router.post("/signout")
def leave(request: Request, system: SystemOf, person: AnyPage) -> Response:
    system.accounts.sessions.end(person.session.id)
    answer = RedirectResponse("/signin?left=1", 303)
    name, path = cookie_name(request), cookie_path(request)
    answer.delete_cookie(name, path=path, secure=_secure(request), httponly=True, samesite="strict")
    return answer


@router.get("/setup", response_class=HTMLResponse)
@router.get("/reset", response_class=HTMLResponse)
def follow(request: Request, system: SystemOf, token: str = "") -> Response:
    """Shows the form of a one-time link. Sending the form uses the link up; opening it does not."""
    kind = _kind(request)
    try:
        user = system.accounts.users.ticket(token, kind)
    except Refusal as refusal:
        return _link_form(request, kind, None, "", 404, refusal.detail)
    return _link_form(request, kind, token, user.name if user else "")


@router.post("/setup", response_class=HTMLResponse)
@router.post("/reset", response_class=HTMLResponse)
def redeem(
    request: Request,
    system: SystemOf,
    token: Short = "",
    name: Short = "",
    password: Short = "",
    again: Short = "",
    revoke_first_key: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    from_here(request)
    kind, accounts = _kind(request), system.accounts
    try:
        user = accounts.users.ticket(token, kind)
    except Refusal as refusal:
        return _link_form(request, kind, None, "", 404, refusal.detail)
    shown = user.name if user else name[:64]
    try:
        if password != again:
            raise Forbidden("passwords_differ", "The two passwords differ; type them again.")
        if kind is TicketKind.SETUP:
            entered = accounts.sign_in.with_setup_link(token, name, password, client_of(request))
        else:
            entered = accounts.sign_in.with_reset_link(token, password, client_of(request))
    except Refusal as refusal:
        return _link_form(request, kind, token, shown, _status(refusal), refusal.detail)
    first_key = system.first_hour.key()
    if kind is TicketKind.SETUP and revoke_first_key and first_key is not None:
        system.keys.revoke(first_key.id)
    return remember(request, RedirectResponse("/", 303), entered)


def _link_form(
    request: Request, kind: TicketKind, token: str | None, name: str, status: int = 200, problem: str = ""
) -> HTMLResponse:
    """token: None for a link that does not work."""
    system: System = request.app.state.system
    has_key = kind is TicketKind.SETUP and token is not None and system.first_hour.key() is not None
    shown = {"kind": kind, "problem": problem, "token": token, "name": name, "has_first_key": has_key}
    return render(request, "accounts/link.html", None, status, **shown)


def remember(request: Request, answer: Response, entered: SignInResult, lasts: timedelta | None = None) -> Response:
    """Sets the cookies: of the session, which ends with the browser unless it lasts, of the device, of the language."""
    secure, path = _secure(request), cookie_path(request)
    max_age = None if lasts is None else round(lasts.total_seconds())
    answer.set_cookie(
        cookie_name(request),
        entered.session,
        max_age=max_age,
        path=path,
        httponly=True,
        samesite="strict",
        secure=secure,
    )
    if entered.device:
        answer.set_cookie(
            DEVICE, entered.device, max_age=DEVICE_S, path=path, httponly=True, samesite="strict", secure=secure
        )
    if entered.user.language in LANGUAGES:
        keep(answer, entered.user.language, path=path, secure=secure)
    return answer


def why_ended(ended: Ended, system: System) -> str:
    """Returns what the sign-in page says to somebody whose session is over."""
    sessions = system.accounts.sessions
    idle, longest = round(sessions.idle.total_seconds() / 60), round(sessions.longest.total_seconds() / 3600)
    return {
        Ended.IDLE: f"You were signed out because nobody used this page for {idle} minutes.",
        Ended.LONGEST: f"You were signed out because a session lasts at most {longest} hours.",
        Ended.DISABLED: "You were signed out because an admin disabled this account.",
        Ended.REMOVED: "You were signed out: from another browser, by a new password, by an admin, "
        f"or because more than {longest} hours have passed.",
    }[ended]


def signin_form(
    request: Request, status: int = 200, *, next: str = "/", name: str = "", problem: str = "", said: str = ""
) -> HTMLResponse:
    provider = request.app.state.system.accounts.federation.provider()
    context = {"next": next, "name": name, "problem": problem, "said": said, "provider": provider}
    return render(request, "accounts/signin.html", None, status, **context)


def _kind(request: Request) -> TicketKind:
    return TicketKind.SETUP if request.url.path == "/setup" else TicketKind.RESET


def _secure(request: Request) -> bool:
    return request.url.scheme == "https"


def _status(refusal: Refusal) -> int:
    return 429 if isinstance(refusal, Busy) else 400
