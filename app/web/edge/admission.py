"""Decides whose body is read: default deny before the first byte.

Only the sign-in forms and the switch of the language are public; the pages behind a self-enrolment link are for whoever
has one that still works.
"""

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from app.core.errors import FacegateError, NotFound, Unauthorised
from app.services.people.self_enrolment import SelfEnrolment
from app.web.console.session import SIGN_IN
from app.web.security import AUTHENTICATED, INVITATION, WHO, bearer, holder

PUBLIC = frozenset({"/signin", "/setup", "/reset", "/display", "/language"})


async def admit(scope: Scope) -> None:
    """Raises HTTPException if nobody is authenticated, and answers with the refusal that caused it.

    Does nothing if the route has already authenticated the caller.
    """
    path, state = scope["path"].removeprefix(scope.get("root_path", "")), scope["state"]
    if path in PUBLIC or state.get(AUTHENTICATED):
        return
    request = Request(scope)
    if path.startswith("/enrol/"):
        await _invited(request)
        return
    try:
        state[WHO] = await run_in_threadpool(holder, request, await bearer(request))
    except Unauthorised as refusal:
        if path.startswith(("/v1/", "/scim/")):
            raise HTTPException(401) from refusal
        raise HTTPException(303, "Sign in first.", {"Location": SIGN_IN}) from None
    except FacegateError as fault:
        raise HTTPException(503) from fault


async def _invited(request: Request) -> None:
    """Raises HTTPException without a self-enrolment link that still works."""
    links: SelfEnrolment = request.app.state.system.self_enrolment
    try:
        await run_in_threadpool(links.open, request.cookies.get(INVITATION, ""))
    except NotFound as refusal:
        raise HTTPException(404) from refusal
    except FacegateError as fault:
        raise HTTPException(503) from fault
