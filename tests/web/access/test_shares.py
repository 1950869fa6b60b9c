"""What one key asks for keeps nobody else waiting: one real service, one engine."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from PIL import Image

from tests import pictures
from tests.console.service import Service
from tests.waiting import eventually

FLOOD, GATE = "flood", "lobby-1"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service.running(tmp_path_factory.mktemp("shares"), max_wait_ms=5000) as service:
        for name in (FLOOD, GATE):
            service.system.gates.add(name)
        yield service


def sender(service: Service, key: dict[str, str]) -> httpx.Client:
    headers = {**key, "Content-Type": "image/jpeg"}
    return httpx.Client(base_url=service.url, headers=headers, timeout=60, trust_env=False)


def test_flood_of_one_gate_leaves_the_other_its_turn(service: Service) -> None:
    """Before, thirty of these in line were thirty before the next gate's, and every thread waited with them."""
    large = pictures.encoded(Image.new("RGB", (4000, 3000), (90, 110, 130)), progressive=True)
    flooding = service.key("gate", FLOOD)
    over, statuses = threading.Event(), Counter[int]()

    def flood(_: int) -> None:
        with sender(service, flooding) as client:
            while not over.is_set():
                statuses[client.post(f"/v1/gates/{FLOOD}/decisions", content=large).status_code] += 1

    with ThreadPoolExecutor(30) as threads, sender(service, service.key("gate", GATE)) as gate:
        floods = [threads.submit(flood, i) for i in range(30)]
        try:
            eventually(lambda: statuses.total() >= 10, "the flood")
            took = []
            for number in range(5):
                started = time.monotonic()
                answer = gate.post(f"/v1/gates/{GATE}/decisions", content=pictures.empty(320 + number))
                took.append(time.monotonic() - started)
                assert answer.status_code == 200 and answer.json()["reason"] in ("no_face", "stale_frame")
        finally:
            over.set()
        for one in floods:
            one.result()
    assert statuses[200] and statuses[503] and set(statuses) == {200, 503}
    assert min(took) < 3, took


def test_one_audit_at_a_time_and_gates_go_on(service: Service) -> None:
    for _ in range(400):
        service.system.by_hand.open(GATE, "a test", "somebody")
    key, together = service.key("security"), threading.Barrier(20)

    def verify(_: int) -> tuple[int, str]:
        together.wait(30)
        answer = httpx.get(f"{service.url}/v1/audit/verify", headers=key, timeout=60, trust_env=False)
        if answer.status_code == 503:
            assert answer.json()["error"] == "too_many_at_once" and int(answer.headers["retry-after"]) >= 1
        else:
            assert answer.json()["valid"], answer.text
        return answer.status_code, answer.text

    with ThreadPoolExecutor(20) as threads, sender(service, service.key("gate", GATE)) as gate:
        verifying = threads.map(verify, range(20))
        assert gate.post(f"/v1/gates/{GATE}/decisions", content=pictures.empty(640)).status_code == 200
        counted = Counter(status for status, _ in verifying)
    assert set(counted) == {200, 503} and counted[200] <= 5, counted


def test_place_is_freed_when_a_client_hangs_up(service: Service) -> None:
    key = service.key("admin")
    for _ in range(5):
        with httpx.stream("GET", f"{service.url}/v1/events.csv", headers=key, trust_env=False) as answer:
            assert answer.status_code in (200, 503)
    csv = f"{service.url}/v1/events.csv"
    eventually(lambda: httpx.get(csv, headers=key, trust_env=False).status_code == 200, "a free place")
