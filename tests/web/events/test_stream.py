"""The live stream over a real connection: what it tells, how it goes on after a break, and that nobody waits for it."""

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core.alerts.alert import Alert, AlertKind
from app.core.errors import NotRecorded
from app.core.gates.commands import CommandOutcome
from app.core.gates.result import GateResultRow
from app.core.types import Role
from app.services.events.live_feed import FeedItem
from app.web.edge import streams
from app.wiring import new_id
from tests import pictures
from tests.console.service import Service
from tests.waiting import eventually

GATE = "lobby-1"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service.running(tmp_path_factory.mktemp("stream")) as service:
        service.system.gates.add(GATE)
        yield service


class Stream:
    """One watcher's messages: (kind, data), read as they come."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.last_id = ""

    def read(self) -> tuple[str, dict[str, Any]]:
        kind = ""
        for line in self._lines:
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "id":
                self.last_id = value
            elif name == "data":
                return kind, json.loads(value)
        raise EOFError("the stream ended")

    def until(self, kind: str, **which: Any) -> dict[str, Any]:
        while True:
            found, data = self.read()
            if found == kind and which.items() <= data.items():
                return data


@contextmanager
def watching(service: Service, last: str | None = None, **query: str) -> Iterator[Stream]:
    headers = service.key("security") | ({"Last-Event-ID": last} if last else {})
    with (
        httpx.Client(base_url=service.url, timeout=30, trust_env=False) as client,
        client.stream("GET", "/v1/events/stream", headers=headers, params=query) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        yield Stream(answer.iter_lines())


def decide(service: Service) -> str:
    headers = {**service.key("gate", GATE), "Content-Type": "image/jpeg"}
    address = f"{service.url}/v1/gates/{GATE}/decisions"
    answer = httpx.post(address, headers=headers, content=pictures.empty(), trust_env=False)
    return str(answer.json()["decision_id"])


def test_feed_shows_a_decision_as_the_log_has_it(service: Service) -> None:
    with watching(service) as stream:
        assert stream.until("gate", gate=GATE)["mode"] == "normal"
        made = decide(service)
        told = stream.until("decision")
        listed = httpx.get(f"{service.url}/v1/events/{made}", headers=service.key("security"), trust_env=False).json()
        assert told["decision_id"] == stream.last_id == made
        assert {name: listed[name] for name in told} == told


def test_feed_shows_what_another_process_did(service: Service) -> None:
    with watching(service) as stream:
        stream.until("gate", gate=GATE)
        # Behind the back of the service: nothing wakes it.
        service.system.by_hand.lock(GATE, "a test", "another process")
        assert stream.until("gate", gate=GATE, locked=True)["locked"] is True
        service.system.by_hand.unlock(GATE, "a test", "another process")
        assert stream.until("gate", gate=GATE)["locked"] is False
        alert = Alert(new_id(), service.system.clock(), AlertKind.CAMERA_DEAD, None, None, "no pictures")
        with service.system.store.write() as tx:
            tx.alerts.raise_(alert)
        assert stream.until("alert")["kind"] == "camera_dead"
        with service.system.store.write() as tx:
            tx.alerts.clear(alert.kind, None, None, service.system.clock())
        over = stream.until("alert")
        assert over["cleared_at"] is not None and "cleared" not in over, "nobody has acknowledged it"
        service.system.alerts.acknowledge(alert.id, "user-7", "")
        assert stream.until("alert")["cleared"] is True


def test_alert_that_ended_between_two_queries_is_reported_once(service: Service) -> None:
    """A door that was forced and fell shut again is what a guard should see."""
    tx_of, clock = service.system.store.write, service.system.clock
    with watching(service) as stream:
        stream.until("gate", gate=GATE)
        for _ in range(2):
            with tx_of() as tx:
                alert = Alert(new_id(), clock(), AlertKind.DOOR_FORCED, None, None, "")
                tx.alerts.raise_(alert)
                tx.alerts.clear(alert.kind, None, None, clock())
            begun = stream.until("alert")
            assert (begun["id"], begun["kind"], "cleared" in begun) == (alert.id, "door_forced", False)
            assert begun["severity"] == "critical" and begun["cleared_at"] is not None
            service.system.alerts.acknowledge(alert.id, "user-7", "")
            ended = stream.until("alert")
            assert (ended["id"], ended["cleared"]) == (alert.id, True)


def test_returning_watcher_gets_missed_events(service: Service) -> None:
    first, second, third = decide(service), decide(service), decide(service)
    for query in ({"last": first}, {"after": first}):
        with watching(service, **query) as stream:  # type: ignore[arg-type]  # both are texts
            told = [stream.until("decision")["decision_id"] for _ in range(3)]
            while told[-1] != third:
                told.append(stream.until("decision")["decision_id"])
            assert told.index(second) < told.index(third)
    with watching(service, last="01M00000000000000000000000") as stream:
        stream.until("gap")


def test_gates_result_follows(service: Service) -> None:
    system = service.system
    with watching(service) as stream:
        stream.until("gate", gate=GATE)
        opened = system.by_hand.open(GATE, "a test", "somebody").id
        stream.until("decision", decision_id=opened)
        row = GateResultRow(opened, system.clock(), CommandOutcome.SENT, "")
        with system.store.write() as tx:
            tx.gate_results.put(replace(row, signature=system.signer.sign(row.signed_part)))
        told = stream.until("gate_result", decision_id=opened)
        assert (told["outcome"], told["forged"]) == ("sent", False)


def test_number_of_watchers_is_limited(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MOST_WATCHERS", 1)
    with watching(service) as stream:
        stream.until("gate")
        headers = service.key("security")
        answer = httpx.get(f"{service.url}/v1/events/stream", headers=headers, trust_env=False)
        assert (answer.status_code, answer.json()["error"]) == (503, "too_many_streams")


def test_limit_of_watchers_holds_for_concurrent_requests(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """All asked while the first was still waiting for the database: 450 of 450 got in where 100 may."""
    monkeypatch.setattr(streams, "MOST_WATCHERS", 3)
    together, done = threading.Barrier(20), threading.Event()

    def watch(_: int) -> int:
        with httpx.Client(base_url=service.url, timeout=30, trust_env=False) as client:
            together.wait(30)
            with client.stream("GET", "/v1/events/stream", headers=key) as answer:
                if answer.status_code == 503:
                    refused.release()
                else:
                    done.wait(30)
                return answer.status_code

    key, refused = service.key("security"), threading.Semaphore(0)
    with ThreadPoolExecutor(20) as threads:
        statuses = [threads.submit(watch, i) for i in range(20)]
        for _ in range(17):
            assert refused.acquire(timeout=30)
        done.set()
        assert sorted(one.result() for one in statuses) == [200] * 3 + [503] * 17


def test_watcher_that_does_not_read_is_dropped(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LAG", 5)
    watcher = streams.Watcher(0.0)
    watcher.give([(None, b"x")] * 6)
    assert watcher.over and watcher.take(set()) == b""


def test_failing_query_drops_all_watchers_and_they_reconnect(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with watching(service) as stream:
        stream.until("gate")
        with monkeypatch.context() as patch:
            patch.setattr(service.system.feed, "passages", lambda: dict[str, int]()["no such row"])
            with pytest.raises(EOFError):
                while True:
                    stream.read()
        assert "live_feed_failed" in caplog.text
    first = decide(service)
    with watching(service, last=first) as stream:
        second = decide(service)
        stream.until("decision", decision_id=second)


def test_feed_shows_a_decision_though_the_rest_of_its_query_fails(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "SITE_EVERY_S", 0)
    feed, real, found, looks = service.system.feed, service.system.feed.passages, list[FeedItem](), list[int]()

    def passages() -> list[FeedItem]:
        found.extend(news := real())
        return news

    def site() -> list[FeedItem]:
        looks.append(len(found))
        if found:
            raise NotRecorded("the database failed")
        return []

    with watching(service) as stream:
        stream.until("gate")
        monkeypatch.setattr(feed, "passages", passages)
        monkeypatch.setattr(feed, "site", site)
        eventually(lambda: len(looks) > 1, "from here on each look has both parts")
        stream.until("decision", decision_id=decide(service))
        stream.until("fault")


def test_watcher_that_loses_the_right_is_dropped_even_at_a_busy_gate(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until 2026-11-26 this was asked after 15 s of silence only, and at a busy gate there is none."""
    monkeypatch.setattr(streams, "STILL_ALLOWED_S", 0.3)
    secret, key = service.system.keys.create(Role.SECURITY)
    headers = {"Authorization": f"Bearer {secret}"}
    with (
        httpx.Client(base_url=service.url, timeout=30, trust_env=False) as client,
        client.stream("GET", "/v1/events/stream", headers=headers) as answer,
    ):
        lines = answer.iter_lines()
        assert any(line == ": still here" for line in lines), "and whoever still may stays, while nothing happens"
        service.system.keys.revoke(key.id)
        told = 0
        while True:  # a decision again and again, so that there is never a silence
            decide(service)
            told += 1
            if not any(line.startswith("event: decision") for line in lines):
                break
            assert told < 50, "still watching"


def test_open_streams_cost_no_threads_and_end_when_the_service_does(tmp_path: Path) -> None:
    with ExitStack() as closing, Service.running(tmp_path / "data") as service:
        host, port = service.url.removeprefix("http://").split(":")
        key = service.key("security")["Authorization"]
        request = f"GET /v1/events/stream HTTP/1.1\r\nHost: {host}\r\nAuthorization: {key}\r\n\r\n".encode()
        before = threading.active_count()
        open_ones = [closing.enter_context(socket.create_connection((host, int(port)), 5)) for _ in range(60)]
        for one in open_ones:
            one.sendall(request)
            assert one.recv(100).startswith(b"HTTP/1.1 200")
        # Those that Python keeps for whatever blocks, no matter how many watch.
        assert threading.active_count() - before < 50
        service.app.state.streams.close()
        for one in open_ones:
            ending = b""
            while not ending.endswith(b"0\r\n\r\n"):
                ending = ending[-10:] + one.recv(4096)
