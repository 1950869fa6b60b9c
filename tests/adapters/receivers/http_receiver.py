"""A receiver of alerts as its owner would write it: it checks signature and age, and answers as a test tells it to."""

import json
import re
import ssl
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import app.services.alerts
from tests.waiting import pass_time

MB = 1_000_000
README = Path(app.services.alerts.__file__).with_name("README.md")
Genuine = Callable[[str, dict[str, str], bytes], bool]


def example(now: Callable[[], datetime]) -> Genuine:
    """The receiver's side, as the README has it, but on the test's clock."""
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)  # noqa: S102  our own README
    names["time"] = SimpleNamespace(time=lambda: now().timestamp())
    return names["is_genuine"]  # type: ignore[return-value]


class HttpReceiver:
    """script: what to answer to the next requests ('500', '302', 'drip', 'flood', 'silence'), before it answers 200.

    messages: what it took, in order, repeats among them. ids: of each request, answered well or not.
    """

    def __init__(self, port: int = 0, genuine: Genuine | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.secret = ""
        self.script: deque[str] = deque()
        self.messages: list[dict[str, Any]] = []
        self.ids: list[str] = []
        self.forged = 0
        self.elsewhere = 0
        self.flooded = 0  # bytes that somebody read of an endless answer
        self.over = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                with suppress(OSError):
                    receiver._take(self, genuine)

            def do_GET(self) -> None:
                receiver.elsewhere += 1

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self._server.tls = tls
        scheme = "http" if tls is None else "https"
        self.address = f"{scheme}://127.0.0.1:{self.port}/token-in-the-path"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="receiver")
        self._thread.start()

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def alerts(self) -> list[str]:
        """The kinds of the alerts that it took, each message once, as a receiver that knows its ids."""
        once = {message["id"]: message for message in self.messages}
        return [f"{alert['kind']} {alert['change']}" for one in once.values() for alert in one["data"]["alerts"]]

    def _take(self, handler: BaseHTTPRequestHandler, genuine: Genuine | None) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        sent = {name.lower(): value for name, value in handler.headers.items()}
        self.ids.append(sent["webhook-id"])
        answer = self.script.popleft() if self.script else "200"
        if answer == "302":
            handler.send_response(302)
            handler.send_header("Location", f"http://127.0.0.1:{self.port}/elsewhere")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
        elif answer == "silence":
            self.over.wait()
        elif answer == "drip":
            while not self.over.is_set():
                handler.wfile.write(b"H")
                pass_time(0.02)
        elif answer == "flood":
            self.messages.append(json.loads(body))
            handler.send_response(200)
            handler.send_header("Content-Length", str(1000 * MB))
            handler.end_headers()
            while not self.over.is_set() and self.flooded < 1000 * MB:
                handler.wfile.write(bytes(64_000))
                self.flooded += 64_000
        elif answer == "200" and genuine is not None and not genuine(self.secret, sent, body):
            self.forged += 1
            self._answer(handler, 401)
        else:
            if answer == "200":
                self.messages.append(json.loads(body))
            self._answer(handler, int(answer))

    def _answer(self, handler: BaseHTTPRequestHandler, status: int) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    tls: ssl.SSLContext | None = None

    def get_request(self) -> Any:
        connected, address = super().get_request()
        return (connected if self.tls is None else self.tls.wrap_socket(connected, server_side=True)), address

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves in the middle is part of a test."""
