"""Reads what a proxy in front reports of a request: its sender, scheme, host and path prefix.

Only trusted proxies count. Behind this middleware paths have no prefix, as in the contract; redirects get the prefix
on their way out.
"""

from collections.abc import Iterable
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware


class Forwarded:
    """ASGI middleware. trusted: the proxies' networks. prefix: such as /facegate, or empty."""

    def __init__(self, app: ASGIApp, trusted: Iterable[object], prefix: str = "") -> None:
        self._prefix = prefix
        networks = [str(network) for network in trusted]
        # uvicorn reads client and scheme from X-Forwarded-For and -Proto.
        known: Any = ProxyHeadersMiddleware  # it has its own names for the ASGI types
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
    """Restores the host that the browser asked for, if the proxy changed it and reports it."""
    said = Headers(scope=scope).get("x-forwarded-host", "").partition(",")[0].strip()
    if said and said.isascii() and said.isprintable() and not set(said) & set("/?#@\\ "):
        scope["headers"] = [(n, v) for n, v in scope["headers"] if n != b"host"] + [(b"host", said.encode())]


def _strip(scope: Scope, prefix: str) -> None:
    """Removes the prefix if it is there: some proxies strip it, and callers on this machine send none."""
    path, raw = str(scope["path"]), bytes(scope.get("raw_path") or b"")
    if path == prefix or path.startswith(f"{prefix}/"):
        scope["path"] = path[len(prefix) :] or "/"
    if raw == prefix.encode() or raw.startswith(f"{prefix}/".encode()):
        scope["raw_path"] = raw[len(prefix) :] or b"/"
