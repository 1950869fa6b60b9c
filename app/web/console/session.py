"""Who may see a page. Visitors who are not signed in go to the sign-in page, and then to the page they asked for."""

from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, HTTPException, Request

from app.core.accounts.users import PERSON_ROLES, SCREEN_ROLES
from app.core.errors import Forbidden
from app.core.types import Role
from app.services.accounts.sessions import SignedIn
from app.web.security import HARMLESS, check_csrf, csrf_sent, signed_in

SIGN_IN = "/signin"


def local_path(wanted: str | None) -> str:
    """Returns the path to go to after signing in; "/" for anything that could lead to another site."""
    if not wanted or not wanted.startswith("/") or wanted.startswith("//") or len(wanted) > 2000:
        return "/"
    # Browsers read a backslash as a slash and drop control characters.
    return "/" if "\\" in wanted or not wanted.isprintable() else wanted


def page_for(*roles: Role) -> Callable[..., SignedIn]:
    """Returns a dependency that admits people with one of these roles."""

    def check(request: Request, csrf: Annotated[str, Depends(csrf_sent)]) -> SignedIn:
        person = signed_in(request)
        if person is None:
            back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            wanted = "" if request.method not in HARMLESS or back == "/" else f"?next={quote(back, safe='')}"
            raise HTTPException(303, "Sign in first.", {"Location": SIGN_IN + wanted})
        check_csrf(request, csrf)
        if not person.principal.may(*roles):
            needed = " or ".join(role.value for role in roles)
            raise Forbidden("wrong_role", f"This page needs the role {needed}. Ask an admin for it.")
        return person

    return check


Visitor = Annotated[SignedIn | None, Depends(signed_in)]
ScreenPage = Annotated[SignedIn, Depends(page_for(*sorted(SCREEN_ROLES)))]
AnyPage = Annotated[SignedIn, Depends(page_for(*sorted(PERSON_ROLES)))]
SecurityPage = Annotated[SignedIn, Depends(page_for(Role.ADMIN, Role.SECURITY))]
AdminPage = Annotated[SignedIn, Depends(page_for(Role.ADMIN))]
