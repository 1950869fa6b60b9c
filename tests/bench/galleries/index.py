"""`python -m tests.bench index`: a large index against comparing all, and what a search waits for its renewal.

The vectors are drawn at random. Half of the queries are like somebody (cosine 0.35 to 0.8), half like nobody, whose
nearest of a million are close together.
"""

import argparse
import threading
import time

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from app.adapters.index.faiss_index import FOLD_AT, FaissIndex

DIMENSION = 128
Vectors = NDArray[np.float32]


def unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def queries(vectors: Vectors, count: int, dice: np.random.Generator) -> Vectors:
    """Half like one of the vectors, half like none."""
    likes = vectors[dice.choice(len(vectors), count // 2, replace=False)]
    cosine = dice.uniform(0.35, 0.8, (len(likes), 1)).astype(np.float32)
    noise = dice.standard_normal(likes.shape, dtype=np.float32)
    noise = unit(noise - (noise * likes).sum(axis=1, keepdims=True) * likes)
    strangers = unit(dice.standard_normal((count - len(likes), DIMENSION), dtype=np.float32))
    return np.concatenate([cosine * likes + np.sqrt(1 - cosine**2) * noise, strangers])


def nearest(vectors: Vectors, asked: Vectors) -> NDArray[np.int64]:
    """The row of the nearest vector of each query, by comparing all."""
    best, row = np.full(len(asked), -2, np.float32), np.zeros(len(asked), np.int64)
    for first in range(0, len(vectors), 20_000):
        similar = asked @ vectors[first : first + 20_000].T
        here = similar.argmax(axis=1)
        better = similar[np.arange(len(asked)), here] > best
        best[better], row[better] = similar[better, here[better]], first + here[better]
    return row


def settled(index: FaissIndex, rows: int) -> float:
    """Seconds until new main rows of at least so many, with their rough copy, are in use."""
    began = time.perf_counter()
    while index._now.main.wants_rough or len(index._now.main) < rows:
        time.sleep(0.05)
    return time.perf_counter() - began


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench index", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=10_000)
    options = parser.parse_args(arguments)
    console, dice = Console(highlight=False), np.random.default_rng(5)
    vectors = np.concatenate(
        [unit(dice.standard_normal((10_000, DIMENSION), dtype=np.float32)) for _ in range(options.rows // 10_000)]
    )
    asked, index = queries(vectors, options.queries, dice), FaissIndex(DIMENSION)
    began = time.perf_counter()
    index.rebuild([str(row) for row in range(len(vectors))], vectors)
    console.print(f"{len(vectors)} x {DIMENSION} loaded in {time.perf_counter() - began:.1f} s; ", end="")
    console.print(f"their rough copy {settled(index, len(vectors)):.1f} s later, beside")

    took, wrong, truth = [], 0, nearest(vectors.astype(np.float16).astype(np.float32), asked)  # as they are stored
    for query, row in zip(asked, truth, strict=True):
        began = time.thread_time()
        found = index.search(query, 2)
        took.append((time.thread_time() - began) * 1000)
        wrong += found[0].employee_id != str(row)
    exact = []
    for query in asked[:100]:
        began = time.thread_time()
        index._now.main.exact.search(query[None], 3)
        exact.append((time.thread_time() - began) * 1000)
    console.print(
        f"search: CPU {np.median(took):.2f} ms at the median, comparing all {np.median(exact):.2f}; the nearest is "
        f"another one in {wrong} of {len(asked)}"
    )

    fresh = unit(dice.standard_normal((FOLD_AT + 1, DIMENSION), dtype=np.float32))
    renewed = threading.Event()
    whole = index._make_new_rows

    def make() -> None:
        whole()
        renewed.set()

    index._make_new_rows = make  # type: ignore[method-assign]
    for beside in (False, True):
        waits = []
        if beside:
            began = time.perf_counter()
            index.apply({f"new {i}": vector for i, vector in enumerate(fresh)}, ["0"])
        while len(waits) < 500 or (beside and not renewed.is_set()):
            started = time.perf_counter()
            index.search(asked[len(waits) % len(asked)], 2)
            waits.append((time.perf_counter() - started) * 1000)
            started = time.perf_counter()
            index.apply({f"more {len(waits) % 50}": fresh[0]}, [])
            waits.append((time.perf_counter() - started) * 1000)
            time.sleep(0.01)
        words = f"beside new main rows, {time.perf_counter() - began:.1f} s" if beside else "alone"
        console.print(
            f"searches and changes {words}: median {np.median(waits):.1f} ms, p99 {np.quantile(waits, 0.99):.1f}, "
            f"longest {max(waits):.1f} ({len(waits)}; at most 50 wanted)"
        )
