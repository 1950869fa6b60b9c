"""Who is calling and what they may do. Default deny: a route without one of these dependencies fails a test.

Devices and scripts send a key; people's browsers send the session cookie, and with every change what proves that one
of our own pages asks for it.
"""

import hmac
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.core.accounts.users import Principal
from app.core.errors import Forbidden, NotRecorded, Refusal, Unauthorised
from app.core.ports.store import Transaction
from app.core.types import ApiKey, Role
from app.services.access.access import Access, Arrival
from app.services.accounts.keys import Keys
from app.services.accounts.release_callers import ReleaseCallers
from app.services.accounts.sessions import SignedIn, csrf_of
from app.services.accounts.sign_in import Client
from app.services.events.deadline import within
from app.wiring import System
from app.worker.supervisor import Supervisor

bearer = HTTPBearer(auto_error=False, description="A key from `keys create`; it carries one role.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
LOOPBACK = {"127.0.0.1", "::1"}
COOKIE = "facegate"
DEVICE = f"{COOKIE}-device"  # the mark of a browser in which somebody signed in before
CSRF_HEADER, CSRF_FIELD = "X-CSRF-Token", "csrf"
HARMLESS = {"GET", "HEAD"}
FORM = "application/x-www-form-urlencoded"
# In a request's state. WHO: found before the body was read, for the route to take. AUTHENTICATED: whose id was found.
# REMEMBERED: the database did not say so.
# ARRIVAL: the gate of a request for a decision.
WHO, AUTHENTICATED, REMEMBERED, ARRIVAL = "who", "authenticated", "remembered", "arrival"
RELEASE = "/v1/release"
DECISIONS = re.compile(r"/v1/gates/[^/]+/decisions")
ASK_S = 2.0  # for a release: a database that hangs counts as one that is gone


# Dependencies that neither block nor compute are `async`: each plain one costs a change of thread, 0.1 ms.


async def system(request: Request) -> System:
    """The one System this application serves."""
    found: System = request.app.state.system
    return found


def prefix_of(request: Request) -> str:
    """Below which path of its host a proxy serves this; empty at the root."""
    prefix: str = request.app.state.system.settings.path_prefix
    return prefix


def cookie_name(request: Request) -> str:
    """Over https a name that browsers accept from this host alone, for the whole of it or our part."""
    if request.url.scheme != "https":
        return COOKIE
    return f"__Secure-{COOKIE}" if prefix_of(request) else f"__Host-{COOKIE}"


def cookie_path(request: Request) -> str:
    """What else the host serves gets none of our cookies."""
    return f"{prefix_of(request)}/"


def signed_in(request: Request) -> SignedIn | None:
    """Whose session the cookie is, if it is one that holds."""
    token = request.cookies.get(cookie_name(request))
    if not token:
        return None
    found: SignedIn | None = request.app.state.system.reception.sessions.find(token)
    if found is not None:
        request.scope["state"][AUTHENTICATED] = found.user.id
    return found


def client_of(request: Request) -> Client:
    """Where a sign-in comes from."""
    address = request.client.host if request.client else ""
    return Client(address, request.headers.get("user-agent", ""), request.cookies.get(DEVICE, ""))


async def csrf_sent(request: Request) -> str:
    """What the page sent to prove itself: a header, or a field of a plain form. A body is read for no other caller."""
    sent = request.headers.get(CSRF_HEADER)
    if sent is not None or request.method in HARMLESS or not request.cookies.get(cookie_name(request)):
        return sent or ""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return ""
    return str((await request.form(max_fields=50)).get(CSRF_FIELD, ""))


def check_csrf(request: Request, sent: str) -> None:
    """Raises Forbidden for a change that did not come from one of our pages."""
    expected = csrf_of(request.cookies.get(cookie_name(request), ""))
    if request.method not in HARMLESS and not hmac.compare_digest(sent.encode(), expected.encode()):
        raise Forbidden("csrf_token_invalid", "This page is out of date; load it anew and try again.")


def caller(request: Request, credentials: Credentials, csrf: Annotated[str, Depends(csrf_sent)]) -> Principal:
    """Whose key or session the request carries. Raises Unauthorised, and Forbidden where a page must prove itself."""
    who: Principal = request.scope["state"].pop(WHO, None) or holder(request, credentials)
    if credentials is None:
        check_csrf(request, csrf)
    return who


def holder(request: Request, credentials: HTTPAuthorizationCredentials | None) -> Principal:
    """Whose key or session it is, whatever it may be used for. Raises Unauthorised.

    A release waits for no database: where it does not answer, those are known who could order one when it last did.
    """
    if not _is_release(request):
        return _looked_up(request, credentials)
    try:
        return within(ASK_S, lambda: _looked_up(request, credentials))
    except Refusal:
        raise
    except Exception:  # whatever the database's fault is
        who = _remembered(request, credentials)
        if who is None:
            raise
        request.scope["state"].update({AUTHENTICATED: who.id, REMEMBERED: True})
        return who


def looked_up(request: Request) -> None:
    """Raises NotRecorded where the caller is known from memory only, which is enough for a release and nothing else."""
    if is_remembered(request):
        raise NotRecorded("who calls cannot be looked up")


def is_remembered(request: Request) -> bool:
    """Whether the database did not answer when the caller was looked up."""
    return bool(request.scope["state"].get(REMEMBERED))


def _is_release(request: Request) -> bool:
    return request.method == "POST" and _path(request) == RELEASE


def _path(request: Request) -> str:
    """Below the prefix that a proxy serves this under."""
    path: str = request.scope["path"]
    return path.removeprefix(request.scope.get("root_path", ""))


def _remembered(request: Request, credentials: HTTPAuthorizationCredentials | None) -> Principal | None:
    callers: ReleaseCallers = request.app.state.system.release_callers
    if credentials is not None:
        return callers.by_key(credentials.credentials)
    return callers.by_session(request.cookies.get(cookie_name(request), ""))


def _looked_up(request: Request, credentials: HTTPAuthorizationCredentials | None) -> Principal:
    if credentials is not None:
        keys: Keys = request.app.state.system.keys
        key = keys.authenticate(credentials.credentials, partial(_arrived, request))
        request.scope["state"][AUTHENTICATED] = key.id
        return Principal(key.id, key.name, frozenset({key.role}), key.gate_id, "key")
    if not request.cookies.get(cookie_name(request)):
        raise Unauthorised("key_required", "Send a key: Authorization: Bearer KEY. People sign in at /signin.")
    who = signed_in(request)
    if who is None:
        raise Unauthorised("signed_out", "You are signed out; sign in again.")
    return who.principal


def _arrived(request: Request, tx: Transaction, key: ApiKey) -> None:
    """A request for a decision: the gate is read in the transaction that finds its key, and in no other of its own."""
    if key.gate_id is None or not DECISIONS.fullmatch(_path(request)):
        return
    gate = tx.gates.get(key.gate_id)
    if gate is not None:
        access: Access = request.app.state.system.access
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        repeats = request.headers.get("idempotency-key")
        request.scope["state"][ARRIVAL] = access.arrival(
            tx, gate, repeats, with_camera=media_type == "application/json"
        )


def arrival_of(request: Request, gate: str) -> Arrival:
    """What was read of the gate in the address when the request arrived. Raises NotFound, and Forbidden for a key of
    another gate."""
    found: Arrival | None = request.scope["state"].get(ARRIVAL)
    if found is None or gate not in (found.gate.name, found.gate.id):
        request.app.state.system.gates.get(gate)
        raise Forbidden("key_of_another_gate", "This key belongs to another gate.")
    return found


def allow(who: Principal, *roles: Role) -> Principal:
    """The caller, if they carry one of these roles. Raises Forbidden."""
    if not who.may(*roles):
        allowed = " or ".join(role.value for role in roles)
        has = ", ".join(sorted(who.roles))
        raise Forbidden("wrong_role", f"Role {allowed} is needed here; yours is {has}.")
    return who


def require(*roles: Role) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency that lets these roles pass and nobody else."""

    async def check(who: Annotated[Principal, Depends(caller)]) -> Principal:
        return allow(who, *roles)

    return check


def person_only(request: Request, who: Annotated[Principal, Depends(caller)]) -> SignedIn:
    """The session of whoever calls; a key has none. Raises Forbidden."""
    found = signed_in(request) if who.kind == "user" else None
    if found is None:
        raise Forbidden("wrong_role", "This is for people who are signed in; a key has no account.")
    return found


def local_or_admin(request: Request, credentials: Credentials, csrf: Annotated[str, Depends(csrf_sent)]) -> None:
    """Operations: free for this machine, for others with an admin key.

    A request that a proxy passed on is not local, whoever the proxy is.
    """
    client = request.client.host if request.client else ""
    forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    if client in LOOPBACK and not forwarded:
        return
    allow(caller(request, credentials, csrf), Role.ADMIN)


async def supervisor(request: Request) -> Supervisor | None:
    """What watches cameras in this process, if it does."""
    found: Supervisor | None = request.app.state.supervisor
    return found


Watching = Annotated[Supervisor | None, Depends(supervisor)]
SystemOf = Annotated[System, Depends(system)]
Admin = Annotated[Principal, Depends(require(Role.ADMIN))]
Watcher = Annotated[Principal, Depends(require(Role.SECURITY, Role.ADMIN))]
Reader = Annotated[Principal, Depends(require(Role.SECURITY, Role.ADMIN, Role.VIEWER))]
Person = Annotated[SignedIn, Depends(person_only)]
GateKey = Annotated[Principal, Depends(require(Role.GATE))]
