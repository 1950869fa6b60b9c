"""How long the service waits for whom. All cases wait at once, since each takes its real seconds."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial

import pytest

from tests.e2e.server import Server, Site, serving
from tests.e2e.wire.lines import DECISIONS, alive, asked, connected, post

Case = Callable[[Server], None]


def a_polite_connection_stays_open_between_requests(server: Server) -> None:
    """Proxies and gates keep theirs for a minute."""
    with connected(server) as once, connected(server) as twice:
        for line in (once, twice, twice):
            alive(line)
        once.settimeout(11)
        twice.settimeout(0.1)
        for line in (once, twice):
            with pytest.raises(TimeoutError):
                line.recv(1)
            alive(line)


def a_second_request_has_as_little_time_as_the_first(server: Server, first: bytes, then: bytes) -> None:
    with connected(server, 30) as line:
        alive(line)
        line.sendall(first)
        started, ended = time.monotonic(), threading.Event()

        def trickle() -> None:
            with suppress(OSError):
                while not ended.wait(1):
                    line.sendall(then)

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            with suppress(ConnectionError):
                assert line.recv(1000) == b""
        finally:
            ended.set()
            thread.join()
        assert time.monotonic() - started > 5


def connections_that_say_nothing_are_ended_and_keep_nobody_out(server: Server) -> None:
    """Found by a reviewer: 400 silent connections stopped the service (2026-11-23)."""
    with ExitStack() as open_ones:
        silent = [open_ones.enter_context(socket.create_connection(("127.0.0.1", server.port))) for _ in range(300)]
        assert server.approach().status_code == 200
        silent[0].settimeout(30)
        assert silent[0].recv(1) == b""


def reading_on_has_an_end(server: Server) -> None:
    """Nothing more comes: the answer does, within the bound."""
    head = post(DECISIONS, "Content-Length: 40000000", "Content-Type: image/jpeg")
    assert asked(server, head, b"x").startswith(b"HTTP/1.1 413 ")


def a_body_without_end_in_sight_is_given_up(server: Server) -> None:
    key = f"Authorization: {server.site.key('gate')['Authorization']}"
    head = post(DECISIONS, key, "Content-Type: image/jpeg", "Content-Length: 1000").replace("Connection: close\r\n", "")
    with connected(server, 60) as slow:
        slow.sendall(f"{head}\r\n\r\n".encode() + b"\xff")
        assert b" 408 " in slow.recv(1000)


PLAIN = (
    a_polite_connection_stays_open_between_requests,
    connections_that_say_nothing_are_ended_and_keep_nobody_out,
    reading_on_has_an_end,
    a_body_without_end_in_sight_is_given_up,
)
CASES: dict[str, Case] = {case.__name__: case for case in PLAIN}
CASES |= {
    f"{a_second_request_has_as_little_time_as_the_first.__name__}: {name}": partial(
        a_second_request_has_as_little_time_as_the_first, first=first, then=then
    )
    for name, first, then in (
        ("empty lines", b"\r\n", b"\r\n"),
        ("one byte", b"G", b""),
        ("a header that goes on", b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"x"),
    )
}


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[None]]]:
    with serving(Site.make(tmp_path_factory.mktemp("patience") / "data")) as server:
        with ThreadPoolExecutor(len(CASES)) as pool:
            yield {name: pool.submit(case, server) for name, case in CASES.items()}
        assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("case", CASES)
def test_patience(waiting: dict[str, Future[None]], case: str) -> None:
    waiting[case].result()
