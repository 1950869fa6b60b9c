"""More frames than can be looked at in time: refused at once with when to come back, never answered late."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.core.types import Role
from app.settings import read_settings
from app.web.app import create_app
from app.wiring import System, open_system
from tests import pictures
from tests.web.conftest import TestClient, bearer, problem


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One engine, and nobody waits for it."""
    data = tmp_path_factory.mktemp("busy")
    system = open_system(read_settings(data, precision="f32", workers=1, max_wait_ms=5, replayed_picture="alert"))
    system.gates.add("lobby-1")
    yield system
    system.close()


def test_request_that_waits_too_long_is_refused(busy: System) -> None:
    client = TestClient(create_app(busy), raise_server_exceptions=False)
    key = {**bearer(busy.keys.create(Role.GATE, "lobby-1")[0]), "Content-Type": "image/jpeg"}
    together = threading.Barrier(12)

    def send(_: int) -> tuple[int, float]:
        together.wait(30)
        started = time.monotonic()
        answer = client.post("/v1/gates/lobby-1/decisions", headers=key, content=pictures.portrait("obama3"))
        if answer.status_code == 503:
            problem(answer, 503, code="too_busy")
            assert int(answer.headers["retry-after"]) >= 1
        return answer.status_code, time.monotonic() - started

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(send, range(12)))
    statuses = [status for status, _ in answers]
    assert set(statuses) == {200, 503}
    assert max(took for _, took in answers) < 10
    # Those refused are not in the log, and the next one is served.
    with busy.store.read() as tx:
        assert sum(head.sequence for head in tx.events.heads()) == statuses.count(200)
    assert client.post("/v1/gates/lobby-1/decisions", headers=key, content=pictures.empty()).status_code == 200
