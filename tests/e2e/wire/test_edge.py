"""The edge of the real service against whoever holds no key: bodies, headers, connections."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import httpx
import pytest

from tests import pictures
from tests.e2e.server import Server, Site, serving
from tests.e2e.wire.lines import DECISIONS, alive, asked, connected, post

BIG = bytes(40_000_000)  # more than a request may have


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(Site.make(tmp_path_factory.mktemp("edge") / "data")) as server:
        yield server
        assert "Traceback" not in server.log.read_text()


# A body that is too large, to clients that read no answer before they have sent everything.


@pytest.mark.parametrize("role", ["gate", "nobody"])
def test_http_client_reads_the_refusal_of_what_it_sends(server: Server, role: str) -> None:
    key = server.site.key("gate") if role == "gate" else {"Authorization": "Bearer fg_gate_invented"}
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    client.request("POST", DECISIONS, body=BIG, headers={**key, "Content-Type": "image/jpeg"})
    answer = client.getresponse()
    assert answer.status == 413 and json.load(answer)["error"] == "request_too_large"
    assert answer.getheader("Connection") == "close"
    client.close()


def test_httpx_reads_the_refusal_of_a_body_without_a_length(server: Server) -> None:
    parts = (BIG[:1_000_000] for _ in range(40))
    headers = {**server.site.key("gate"), "Content-Type": "image/jpeg"}
    answer = server.http.post(DECISIONS, headers=headers, content=parts)
    assert (answer.status_code, answer.json()["error"]) == (413, "request_too_large")
    assert answer.headers["connection"] == "close"


def test_socket_reads_the_refusal_after_everything_is_sent(server: Server) -> None:
    answer = asked(server, post(DECISIONS, f"Content-Length: {len(BIG)}", "Content-Type: image/jpeg"), BIG)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_client_can_read_the_refusal_of_its_key(server: Server) -> None:
    """Not only 413: every answer that comes before the body has."""
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    for _ in range(2):
        client.request("POST", DECISIONS, body=BIG[:20_000_000], headers={"Content-Type": "image/jpeg"})
        answer = client.getresponse()
        assert answer.status == 401 and json.load(answer)["error"] == "key_required"
    client.close()


def test_client_that_expects_100_continue_is_refused_at_once(server: Server) -> None:
    started = time.monotonic()
    head = post(DECISIONS, "Content-Length: 9000000", "Content-Type: image/jpeg", "Expect: 100-continue")
    assert asked(server, head).startswith(b"HTTP/1.1 401 ")
    assert time.monotonic() - started < 5


# Headers that say one thing to one reader and another to the next.


@pytest.mark.parametrize(
    "name", ["Content-Type", "Authorization", "Host", "Idempotency-Key", "X-CSRF-Token", "Facegate-Nonce"]
)
def test_duplicate_header_is_refused(server: Server, name: str) -> None:
    key = server.site.key("gate")["Authorization"]
    twice = f"{name}: {key}\r\n{name.lower()}: {key}"
    answer = asked(server, f"POST {DECISIONS} HTTP/1.1\r\nContent-Length: 2\r\n{twice}\r\nConnection: close", b"{}")
    assert answer.startswith(b"HTTP/1.1 400 ") and b"duplicate_header" in answer, answer


@pytest.mark.parametrize(
    "fields",
    [
        ("Content-Type: application/json", "Content-Type: image/jpeg"),
        ("Content-Type: application/json",),
        ("Content-Type: image/jpeg",),
        ("Content-Type: application/x-www-form-urlencoded", "Cookie: facegate=x"),
        ("Transfer-Encoding: chunked", "Content-Type: multipart/form-data; boundary=x"),
    ],
    ids=range(5),
)
@pytest.mark.parametrize("path", ["/v1/employees", DECISIONS, "/v1/imports", "/v1/gates", "/signin"])
def test_body_of_an_unauthenticated_client_is_not_parsed(server: Server, path: str, fields: tuple[str, ...]) -> None:
    """32 MB of brackets took the event loop 4 to 6 s each."""
    body = b"[" * 32_000_000
    size = [] if fields[0].startswith("Transfer") else [f"Content-Length: {len(body)}"]
    if not size:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    started = time.process_time(), _cpu_s(server)
    answer = asked(server, post(path, *size, *fields), body)
    assert answer[9:12] in (b"400", b"401", b"413"), answer[:300]
    assert _cpu_s(server) - started[1] < 1.5


def _cpu_s(server: Server) -> float:
    import psutil

    times = psutil.Process(server.process.pid).cpu_times()
    return float(times.user + times.system)


def test_gates_are_served_during_deeply_nested_json(server: Server) -> None:
    body = b"[" * 32_000_000
    head = post("/v1/employees", "Content-Type: application/json", "Content-Type: image/jpeg")
    attackers = [
        threading.Thread(target=asked, args=(server, f"{head}\r\nContent-Length: {len(body)}", body)) for _ in range(3)
    ]
    server.approach()
    for attacker in attackers:
        attacker.start()
    took = []
    while any(attacker.is_alive() for attacker in attackers):
        started = time.monotonic()
        assert server.approach().status_code == 200
        took.append(time.monotonic() - started)
    assert max(took, default=0) < 2.5, took


def test_100_continue_is_sent_only_to_authenticated_clients(server: Server) -> None:
    for path in (DECISIONS, "/v1/employees", "/v1/photo-checks", "/v1/imports", "/v1/release", "/v1/verify"):
        with connected(server, 5) as line:
            fields = ("Content-Type: application/json", "Content-Length: 90000", "Expect: 100-continue")
            line.sendall((post(path, *fields) + "\r\n\r\n").encode())
            answer = line.recv(1000)
        assert answer.startswith(b"HTTP/1.1 401 "), (path, answer)


# Connections that hold a place and say nothing.


def test_silent_connections_do_not_block_gates(server: Server) -> None:
    """After a first answer, one byte of a second request cancelled every timer: 511 of these shut all gates out."""
    gate = httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=30, trust_env=False)
    headers = {**server.site.key("gate"), "Content-Type": "image/jpeg"}

    def passes(client: httpx.Client) -> bool:
        return client.post(DECISIONS, headers=headers, content=pictures.empty()).status_code == 200

    with ExitStack() as held, gate:
        assert passes(gate)
        lines = [held.enter_context(connected(server)) for _ in range(600)]
        for line in lines:
            with suppress(ConnectionError):  # the first of them have made room already
                alive(line)
                line.sendall(b"G")
        assert passes(gate), "the gate's own connection was taken from it"
        with httpx.Client(base_url=gate.base_url, timeout=30, trust_env=False) as another:
            assert passes(another)
        # And each is ended: none may hold its place for good.
        end = time.monotonic() + 20
        for line in lines:
            line.settimeout(max(0.1, end - time.monotonic()))
            with suppress(ConnectionError):
                assert line.recv(1) == b""


def test_flood_with_one_gates_key_does_not_block_a_fire_panel(server: Server) -> None:
    """Bodies that never end, all with one gate's key, held all places, each for many seconds."""
    key = f"Host: a\r\nAuthorization: {server.site.key('gate')['Authorization']}\r\n"
    body = f"POST {DECISIONS} HTTP/1.1\r\n{key}Content-Type: image/jpeg\r\nContent-Length: 1000\r\n\r\nx".encode()
    with ExitStack() as held:
        lines = [held.enter_context(connected(server)) for _ in range(512)]
        for line in lines:
            with suppress(ConnectionError):  # one or two have made room already
                line.sendall(f"GET /v1/gates HTTP/1.1\r\n{key}\r\n".encode())
                line.recv(65_536)
        for line in lines:
            with suppress(ConnectionError):
                line.sendall(body)
        for _ in range(3):
            with httpx.Client(base_url=server.http.base_url, timeout=30, trust_env=False) as panel:
                ended = panel.post("/v1/release", headers=server.site.key("security"), json={"active": False})
            assert ended.status_code == 200, ended.text
