"""Whoever stands at a gate gets the next engine, however much work waits in the background."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.core.errors import Busy
from app.services.recognition.engine_pool import EnginePool
from tests.waiting import eventually


def waiting(pool: EnginePool[str]) -> int:
    return sum(map(len, pool._urgent.values()))


def test_decision_goes_before_an_import_that_waited_longer() -> None:
    pool = EnginePool(["one"], max_wait_s=5)
    order: list[str] = []

    def work(name: str, patient: bool) -> None:
        with pool.lease(patient=patient):
            order.append(name)

    with ThreadPoolExecutor(4) as threads, pool.lease():
        threads.submit(work, "import", True)
        threads.submit(work, "import", True)
        threads.submit(work, "gate", False)
        eventually(lambda: waiting(pool) == 1)
    assert order == ["gate", "import", "import"]


def test_import_uses_every_idle_engine() -> None:
    pool = EnginePool(["one", "two"], max_wait_s=0)
    with pool.lease(patient=True) as first, pool.lease(patient=True) as second:
        assert {first, second} == {"one", "two"}
        with pytest.raises(Busy), pool.lease():
            pass
    with pool.lease() as again:
        assert again == first, "given back last, it has its buffers in the cache"


def test_requests_are_served_in_turn() -> None:
    pool = EnginePool(["one"], max_wait_s=5)
    order: list[int] = []
    ready = threading.Semaphore(0)

    def work(n: int) -> None:
        ready.release()
        with pool.lease():
            order.append(n)

    with ThreadPoolExecutor(3) as threads, pool.lease():
        for n in range(3):
            threads.submit(work, n)
            eventually(lambda n=n: waiting(pool) == n + 1)
    assert order == [0, 1, 2]


def test_abandoned_request_delays_nobody() -> None:
    pool = EnginePool(["one"], max_wait_s=0.01)
    with pool.lease(), pytest.raises(Busy), pool.lease():
        pass
    assert waiting(pool) == 0
    with pool.lease(patient=True) as engine:
        assert engine == "one"


def test_engine_is_returned_after_an_exception() -> None:
    pool = EnginePool(["one"], max_wait_s=0)
    with pytest.raises(RuntimeError), pool.lease():
        raise RuntimeError
    with pool.lease() as engine:
        assert engine == "one"


def test_flood_from_one_client_delays_another_by_one_job() -> None:
    pool = EnginePool(["one"], max_wait_s=5)
    order: list[str] = []

    def work(who: str) -> None:
        with pool.lease(who):
            order.append(who)

    with ThreadPoolExecutor(9) as threads, pool.lease("flood"):
        for who in ["flood"] * 6 + ["gate", "gate", "dock"]:
            before = waiting(pool)
            threads.submit(work, who)
            eventually(lambda before=before: waiting(pool) == before + 1)
    assert order[:2] == ["gate", "dock"]  # neither was served before, and the flood was
    assert order[2:4] == ["flood", "gate"] and order[4:] == ["flood"] * 5


def test_memory_for_turns_is_bounded() -> None:
    pool = EnginePool(["one"], max_wait_s=0)
    for who in range(3000):
        with pool.lease(who):
            pass
    assert len(pool._served) <= 1000 and 2999 in pool._served
