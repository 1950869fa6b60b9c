"""Decides whose body is read: default deny before the first byte. Only the sign-in forms are public."""

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from app.core.errors import FacegateError, Unauthorised
from app.web.console.session import SIGN_IN
from app.web.security import AUTHENTICATED, WHO, bearer, holder

PUBLIC = frozenset({"/signin", "/setup", "/reset", "/display"})


async def admit(scope: Scope) -> None:
    """Raises HTTPException if nobody is authenticated, and answers with the refusal that caused it.

    Does nothing if the route has already authenticated the caller.
    """
    path, state = scope["path"].removeprefix(scope.get("root_path", "")), scope["state"]
    if path in PUBLIC or state.get(AUTHENTICATED):
        return
    request = Request(scope)
    try:
        state[WHO] = await run_in_threadpool(holder, request, await bearer(request))
    except Unauthorised as refusal:
        if path.startswith("/v1/"):
            raise HTTPException(401) from refusal
        raise HTTPException(303, "Sign in first.", {"Location": SIGN_IN}) from None
    except FacegateError as fault:
        raise HTTPException(503) from fault
