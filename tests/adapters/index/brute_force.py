"""The obvious way to search, which the index is compared with."""

from collections.abc import Iterable

import numpy as np
import pytest

from app.adapters.index.faiss_index import FaissIndex
from app.core.types import Vector

DIMENSION = 8
FLOAT16 = 2e-3  # how far a similarity of float16 vectors may lie from that of float32


def random_vectors(count: int, seed: int, dimension: int = DIMENSION) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def axis(n: int) -> Vector:
    return np.eye(DIMENSION, dtype=np.float32)[n]


class Plain:
    """The obvious way: a dictionary, and a product with every row."""

    def __init__(self) -> None:
        self.vectors: dict[str, Vector] = {}

    def apply(self, changed: dict[str, Vector], removed: Iterable[str]) -> None:
        for employee_id in removed:
            self.vectors.pop(employee_id, None)
        self.vectors.update(changed)

    def similarities(self, query: Vector) -> dict[str, float]:
        return {employee_id: float(vector @ query) for employee_id, vector in self.vectors.items()}


def check(index: FaissIndex, plain: Plain, query: Vector, k: int) -> None:
    """The k best of all, each with its similarity; where two are as good as equal, either may be the last."""
    found, truth = index.search(query, k), plain.similarities(query)
    assert len(index) == len(truth)
    assert len(found) == len({c.employee_id for c in found}) == min(k, len(truth))
    for rank, candidate in enumerate(found):
        assert candidate.similarity == pytest.approx(truth[candidate.employee_id], abs=FLOAT16)
        assert candidate.similarity == pytest.approx(sorted(truth.values(), reverse=True)[rank], abs=FLOAT16)
    assert found == sorted(found, key=lambda c: (-c.similarity, c.employee_id))
