"""Loading the gallery from the database, and searching it as it grows."""

import time
from functools import partial

import numpy as np
from rich.console import Console

from app.adapters.index.faiss_index import FaissIndex
from app.services.people.gallery import Gallery
from tests.bench.ground import ENROLLED, service, timed

LOADS = 5
SEARCHES = 200


def measure(console: Console) -> None:
    with service() as system:
        seconds = []
        for _ in range(LOADS):
            known = system.gallery
            fresh = Gallery(FaissIndex(known.index.dimension), system.vault, known.pack_digest, known.precision)
            started = time.perf_counter()
            with system.store.read() as tx:
                fresh.refresh(tx)
            seconds.append(time.perf_counter() - started)
            assert len(fresh) == ENROLLED
    console.print(
        f"gallery of {ENROLLED} from the database: median {np.median(seconds):.2f} s of {LOADS} (under 3 wanted)"
    )
    rng = np.random.default_rng(3)
    for size in (1_000, 10_000, 100_000):
        vectors = rng.standard_normal((size, 128)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        index = FaissIndex(128)
        index.rebuild([str(i) for i in range(size)], vectors)
        took = [timed(partial(index.search, vectors[i], 2))[0] for i in range(SEARCHES)]
        console.print(f"search of {size}: median {np.median(took):.3f} ms of {SEARCHES}")
