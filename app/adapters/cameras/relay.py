"""RTSP for FFmpeg through a loopback port: FFmpeg talks to us, and we talk to the camera.

FFmpeg follows an RTSP redirect to any host, past its own protocol whitelist. So every answer of the handshake is read
here first, as leniently as FFmpeg reads it, and rewritten: what passes has one meaning, and a redirect ends the
connection. After PLAY FFmpeg follows no redirect any more, and the stream passes through `delimiters`.
"""

import re
import select
import socket
import ssl
import threading
import time

from app.adapters.cameras.delimiters import BLANK_LINE, Delimiters
from app.adapters.cameras.link import SLICE_S, Link
from app.core.cameras.faults import SourceFault
from app.core.errors import SourceFailed

CHUNK = 262_144
MAX_ANSWER = 65_536
STATUS_LINE = re.compile(rb"RTSP/1\.\d +(\d{3})(?: .*)?", re.DOTALL)
# A name is any token (RFC 7230, section 3.2.6).
HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:([\t\x20-\xff]*)")
FOLD = re.compile(rb"\n[ \t]+")

WORDS = {
    401: SourceFault.LOGIN_REFUSED,
    403: SourceFault.FORBIDDEN,
    404: SourceFault.NO_STREAM,
    453: SourceFault.NO_BANDWIDTH,
    454: "the camera forgot the session",
    461: SourceFault.NO_TCP,
    503: SourceFault.TOO_BUSY,
}


class Relay:
    """One camera connection, one loopback connection, one thread. refusal: why it ended, or ""."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._up = link.connect()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        self.port: int = self._listener.getsockname()[1]
        self.refusal = ""
        self._status = 0
        self._playing = False
        self._delimiters = Delimiters()
        self._thread = threading.Thread(target=self._run, name="camera-relay", daemon=True)
        self._thread.start()

    @property
    def reason(self) -> str:
        """Why the connection failed, by the handshake's last answer, or ""."""
        if self.refusal or self._playing or self._status < 400:
            return self.refusal
        return WORDS.get(self._status, f"the camera answers with RTSP status {self._status}")

    @property
    def prompt(self) -> bool:
        """Whether FFmpeg delivers each picture as soon as it is whole."""
        return self._delimiters.prompt

    def close(self) -> None:
        """Ends the thread and both connections, and returns when they are gone."""
        self._link.abort()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        try:
            down = self._accept()
            if down is not None:
                with down:
                    down.settimeout(5)
                    self._up.setblocking(
                        False
                    )  # a readable TLS connection may have no byte for us yet, and must not block
                    self._pump(down)
        except SourceFailed as failed:
            self.refusal = str(failed)
        except OSError:
            pass  # either side went away, which FFmpeg sees as the end of its stream
        finally:
            self._listener.close()
            self._link.close()

    def _accept(self) -> socket.socket | None:
        while not self._link.aborted:
            if select.select([self._listener], [], [], SLICE_S)[0]:
                down, _ = self._listener.accept()
                self._listener.close()
                down.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return down
        return None

    def _pump(self, down: socket.socket) -> None:
        answers, request = bytearray(), bytearray()
        while not self._link.aborted:
            waiting = isinstance(self._up, ssl.SSLSocket) and self._up.pending() > 0
            ready = select.select([self._up, down], [], [], 0 if waiting else 1.0)[0]
            if down in ready:
                data = down.recv(CHUNK)
                if not data:
                    return
                request += data
                if request.startswith(b"PLAY ") and b"\r\n\r\n" in request:
                    self._playing = True
                if request.endswith(b"\r\n\r\n") or self._playing:
                    request.clear()
                self._status = 0  # only the answer to this request counts
                self._send_up(data)
            if waiting or self._up in ready:
                try:
                    data = self._up.recv(CHUNK)
                except (ssl.SSLWantReadError, BlockingIOError):
                    continue
                if not data:
                    return
                self._link.took(len(data))
                answers += data
                if not self._playing:
                    data = self._checked(answers)
                    self._delimiters.describe(data)
                else:
                    data = self._delimiters.pass_on(bytes(answers))
                    answers.clear()
                if data:
                    down.sendall(data)

    def _send_up(self, data: bytes) -> None:
        deadline = time.monotonic() + 5
        while data and not self._link.aborted:
            try:
                data = data[self._up.send(data) :]
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
                if time.monotonic() > deadline:
                    raise TimeoutError from None
                select.select([], [self._up], [], SLICE_S)

    def _checked(self, answers: bytearray) -> bytes:
        """Takes whole answers off the front and rewrites them. Raises SourceFailed for what must not pass."""
        passed = b""
        while answers:
            if not b"RTSP/1.".startswith(answers[:7]) and not answers.startswith(b"RTSP/1."):
                raise SourceFailed(SourceFault.NOT_RTSP)
            end = BLANK_LINE.search(answers)
            if end is None:
                if len(answers) > MAX_ANSWER:
                    raise SourceFailed("the camera's answer is too long")
                break
            head, length = self._plain(bytes(answers[: end.start()]))
            length += end.end()
            if length > MAX_ANSWER:
                raise SourceFailed("the camera's answer is too long")
            if len(answers) < length:
                break
            passed += head + bytes(answers[end.end() : length])
            del answers[:length]
        return passed

    def _plain(self, head: bytes) -> tuple[bytes, int]:
        """The head with one line for each header and CRLF after each, and the body's length.

        Like FFmpeg, this ignores every CR and skips lines that are not headers.
        """
        unfolded = FOLD.sub(b" ", head.replace(b"\r", b""))
        first, *lines = unfolded.split(b"\n")
        status = STATUS_LINE.fullmatch(first)
        if status is None:
            raise SourceFailed(SourceFault.NOT_RTSP)
        self._status = int(status[1])
        if 300 <= self._status < 400:
            raise SourceFailed(SourceFault.REDIRECTS)
        headers = [(header[1], header[2].strip()) for line in lines if (header := HEADER.fullmatch(line))]
        lengths = {value for name, value in headers if name.lower() == b"content-length"}
        if len(lengths) > 1 or not all(re.fullmatch(rb"\d{1,6}", value) for value in lengths):
            raise SourceFailed(SourceFault.NOT_RTSP)
        plain = [b"RTSP/1.0 %d Answer" % self._status, *(name + b": " + value for name, value in headers)]
        return b"\r\n".join(plain) + b"\r\n\r\n", int(lengths.pop()) if lengths else 0
