"""Who is calling and what they may do. Default deny: a route without one of these dependencies fails a test."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.core.errors import Forbidden, Unauthorised
from app.core.types import ApiKey, Role
from app.wiring import System
from app.worker.supervisor import Supervisor

bearer = HTTPBearer(auto_error=False, description="A key from `keys create`; it carries one role.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
LOOPBACK = {"127.0.0.1", "::1"}


def system(request: Request) -> System:
    """The one System this application serves."""
    found: System = request.app.state.system
    return found


def caller(request: Request, credentials: Credentials) -> ApiKey:
    """The key of the request. Raises Unauthorised."""
    if credentials is None:
        raise Unauthorised("no_key", "Send a key: Authorization: Bearer KEY.")
    return system(request).keys.authenticate(credentials.credentials)


def require(*roles: Role) -> Callable[[ApiKey], ApiKey]:
    """A dependency that lets these roles pass and nobody else."""

    def check(key: Annotated[ApiKey, Depends(caller)]) -> ApiKey:
        if key.role not in roles:
            allowed = " or ".join(role.value for role in roles)
            raise Forbidden("wrong_role", f"A key of role {allowed} is needed here; this one is {key.role.value}.")
        return key

    return check


def local_or_admin(request: Request, credentials: Credentials) -> None:
    """Operations: free for this machine, for others with an admin key.

    A request that a proxy passed on is not local, whoever the proxy is.
    """
    client = request.client.host if request.client else ""
    forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    if client in LOOPBACK and not forwarded:
        return
    require(Role.ADMIN)(caller(request, credentials))


def supervisor(request: Request) -> Supervisor | None:
    """What watches cameras in this process, if it does."""
    found: Supervisor | None = request.app.state.supervisor
    return found


Watching = Annotated[Supervisor | None, Depends(supervisor)]
SystemOf = Annotated[System, Depends(system)]
Admin = Annotated[ApiKey, Depends(require(Role.ADMIN))]
Watcher = Annotated[ApiKey, Depends(require(Role.SECURITY, Role.ADMIN))]
GateKey = Annotated[ApiKey, Depends(require(Role.GATE))]
