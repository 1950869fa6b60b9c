"""A web server on loopback that misbehaves as told, and the small pieces every test of a fetch needs."""

import hashlib
import http.server
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from app.adapters.vision.weights import Artifact, Source
from models.weights.fetch import Fetched, fetch

CONTENT = bytes(range(256)) * 4096  # 1 MiB


@dataclass
class Heard:
    """A reporter that remembers."""

    lines: list[str] = field(default_factory=list)
    advances: list[tuple[str, int, int | None]] = field(default_factory=list)

    def line(self, text: str) -> None:
        self.lines.append(text)

    def advance(self, name: str, done: int, total: int | None) -> None:
        self.advances.append((name, done, total))

    def __str__(self) -> str:
        return "\n".join(self.lines)


class Site(http.server.ThreadingHTTPServer):
    """A web server on loopback that serves, cuts off and redirects as told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, bytes] = {"/file": CONTENT}
        self.redirects: dict[str, str] = {}
        self.cuts: list[int] = []  # for each answer to come, after how many bytes the connection is cut
        self.ranges = True
        self.asked: list[str] = []  # the Range header of each request, or ""
        self.stall = threading.Event()  # set: an answer that is cut waits for the client to go away
        self.halfway = threading.Event()

    def url(self, path: str = "/file") -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        site = cast(Site, self.server)
        wanted = self.headers.get("Range", "")
        site.asked.append(wanted)
        if self.path in site.redirects:
            self.send_response(302)
            self.send_header("Location", site.redirects[self.path])
            self.end_headers()
            return
        if self.path not in site.pages:
            self.send_error(404)
            return
        page = site.pages[self.path]
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and site.ranges else 0
        if start >= len(page):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(page) - 1}/{len(page)}")
        body = page[start:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not site.cuts:
            self.wfile.write(body)
            return
        self.wfile.write(body[: site.cuts.pop(0)])
        self.wfile.flush()
        if site.stall.is_set():
            site.halfway.set()
            self.connection.recv(1)  # returns when the client is gone

    def log_message(self, *_: object) -> None: ...


def artifact(*where: Source, name: str = "thing", content: bytes = CONTENT) -> Artifact:
    digest = hashlib.sha256(content).hexdigest()
    return Artifact(name, f"{name}.bin", digest, "CC0-1.0", "", "weights", where)


def run(wanted: Artifact, cache: Path, heard: Heard | None = None, **options: object) -> Fetched:
    heard = Heard() if heard is None else heard
    [one] = fetch([wanted], cache, {wanted.name: wanted}, heard, **options)  # type: ignore[arg-type]
    return one


def files(cache: Path) -> set[str]:
    return {path.name for path in cache.iterdir()} - {".lock"}
