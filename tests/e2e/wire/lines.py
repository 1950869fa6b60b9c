"""Connections as bytes: what no HTTP client of good manners would send."""

import socket

from tests.e2e.server import GATE, Server

DECISIONS = f"/v1/gates/{GATE}/decisions"


def connected(server: Server, within_s: float = 20) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=within_s)


def asked(server: Server, head: str, body: bytes = b"") -> bytes:
    """Sends one request and reads until the service hangs up."""
    with connected(server) as line:
        line.sendall(f"{head}\r\n\r\n".encode("latin-1") + body)
        return b"".join(iter(lambda: line.recv(65_536), b""))


def alive(line: socket.socket) -> None:
    """One request and the whole of its answer, on a connection that stays open. Raises ConnectionError."""
    line.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = b""
    while b"alive" not in answer:
        if not (more := line.recv(1000)):
            raise ConnectionResetError
        answer += more
    assert answer.startswith(b"HTTP/1.1 200 ")


def post(path: str, *fields: str) -> str:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: a", "Connection: close", *fields])
