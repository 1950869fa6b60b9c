"""Who is calling and what they may do. Default deny: a route without one of these dependencies fails a test."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.core.errors import Forbidden, Unauthorised
from app.core.types import ApiKey, Role
from app.services.keys import Keys
from app.wiring import System
from app.worker.supervisor import Supervisor

bearer = HTTPBearer(auto_error=False, description="A key from `keys create`; it carries one role.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
LOOPBACK = {"127.0.0.1", "::1"}


# Dependencies that neither block nor compute are `async`: each plain one costs a change of thread, 0.1 ms.


async def system(request: Request) -> System:
    """The one System this application serves."""
    found: System = request.app.state.system
    return found


def caller(request: Request, credentials: Credentials) -> ApiKey:
    """The key of the request. Raises Unauthorised."""
    if credentials is None:
        raise Unauthorised("no_key", "Send a key: Authorization: Bearer KEY.")
    keys: Keys = request.app.state.system.keys
    return keys.authenticate(credentials.credentials)


def allow(key: ApiKey, *roles: Role) -> ApiKey:
    """The key, if it carries one of these roles. Raises Forbidden."""
    if key.role not in roles:
        allowed = " or ".join(role.value for role in roles)
        raise Forbidden("wrong_role", f"A key of role {allowed} is needed here; this one is {key.role.value}.")
    return key


def require(*roles: Role) -> Callable[[ApiKey], Awaitable[ApiKey]]:
    """A dependency that lets these roles pass and nobody else."""

    async def check(key: Annotated[ApiKey, Depends(caller)]) -> ApiKey:
        return allow(key, *roles)

    return check


def local_or_admin(request: Request, credentials: Credentials) -> None:
    """Operations: free for this machine, for others with an admin key.

    A request that a proxy passed on is not local, whoever the proxy is.
    """
    client = request.client.host if request.client else ""
    forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    if client in LOOPBACK and not forwarded:
        return
    allow(caller(request, credentials), Role.ADMIN)


async def supervisor(request: Request) -> Supervisor | None:
    """What watches cameras in this process, if it does."""
    found: Supervisor | None = request.app.state.supervisor
    return found


Watching = Annotated[Supervisor | None, Depends(supervisor)]
SystemOf = Annotated[System, Depends(system)]
Admin = Annotated[ApiKey, Depends(require(Role.ADMIN))]
Watcher = Annotated[ApiKey, Depends(require(Role.SECURITY, Role.ADMIN))]
GateKey = Annotated[ApiKey, Depends(require(Role.GATE))]
