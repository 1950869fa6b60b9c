"""The listening socket is handed from a process to itself, and to nobody else; who waited at it counts as waiting."""

import os
import socket
import threading
from typing import Any

import httpx
import pytest
import uvicorn

from app.process.listening import HANDED, bound
from app.settings import SettingsError
from app.web.edge import patience
from app.web.edge.limits import RECEIVED_S
from app.web.edge.patience import SETTLED_S, Backlog, ImpatientProtocol


def test_restarted_process_keeps_its_socket_and_waiting_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HANDED, "")
    first = bound("127.0.0.1", 0)
    first.socket.listen()
    address = first.socket.getsockname()
    first.hand_on(12.25)
    again = bound("127.0.0.1", 0)
    try:
        assert again.socket.fileno() == first.socket.fileno() and again.away_since_s == 12.25
        assert HANDED not in os.environ and not again.socket.get_inheritable()
        with socket.create_connection(address, 5):
            again.socket.accept()[0].close()
    finally:
        first.socket.detach()
        again.socket.close()


@pytest.mark.parametrize("handed", ["", "rubbish", "1 2 3.0"])
def test_socket_of_another_process_is_ignored(monkeypatch: pytest.MonkeyPatch, handed: str) -> None:
    monkeypatch.setenv(HANDED, handed)
    listener = bound("127.0.0.1", 0)
    with listener.socket:
        assert listener.away_since_s is None and HANDED not in os.environ
        with pytest.raises(SettingsError, match="cannot be listened on"):
            listener.socket.listen()
            bound("127.0.0.1", listener.socket.getsockname()[1])


def test_age_of_a_request_includes_the_wait_before_accept() -> None:
    seen = list[float | None]()

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        seen.append(scope["state"].get(RECEIVED_S))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    class Protocol(ImpatientProtocol):
        waiting = Backlog(7.5)

    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", http=Protocol))
    listener = bound("127.0.0.1", 0).socket
    listener.listen()
    with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", trust_env=False) as client:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            for _ in range(2):
                assert client.get("/").status_code == 204
        finally:
            server.should_exit = True
            thread.join(30)
    assert seen == [7.5, None]


def test_connection_accepted_after_the_start_counts_as_waiting_since_before(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    monkeypatch.setattr(patience, "perf_counter", lambda: now_s)
    waiting, fresh = Backlog(7.5), Backlog()
    assert waiting.waited_since_s() == 7.5 and fresh.waited_since_s() is None
    waiting.begun()
    assert waiting.waited_since_s() == 7.5
    now_s += SETTLED_S + 0.01
    assert waiting.waited_since_s() is None
