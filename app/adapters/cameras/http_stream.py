"""MJPEG over HTTP as a file that FFmpeg can read: the request, the log-in and every refusal happen here.

One address, one answer: a redirect is refused, whatever it says: only the address that was set has been checked.
"""

import http.client
import secrets
import socket
import time
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from hashlib import md5, sha256
from urllib.request import parse_http_list, parse_keqv_list

from app.adapters.cameras.address import CameraAddress
from app.adapters.cameras.link import Link
from app.core.errors import SourceFailed

ANSWER_S = 4.0
HEAD_END, LONGEST_HEAD = b"\r\n\r\n", 4096  # of the first picture's own headers
WORDS = {
    401: "the camera refuses the user name or password",
    403: "the camera forbids this stream",
    404: "the camera has no stream under this path",
    503: "the camera is too busy",
}


class HttpStream:
    """The body of the camera's answer. `read` gives what is there, at least one byte, or b"" at the end."""

    def __init__(self, address: CameraAddress, new_link: Callable[[], Link]) -> None:
        self._address = address
        self._new_link = new_link
        self._link = new_link()
        self._closed = False
        self._response: http.client.HTTPResponse | None = None
        self._socket: socket.socket | None = None
        self.deadline = 0.0  # monotonic; no read waits beyond it
        self.refusal = ""
        self._head: bytes = b""

    def open(self) -> None:
        """Sends the request, a second time with the log-in that the camera asks for. Raises SourceFailed."""
        self.deadline = time.monotonic() + ANSWER_S
        response = self._ask(None)
        if response.status == 401 and self._address.user:
            authorization = _authorization(self._address, response.headers.get_all("WWW-Authenticate") or [])
            self._link.close()
            self._link = self._new_link()
            if self._closed:
                self._link.abort()
            response = self._ask(authorization)
        if 300 <= response.status < 400:
            raise SourceFailed("the camera sends us on to another address; set that one if it is right")
        if response.status != 200:
            raise SourceFailed(WORDS.get(response.status, f"the camera answers with HTTP status {response.status}"))
        if not response.headers.get_content_type().startswith("multipart/"):
            raise SourceFailed("the address gives no motion JPEG stream")
        self._response = response

    def _ask(self, authorization: str | None) -> http.client.HTTPResponse:
        self._socket = self._link.connect()
        self._socket.settimeout(ANSWER_S)
        connection = http.client.HTTPConnection(self._address.host, self._address.port)
        connection.sock = self._socket
        headers = {"Accept": "multipart/x-mixed-replace", "Connection": "close", "User-Agent": "facegate"}
        if authorization:
            headers["Authorization"] = authorization
        words = ""
        try:
            connection.request("GET", self._address.path, headers=headers)
            return connection.getresponse()
        except TimeoutError:
            words = f"the camera did not answer within {ANSWER_S:.0f} s"
        except (OSError, ValueError, http.client.HTTPException):
            words = "what answers is no HTTP camera"
        raise SourceFailed(words)

    def read(self, size: int) -> bytes:
        """Called by FFmpeg. What goes wrong ends the stream; `refusal` says what it was."""
        if self._response is None or self._socket is None or self._closed:
            return b""
        left = self.deadline - time.monotonic()
        if left <= 0:
            return b""
        try:
            self._socket.settimeout(left)
            data = self._response.read1(size)
            self._link.took(len(data))
            if HEAD_END not in self._head:
                self._head = (self._head + data)[:LONGEST_HEAD]
        except SourceFailed as failed:
            self.refusal = str(failed)
            return b""
        except (OSError, ValueError, http.client.HTTPException):
            return b""
        return data

    @property
    def measured(self) -> bool:
        """Whether each picture's length stands before it, so that its end is known without waiting for the next."""
        return b"content-length:" in self._head.partition(HEAD_END)[0].lower()

    def fed(self) -> None:
        self._link.fed()

    def abort(self) -> None:
        """From any thread."""
        self._closed = True
        self._link.abort()

    def close(self) -> None:
        """By the thread that reads, when it has stopped."""
        self.abort()
        if self._response is not None:
            self._response.close()
        self._link.close()


def _authorization(address: CameraAddress, challenges: list[str]) -> str:
    """The answer to the strongest challenge: Digest (RFC 7616: SHA-256, MD5), else Basic. Raises SourceFailed."""
    digests = []
    for challenge in challenges:
        kind, _, rest = challenge.partition(" ")
        if kind.lower() == "digest":
            digests.append(parse_keqv_list(parse_http_list(rest)))
    for algorithm in ("SHA-256", "MD5"):
        for fields in digests:
            if fields.get("algorithm", "MD5").upper() == algorithm and "nonce" in fields:
                return _digest(address, fields, partial(_hex, algorithm))
    if any(challenge.lower().startswith("basic") for challenge in challenges):
        return "Basic " + b64encode(f"{address.user}:{address.password}".encode()).decode()
    raise SourceFailed("the camera asks for a kind of log-in that is not known here")


def _hex(algorithm: str, text: str) -> str:
    kind = sha256 if algorithm == "SHA-256" else partial(md5, usedforsecurity=False)
    return kind(text.encode()).hexdigest()


def _digest(address: CameraAddress, fields: dict[str, str], digest: Callable[[str], str]) -> str:
    realm, nonce, cnonce = fields.get("realm", ""), fields["nonce"], secrets.token_hex(8)
    identity, request = digest(f"{address.user}:{realm}:{address.password}"), digest(f"GET:{address.path}")
    shown = {"username": address.user, "realm": realm, "nonce": nonce, "uri": address.path}
    if "auth" in [option.strip() for option in fields.get("qop", "").split(",")]:
        shown["response"] = digest(f"{identity}:{nonce}:00000001:{cnonce}:auth:{request}")
        shown["cnonce"] = cnonce
        plain = ", qop=auth, nc=00000001"
    else:
        shown["response"], plain = digest(f"{identity}:{nonce}:{request}"), ""
    shown |= {key: fields[key] for key in ("opaque", "algorithm") if key in fields}
    escaped = (
        f'{key}="{value.replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34))}"'
        for key, value in shown.items()
    )
    return "Digest " + ", ".join(escaped) + plain
