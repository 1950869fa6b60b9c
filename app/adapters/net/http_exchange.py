"""One HTTP request to a machine that somebody named, on a connection of its own that another thread can cut.

It uses the standard library's client and not httpx. A request must stop at the end of its window however slowly an
answer drips, and bytes still in the kernel must be discarded rather than arrive late. Both need the socket. Redirects
and proxies are not followed.
"""

import http.client
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.adapters.net.addresses import ForbiddenAddress, Network, allowed
from app.adapters.net.timed_socket import TimedSocket
from app.adapters.net.window import Window

MOST_BYTES = 65536


class NoAnswer(Exception):
    """No complete answer came. The message holds no address."""


@dataclass(frozen=True)
class Request:
    """path: with the query. headers: besides Host, Content-Length and Connection."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True)
class Answer:
    """text: the first 64 KiB of the body. challenges: the WWW-Authenticate headers of a 401."""

    status: int
    text: bytes = b""
    challenges: tuple[str, ...] = ()

    @property
    def state(self) -> object:
        """The member `state` of a JSON answer, or None."""
        try:
            answer = json.loads(self.text)
        except (ValueError, RecursionError):
            return None
        return answer.get("state") if isinstance(answer, dict) else None


class Target:
    """Where to connect and how. path: with the query.

    Args:
        ca_file: whose certificates are trusted; the system's authorities if None.
        loopback, networks: as for `addresses.allowed`.
    """

    def __init__(
        self,
        url: str,
        ca_file: str | None = None,
        *,
        loopback: bool = True,
        networks: tuple[Network, ...] = (),
    ) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._tls = ssl.create_default_context(cafile=ca_file) if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._loopback, self._networks = loopback, networks
        self.path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def connect(self, exchange: "HttpExchange", window: Window) -> http.client.HTTPConnection:
        """Raises OSError, ForbiddenAddress."""
        failure: OSError = OSError("no address")
        for address in allowed(self._host, self._port, loopback=self._loopback, networks=self._networks):
            try:
                plain = socket.create_connection((address, self._port), timeout=_some(window))
            except OSError as error:
                failure = error
                continue
            exchange.adopt(plain)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = http.client.HTTPConnection(self._host, self._port)
            connection.sock = plain
            if self._tls is not None:
                plain.settimeout(_some(window))
                secured = self._tls.wrap_socket(plain, server_hostname=self._host, do_handshake_on_connect=False)
                exchange.adopt(secured)
                secured.do_handshake()
                connection.sock = secured
            return connection
        raise failure


class HttpExchange:
    """One request and its answer. `cut` ends it from another thread and discards what has not been transmitted.

    sent: whether the other side may have received the request.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._cut = False
        self.sent = False

    def adopt(self, connected: socket.socket) -> None:
        with self._lock:
            self._socket = connected
            if self._cut:
                _discard(connected)

    def cut(self) -> None:
        with self._lock:
            self._cut = True
            if self._socket is not None:
                _discard(self._socket)

    def probe(self, target: Target, window: Window) -> None:
        """Connects, with the TLS handshake, and disconnects. Raises NoAnswer."""
        try:
            target.connect(self, window)
        except (OSError, ForbiddenAddress) as error:
            raise NoAnswer(_words(error)) from None
        finally:
            self._leave(hard=False)

    def send(self, target: Target, request: Request, window: Window) -> Answer:
        """Raises NoAnswer."""
        complete = False
        try:
            connection = target.connect(self, window)
            with self._lock:
                if self._cut or window.over:
                    raise TimeoutError
                self.sent = True
            connection.sock = TimedSocket(connection.sock, time.monotonic() + window.left_s())
            headers = {**request.headers, "Connection": "close"}
            connection.request(request.method, request.path, request.body, headers)
            response = connection.getresponse()
            text = response.read(MOST_BYTES)
            complete = True
            return Answer(response.status, text, tuple(response.headers.get_all("WWW-Authenticate") or ()))
        except (OSError, ForbiddenAddress, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(_words(error)) from None
        finally:
            self._leave(hard=not complete)

    def _leave(self, *, hard: bool) -> None:
        with self._lock:
            if self._socket is not None:
                if hard:
                    _discard(self._socket)
                self._socket.close()
                self._socket = None


def _discard(connected: socket.socket) -> None:
    """Resets the connection, so the kernel drops what it has not delivered. Wakes a thread that reads or writes."""
    try:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Not the TLS socket's own shutdown, which would continue in plain text.
        socket.socket.shutdown(connected, socket.SHUT_RD)
    except OSError:
        pass


def _some(window: Window) -> float:
    # A timeout of 0 would make the socket non-blocking.
    return max(0.001, window.left_s())


def _words(error: Exception) -> str:
    if isinstance(error, ForbiddenAddress):
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the certificate is not trusted"
    if isinstance(error, ssl.SSLError):
        return "no encrypted connection"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, socket.gaierror):
        return "the host name cannot be resolved"
    if isinstance(error, OSError):
        return "connection lost" if isinstance(error, ConnectionError) else "not reachable"
    return "the answer is not HTTP"
