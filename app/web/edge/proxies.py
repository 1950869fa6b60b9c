"""What a proxy in front says of a request: who sent it, over what, to which host, below which path.

Only a trusted proxy's word counts. Behind this middleware a path is the contract's own, without the prefix that the
proxy serves it below; redirects get the prefix on their way out.
"""

from collections.abc import Iterable
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware


class Forwarded:
    """trusted: networks that proxies are in. prefix: such as /facegate, or empty."""

    def __init__(self, app: ASGIApp, trusted: Iterable[object], prefix: str = "") -> None:
        self._prefix = prefix
        networks = [str(network) for network in trusted]
        # Client and scheme: the server's own reading of X-Forwarded-For and -Proto.
        known: Any = ProxyHeadersMiddleware  # its types have names of their own for ASGI's
        known = known(app, trusted_hosts=networks)
        self._trusted, self._known = known.trusted_hosts, known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._known(scope, receive, send)
            return
        client = scope.get("client")
        if client and client[0] in self._trusted:
            _rename_host(scope)
        if not self._prefix:
            await self._known(scope, receive, send)
            return
        _strip(scope, self._prefix)

        async def below(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                where = headers.get("location", "")
                if where.startswith("/") and not where.startswith("//"):
                    headers["location"] = self._prefix + where
            await send(message)

        await self._known(scope, receive, below)


def _rename_host(scope: Scope) -> None:
    """The host that the browser asked for, where the proxy changed it and says so."""
    said = Headers(scope=scope).get("x-forwarded-host", "").partition(",")[0].strip()
    if said and said.isascii() and said.isprintable() and not set(said) & set("/?#@\\ "):
        scope["headers"] = [(n, v) for n, v in scope["headers"] if n != b"host"] + [(b"host", said.encode())]


def _strip(scope: Scope, prefix: str) -> None:
    """Whether or not the proxy left the prefix on: both are common, and this machine's own callers know of none."""
    path, raw = str(scope["path"]), bytes(scope.get("raw_path") or b"")
    if path == prefix or path.startswith(f"{prefix}/"):
        scope["path"] = path[len(prefix) :] or "/"
    if raw == prefix.encode() or raw.startswith(f"{prefix}/".encode()):
        scope["raw_path"] = raw[len(prefix) :] or b"/"
