"""Tells the audit trail who made a request."""

import logging

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.accounts.trail import AtWork, working
from app.core.errors import NotRecorded
from app.core.types import Role
from app.web.security import AUTHENTICATED, HARMLESS, ROLES
from app.wiring import System, new_id

log = logging.getLogger(__name__)
DEVICES = frozenset({Role.GATE, Role.CAMERA})  # what they ask and report has its own log
# They only answer a question, or are in the record of sign-ins.
QUIET = frozenset(
    {
        "/v1/calendar-files",
        "/v1/schedule-previews",
        "/v1/credentials/preview",
        "/v1/rules/diff",
        "/v1/photo-checks",
        "/v1/account/views",
        "/v1/account/views/{view_id}",
        "/signin",
        "/signout",
        "/language",
        "/display",
    }
)


class WhoIsAtWork:
    """ASGI middleware, the innermost: it sees the route that was found.

    An order of a person that changed no record is added before it is answered.
    """

    def __init__(self, app: ASGIApp, system: System) -> None:
        self.app = app
        self.system = system

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        who = AtWork(
            clock=self.system.clock,
            new_id=new_id,
            address=scope["client"][0] if scope.get("client") else "",
            way=lambda: f"{scope['method']} {_route(scope)}",
            actor=lambda: state.get(AUTHENTICATED),
            recorded=lambda: not state.get(ROLES, frozenset()) & DEVICES,
        )

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start" and self._is_missing(scope, who, message["status"]):
                await run_in_threadpool(self._add, scope)
            await send(message)

        with working(who):
            await self.app(scope, receive, noted)

    @staticmethod
    def _is_missing(scope: Scope, who: AtWork, status: int) -> bool:
        asked = scope["method"] not in HARMLESS and status < 400
        return asked and not who.entries and who.actor() is not None and who.recorded() and _route(scope) not in QUIET

    def _add(self, scope: Scope) -> None:
        try:
            self.system.trail.called(" ".join(str(value) for value in scope.get("path_params", {}).values()))
        except NotRecorded as error:
            log.warning('trail_entry_lost way="%s %s" why="%s"', scope["method"], _route(scope), error)


def _route(scope: Scope) -> str:
    """The path with the names of its parameters: what they hold may be a secret, such as the token of a link."""
    return str(getattr(scope.get("route"), "path", ""))
