"""The switch of the language, at the foot of every page."""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.core.errors import NotRecorded
from app.web.console.session import local_path
from app.web.language.catalog import LANGUAGES
from app.web.language.choice import keep
from app.web.security import SystemOf, cookie_path, from_here, signed_in

router = APIRouter(include_in_schema=False)


@router.post("/language")
def choose(
    request: Request,
    system: SystemOf,
    language: Annotated[str, Form(max_length=10)],
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Keeps the language in the browser, and in the account of whoever is signed in unless the database is away.

    next: the page to go back to.
    """
    from_here(request)
    answer = RedirectResponse(local_path(next), 303)
    if language not in LANGUAGES:
        return answer
    with suppress(NotRecorded):
        visitor = signed_in(request)
        if visitor is not None and not visitor.user.is_display:
            system.accounts.users.speak(visitor.user.id, language)
    keep(answer, language, path=cookie_path(request), secure=request.url.scheme == "https")
    return answer
