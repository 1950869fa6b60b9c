"""Who is calling and what they may do. Default deny: a test fails for a route without one of these dependencies.

Devices and scripts send a key. Browsers send the session cookie and, with every change, a CSRF token from our page.
"""

import hmac
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.core.accounts.users import SCREEN_ROLES, Principal
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
INVITATION = f"{COOKIE}-invitation"  # the token of a self-enrolment link, for its own pages only
DEVICE = f"{COOKIE}-device"  # marks a browser in which somebody signed in before
# Sent by a page that asks by itself, which does not keep a session from ending when nobody uses it.
BACKGROUND = "Facegate-Background"
CSRF_HEADER, CSRF_FIELD = "X-CSRF-Token", "csrf"
HARMLESS = {"GET", "HEAD"}
FORM = "application/x-www-form-urlencoded"
# Keys of a request's state. WHO: the caller, found before the body was read. AUTHENTICATED, ROLES: the caller's id and
# roles. REMEMBERED: the caller is known from memory, because the database did not answer. ARRIVAL: the gate of a
# request for a decision.
WHO, AUTHENTICATED, ROLES, REMEMBERED, ARRIVAL = "who", "authenticated", "roles", "remembered", "arrival"
RELEASE = "/v1/release"
DECISIONS = re.compile(r"/v1/gates/[^/]+/decisions")
ASK_S = 2.0  # for a release; a database that hangs for longer counts as gone


# Dependencies that neither block nor compute are `async`, because a plain one costs a change of thread, 0.1 ms.


async def system(request: Request) -> System:
    """The System that this application serves."""
    found: System = request.app.state.system
    return found


def prefix_of(request: Request) -> str:
    """The path prefix under which a proxy serves the application; empty at the root."""
    prefix: str = request.app.state.system.settings.path_prefix
    return prefix


def cookie_name(request: Request) -> str:
    """Returns the cookie's name; over https one with a prefix that browsers bind to this host."""
    if request.url.scheme != "https":
        return COOKIE
    return f"__Secure-{COOKIE}" if prefix_of(request) else f"__Host-{COOKIE}"


def cookie_path(request: Request) -> str:
    """Returns the cookie's path, so that other applications on the host do not get it."""
    return f"{prefix_of(request)}/"


def signed_in(request: Request) -> SignedIn | None:
    """Returns the session of the cookie, or None if it is missing or has ended."""
    token = request.cookies.get(cookie_name(request))
    if not token:
        return None
    background = request.headers.get(BACKGROUND) is not None
    found: SignedIn | None = request.app.state.system.accounts.sessions.find(token, background=background)
    if found is not None:
        request.scope["state"].update({AUTHENTICATED: found.user.id, ROLES: found.principal.roles})
    return found


def client_of(request: Request) -> Client:
    """Where a sign-in comes from."""
    address = request.client.host if request.client else ""
    return Client(address, request.headers.get("user-agent", ""), request.cookies.get(DEVICE, ""))


async def csrf_sent(request: Request) -> str:
    """Returns the CSRF token from the header or from a plain form. Reads no body unless the caller has a cookie."""
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
        raise Forbidden("csrf_token_invalid", "This page is out of date. Reload it and try again.")


def from_here(request: Request) -> None:
    """Refuses forms from other sites, which could sign somebody in as somebody else. Raises Forbidden.

    Over https, browsers send where a form comes from, whatever a proxy does to the host. Over http they send only the
    origin, which must equal the requested host.
    """
    fetched = request.headers.get("sec-fetch-site")
    if fetched in ("same-origin", "none"):
        return
    if fetched is not None:
        raise Forbidden("cross_site_form", "This form came from another site. Open the sign-in page and try again.")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise Forbidden(
            "cross_site_form",
            "This form came from another site, or a proxy changes the host. Open the sign-in page and try again. If it "
            "fails again, set the proxy to pass Host unchanged (nginx: proxy_set_header Host $http_host), or serve "
            "over https.",
        )


def caller(request: Request, credentials: Credentials, csrf: Annotated[str, Depends(csrf_sent)]) -> Principal:
    """Returns whose key or session the request carries. Raises Unauthorised, and Forbidden for a missing CSRF token."""
    who: Principal = request.scope["state"].pop(WHO, None) or holder(request, credentials)
    if credentials is None:
        check_csrf(request, csrf)
    return who


def holder(request: Request, credentials: HTTPAuthorizationCredentials | None) -> Principal:
    """Returns whose key or session it is, whatever its role. Raises Unauthorised.

    A release does not wait for the database. If the database does not answer, callers who could order a release when
    it last answered are known from memory.
    """
    if not _is_release(request):
        return _looked_up(request, credentials)
    try:
        return within(ASK_S, lambda: _looked_up(request, credentials))
    except Refusal:
        raise
    except Exception:  # any fault of the database
        who = _remembered(request, credentials)
        if who is None:
            raise
        request.scope["state"].update({AUTHENTICATED: who.id, ROLES: who.roles, REMEMBERED: True})
        return who


def looked_up(request: Request) -> None:
    """Raises NotRecorded if the caller is known only from memory, which is enough for a release and nothing else."""
    if is_remembered(request):
        raise NotRecorded("the caller cannot be looked up")


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
        request.scope["state"].update({AUTHENTICATED: key.id, ROLES: frozenset({key.role})})
        return Principal(key.id, key.name, frozenset({key.role}), key.gate_id, "key", key.directory_id)
    if not request.cookies.get(cookie_name(request)):
        raise Unauthorised("key_required", "Send a key: Authorization: Bearer KEY. People sign in at /signin.")
    who = signed_in(request)
    if who is None:
        raise Unauthorised("signed_out", "Your session has ended. Sign in again.")
    return who.principal


def _arrived(request: Request, tx: Transaction, key: ApiKey) -> None:
    """For a request for a decision: reads the gate in the transaction that finds its key."""
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
    """Returns what was read of the gate at the arrival. Raises NotFound, and Forbidden for another gate's key."""
    found: Arrival | None = request.scope["state"].get(ARRIVAL)
    if found is None or gate not in (found.gate.name, found.gate.id):
        request.app.state.system.gates.get(gate)
        raise Forbidden("key_of_another_gate", "This key belongs to another gate.")
    return found


def allow(who: Principal, *roles: Role) -> Principal:
    """Returns the caller if they have one of these roles. Raises Forbidden."""
    if not who.may(*roles):
        allowed = " or ".join(role.value for role in roles)
        has = ", ".join(sorted(who.roles))
        raise Forbidden("wrong_role", f"This needs the role {allowed}. Yours is {has}.")
    return who


def require(*roles: Role) -> Callable[[Principal], Awaitable[Principal]]:
    """Returns a dependency that admits only these roles."""

    async def check(who: Annotated[Principal, Depends(caller)]) -> Principal:
        return allow(who, *roles)

    return check


def person_only(request: Request, who: Annotated[Principal, Depends(caller)]) -> SignedIn:
    """Returns the caller's session. Raises Forbidden for a key, which has none."""
    found = signed_in(request) if who.kind == "user" else None
    if found is None:
        raise Forbidden("wrong_role", "This is for people who are signed in. A key has no account.")
    return found


def is_local(request: Request) -> bool:
    """Whether the caller is on this machine, and no proxy passed the request on."""
    client = request.client.host if request.client else ""
    forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    return client in LOOPBACK and not forwarded


def local_or_admin(request: Request, credentials: Credentials, csrf: Annotated[str, Depends(csrf_sent)]) -> None:
    """Admits callers on this machine, and others with an admin key. Raises Forbidden.

    A request that a proxy passed on is not local, wherever the proxy runs.
    """
    if is_local(request):
        return
    allow(caller(request, credentials, csrf), Role.ADMIN)


async def supervisor(request: Request) -> Supervisor | None:
    """Returns what watches cameras in this process, if it watches any."""
    found: Supervisor | None = request.app.state.supervisor
    return found


Watching = Annotated[Supervisor | None, Depends(supervisor)]
SystemOf = Annotated[System, Depends(system)]
Admin = Annotated[Principal, Depends(require(Role.ADMIN))]
Watcher = Annotated[Principal, Depends(require(Role.SECURITY, Role.ADMIN))]
Reader = Annotated[Principal, Depends(require(Role.SECURITY, Role.ADMIN, Role.VIEWER))]
ScreenReader = Annotated[Principal, Depends(require(*sorted(SCREEN_ROLES)))]
Person = Annotated[SignedIn, Depends(person_only)]
GateKey = Annotated[Principal, Depends(require(Role.GATE))]
