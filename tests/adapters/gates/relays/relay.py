"""An HTTP relay as an installer would write it from the README: signature, age, replay and window checked."""

import hashlib
import hmac
import json
import threading
import time
from collections import deque
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.waiting import pass_time

SECRET = "a secret of more than sixteen"


class HttpRelay:
    """script: what to answer to the next requests ('500', '302', 'drip', 'hang' ...), before it answers normally."""

    kind = "webhook"

    def __init__(self, port: int = 0) -> None:
        self.script: deque[str] = deque()
        self.state = "open"
        self.requests: list[dict[str, Any]] = []
        self.raw: list[tuple[bytes, str, str]] = []  # body, timestamp and signature of each
        self.elsewhere = 0
        self.opened: list[str] = []
        self.mode: str | None = None
        self._seen: set[str] = set()
        self._free = threading.Event()
        self._free.set()
        relay = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                relay._take(self)

            def do_GET(self) -> None:
                relay.elsewhere += 1

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self.secrets = (SECRET, "token-in-the-path")
        self.config: dict[str, Any] = {
            "gate": "lobby-1",
            "url": f"http://127.0.0.1:{self.port}/token-in-the-path",
            "secret": SECRET,
            "probe_s": 0.1,
        }
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="relay")
        self._thread.start()

    def hang(self) -> None:
        self._free.clear()

    def go_on(self) -> None:
        self._free.set()

    def close(self) -> None:
        self._free.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self._free.wait()
        answer = self.script.popleft() if self.script else "200"
        message = json.loads(body)
        self.requests.append(message)
        self.raw.append((body, handler.headers["X-Facegate-Timestamp"], handler.headers["X-Facegate-Signature"]))
        if handler.path != "/token-in-the-path":
            self.elsewhere += 1
        if answer == "302":
            handler.send_response(302)
            handler.send_header("Location", f"http://127.0.0.1:{self.port}/elsewhere")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
        elif answer == "drip":
            for _ in range(100):
                handler.wfile.write(b"H")
                pass_time(0.05)
        elif answer == "garbage":
            handler.wfile.write(b"\0\1\2\3\r\n\r\n")
        elif answer != "200":
            self._answer(handler, int(answer), {})
        elif not self._genuine(handler, body):
            self._answer(handler, 401, {})
        else:
            self._obey(message)
            self._answer(handler, 200, {"state": self.state})

    def _genuine(self, handler: BaseHTTPRequestHandler, body: bytes) -> bool:
        timestamp = handler.headers["X-Facegate-Timestamp"]
        expected = hmac.new(SECRET.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        near = abs(float(timestamp) - time.time()) < 30
        return near and hmac.compare_digest("sha256=" + expected, handler.headers["X-Facegate-Signature"])

    def _obey(self, message: dict[str, Any]) -> None:
        if message["event_id"] in self._seen:
            return
        self._seen.add(message["event_id"])
        if message["command"] != "open":
            self.mode = message["command"]
        elif datetime.fromisoformat(message["until"]).timestamp() > time.time():
            self.opened.append(message["event_id"])

    def _answer(self, handler: BaseHTTPRequestHandler, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A driver that stops waiting resets its connection: expected here."""
