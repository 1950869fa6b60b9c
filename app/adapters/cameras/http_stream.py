"""Pictures over HTTP as a file that FFmpeg can read. The request, the log-in and every refusal happen here.

A camera sends a stream of JPEGs, or one JPEG for each request, which is then repeated. FFmpeg reads the same kind of
stream from all of them, with each picture's length in front, so it decodes a picture as soon as it is whole. Every
redirect is refused: only the address that was set has been checked.
"""

import http.client
import time
from base64 import b64encode
from collections.abc import Callable

from app.adapters.cameras.address import CameraAddress
from app.adapters.cameras.jpeg_splitter import JpegSplitter
from app.adapters.cameras.link import Link
from app.adapters.net.digest import DigestLogin
from app.adapters.net.timed_socket import TimedSocket
from app.core.cameras.faults import SourceFault
from app.core.errors import SourceFailed

ANSWER_S = 4.0
JPEG = frozenset({"image/jpeg", "image/jpg", "image/pjpeg"})
POLL_S = 0.1  # shortest time between two requests for a single picture
CHUNK = 65_536
PART = b"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n"
NO_JPEG = SourceFault.NO_JPEG
STALE = SourceFault.SAME_PICTURE
WORDS = {
    401: SourceFault.LOGIN_REFUSED,
    403: SourceFault.FORBIDDEN,
    404: SourceFault.NO_STREAM,
    503: SourceFault.TOO_BUSY,
}


class HttpStream:
    """`read` returns pictures in the form of FFmpeg's `mpjpeg`, or b"" at the end.

    single: the camera answers each request with one picture. One with the same bytes as the last is not a new picture.
    """

    def __init__(self, address: CameraAddress, new_link: Callable[[], Link]) -> None:
        self._address = address
        self._new_link = new_link
        self._link = new_link()
        self._closed = False
        self._connection: http.client.HTTPConnection | None = None
        self._response: http.client.HTTPResponse | None = None
        self._socket: TimedSocket | None = None
        self._url = f"http://camera{address.path}"  # a log-in signs the path only
        self._digest = DigestLogin(address.user, address.password)
        self._basic = ""
        self._pictures = JpegSplitter()
        self._part = memoryview(b"")
        self._before = b""
        self._asked_s = 0.0
        self._found = False
        self.single = False
        self.deadline = 0.0  # monotonic seconds; no read waits beyond it
        self.refusal = ""

    def open(self) -> None:
        """Sends the request, and again with the log-in if the camera asks for one. Raises SourceFailed."""
        self.deadline = time.monotonic() + ANSWER_S
        self._fetch()

    def _fetch(self) -> None:
        response = self._answer(self._digest.known("GET", self._url) or self._basic)
        if response.status == 401 and self._address.user:
            proof = self._proof(response.headers.get_all("WWW-Authenticate") or [])
            self._hang_up()
            response = self._answer(proof)
        if 300 <= response.status < 400:
            raise SourceFailed(SourceFault.REDIRECTS)
        if response.status != 200:
            raise SourceFailed(WORDS.get(response.status, f"the camera answers with HTTP status {response.status}"))
        kind = response.headers.get_content_type()
        if kind not in JPEG and kind.startswith(("text/", "image/", "audio/", "application/json")):
            raise SourceFailed(SourceFault.NOT_A_PICTURE)
        self.single = kind in JPEG

    def _proof(self, challenges: list[str]) -> str:
        """The Authorization header that the camera asks for: Digest, else Basic. Raises SourceFailed."""
        if proof := self._digest.answer("GET", self._url, challenges):
            return proof
        if any(challenge.lower().startswith("basic") for challenge in challenges):
            both = f"{self._address.user}:{self._address.password}".encode()
            self._basic = f"Basic {b64encode(both).decode()}"
            return self._basic
        raise SourceFailed(SourceFault.LOGIN_UNSUPPORTED)

    def _answer(self, authorization: str) -> http.client.HTTPResponse:
        """The answer to one request, over the open connection or a new one. Raises SourceFailed."""
        kept = self._connection is not None and self._connection.sock is not None
        if not kept:
            self._connect()
        self._asked_s = time.monotonic()
        words: str = ""
        try:
            return self._request(authorization)
        except TimeoutError:
            words = SourceFault.NO_ANSWER
        except (OSError, ValueError, http.client.HTTPException):
            words = SourceFault.NOT_HTTP
        if kept and not self._closed:  # the camera may have closed it meanwhile
            self._hang_up()
            return self._answer(authorization)
        raise SourceFailed(words)

    def _connect(self) -> None:
        if self._connection is not None:  # the camera closed it after its answer
            self._hang_up()
        self._socket = TimedSocket(self._link.connect(self.deadline), self.deadline)
        self._connection = http.client.HTTPConnection(self._address.host, self._address.port)
        self._connection.sock = self._socket

    def _request(self, authorization: str) -> http.client.HTTPResponse:
        assert self._connection is not None and self._socket is not None
        self._socket.deadline = self.deadline
        headers = {"Accept": "multipart/x-mixed-replace, image/jpeg", "User-Agent": "facegate"}
        if authorization:
            headers["Authorization"] = authorization
        self._connection.request("GET", self._address.path, headers=headers)
        self._response = self._connection.getresponse()
        return self._response

    def _hang_up(self) -> None:
        if self._response is not None:
            self._response.close()
        self._link.close()
        self._connection = None
        self._link = self._new_link()
        if self._closed:
            self._link.abort()

    def read(self, size: int) -> bytes:
        """Called by FFmpeg. Any fault ends the stream, and `refusal` names it."""
        try:
            if not self._part:
                picture = self._next()
                self._part = memoryview(PART % (len(picture), picture) if picture else b"")
        except SourceFailed as failed:
            # Where the time ran out between two equal pictures, the camera did answer: with the same picture.
            late = time.monotonic() >= self.deadline
            self.refusal = (self.refusal if late else "") or str(failed)
            return b""
        except (OSError, ValueError, http.client.HTTPException):
            return b""
        data, self._part = self._part[:size], self._part[size:]
        return bytes(data)

    def _next(self) -> bytes:
        """The next picture, or b"" at the end. Raises SourceFailed, OSError, ValueError, HTTPException."""
        while not self._closed:
            picture = self._pictures.take()
            if picture is not None and self.single and picture == self._before:
                self.refusal = STALE
            elif picture is not None:
                self._before, self.refusal, self._found = picture if self.single else b"", "", True
                return picture
            elif not self._more():
                self.refusal = self.refusal or ("" if self._found else NO_JPEG)
                return b""
        return b""

    def _more(self) -> bool:
        """Reads at least one byte, or requests the next picture. False at the end."""
        left = self.deadline - time.monotonic()
        if left <= 0 or self._response is None or self._socket is None:
            return False
        self._socket.deadline = self.deadline
        data = self._response.read1(CHUNK)
        if data:
            self._link.took(len(data))
            self._pictures.feed(data)
            return True
        if not self.single:
            return False
        if self._response.length:  # it was cut off
            self._pictures = JpegSplitter()
            self._hang_up()
        else:
            self._pictures.end()
            self._response.close()  # the connection is kept for the next request
        self._link.rest(min(left, max(0.0, self._asked_s + POLL_S - time.monotonic())))
        self._fetch()
        return True

    def fed(self) -> None:
        self._link.fed()

    def abort(self) -> None:
        """Any thread may call it."""
        self._closed = True
        self._link.abort()

    def close(self) -> None:
        """Called by the thread that reads, once it has stopped."""
        self.abort()
        if self._response is not None:
            self._response.close()
        self._link.close()
