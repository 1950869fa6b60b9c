"""The pages for users, sign-ins and API keys, which are for admins, and everyone's own account."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from app.core.accounts.users import SignInOutcome
from app.core.types import Role
from app.services.accounts.users import PERSON_ROLE_WORDS
from app.web.console.render import Link, render
from app.web.console.session import AdminPage, AnyPage
from app.web.security import SystemOf

ADMINS = frozenset({Role.ADMIN})
LINKS = (
    Link("/users", "Users", "users", ADMINS, section="settings"),
    Link("/signins", "Sign-ins", "history", ADMINS, section="settings"),
    Link("/keys", "API keys", "key", ADMINS, section="settings"),
)
ROWS = 50
OUTCOMES = {
    SignInOutcome.SIGNED_IN: ("signed in", "good"),
    SignInOutcome.WRONG_PASSWORD: ("wrong password", "bad"),
    SignInOutcome.UNKNOWN_NAME: ("unknown name", "bad"),
    SignInOutcome.DISABLED: ("user is disabled", "bad"),
    SignInOutcome.REFUSED: ("refused", "bad"),
}
router = APIRouter(include_in_schema=False)


@router.get("/users", response_class=HTMLResponse)
def users(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    found = system.accounts.users.all()
    return render(request, "accounts/users.html", person, users=found, roles=PERSON_ROLE_WORDS)


@router.get("/signins", response_class=HTMLResponse)
def sign_ins(
    request: Request,
    system: SystemOf,
    person: AdminPage,
    user: Annotated[str | None, Query(max_length=64)] = None,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> HTMLResponse:
    found = system.accounts.sign_in.recent(user or None, cursor, ROWS + 1)
    return render(
        request,
        "accounts/signins.html",
        person,
        rows=found[:ROWS],
        older=found[ROWS - 1].id if len(found) > ROWS else None,
        users=system.accounts.users.all(),
        chosen=user or "",
        outcomes=OUTCOMES,
    )


@router.get("/keys", response_class=HTMLResponse)
def keys(request: Request, system: SystemOf, person: AdminPage) -> HTMLResponse:
    gates = {gate.id: gate.name for gate in system.gates.all()}
    found, used = system.keys.all()[::-1], system.keys.last_uses()
    return render(request, "accounts/keys.html", person, keys=found, gates=gates, used=used)


@router.get("/account", response_class=HTMLResponse)
def account(request: Request, system: SystemOf, person: AnyPage) -> HTMLResponse:
    return render(
        request,
        "accounts/account.html",
        person,
        sessions=system.accounts.sessions.of(person.user.id),
        rows=system.accounts.sign_in.recent(person.user.id, limit=10),
        outcomes=OUTCOMES,
        roles=PERSON_ROLE_WORDS,
    )
