"""Several workers compute what one computes: found by a demo that was blind at every third start (2026-11-23)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from app.adapters.vision.networks.runtime import Runner, compile_network, one_a_worker

STARTS = 6


def outputs(yunet_bytes: bytes, picture: np.ndarray) -> list[np.ndarray]:
    network = Runner(compile_network(yunet_bytes, height_px=192, width_px=320, rgb=False, precision="f32"))
    network.picture[0] = picture
    return [np.array(output) for output in network.run()]


def test_every_worker_gives_the_same_result(yunet_bytes: bytes) -> None:
    picture = np.random.default_rng(5).integers(0, 256, (192, 320, 3), dtype=np.uint8)
    expected = outputs(yunet_bytes, picture)
    assert len(expected) == 12
    for _ in range(STARTS):
        with ThreadPoolExecutor(8) as workers:
            for found in workers.map(lambda _: outputs(yunet_bytes, picture), range(8)):
                for wanted, output in zip(expected, found, strict=True):
                    np.testing.assert_array_equal(output, wanted)


def threads_now() -> int:
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def test_a_network_brings_no_threads(yunet_bytes: bytes) -> None:
    """Threads of its own would be pinned to a core, which is the same one in each process of a machine."""
    before = threads_now()
    picture = np.zeros((192, 320, 3), dtype=np.uint8)
    networks = [outputs(yunet_bytes, picture) for _ in range(4)]
    compiled = compile_network(yunet_bytes, height_px=192, width_px=320, rgb=False, precision="f32")
    assert compiled.get_property("NUM_STREAMS") == 0
    assert threads_now() <= before + 1 < before + len(networks)


def test_nothing_runs_beside_the_first_use() -> None:
    """The binding's first uses at once wait for each other forever."""
    running, together, lock = [0], list[int](), threading.Lock()
    both = threading.Barrier(2)

    def make() -> int:
        with lock:
            running[0] += 1
            together.append(running[0])
            number = len(together)
        if number > 1:
            both.wait(10)
        with lock:
            running[0] -= 1
        return number

    assert sorted(one_a_worker(make, 3)) == [1, 2, 3]
    assert together == [1, 1, 2]
    assert len(one_a_worker(lambda: 1, 1)) == 1
