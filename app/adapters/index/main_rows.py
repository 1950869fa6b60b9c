"""The rows of an index that never change: all vectors in float16, and of many a rough copy that is searched first.

The rough copy has 4 bits a number (FAISS PQ, fast scan). What it finds is compared again with the float16 vectors. At
1,000,000 x 128 the nearest row was the same as by comparing all, in each of 10,000 queries (`tests.bench index`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from app.core.types import Vector

Rows = NDArray[np.float32]

# Below, comparing all takes less than 2.5 ms.
ROUGH_FROM = 200_000
# How many of the rough copy's nearest are compared again, at least. 50 sufficed for 4,000 queries of 300,000.
COMPARED_AGAIN = 256
_TRAINED_ON = 20_000
# Rows that are copied or encoded in one go: no step keeps Python's lock, or memory, for long.
_AT_ONCE = 32_768


@dataclass(frozen=True, eq=False)
class MainRows:
    """Everything lies in arrays: to make or drop a million texts would keep Python's lock, and with it every gate.

    ids: in UTF-8. order: rows by their ids. exact, rough: FAISS indexes of the same rows; rough is None for few.
    """

    ids: NDArray[np.bytes_]
    order: NDArray[np.int64]
    exact: Any
    rough: Any = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def wants_rough(self) -> bool:
        return self.rough is None and len(self) >= ROUGH_FROM

    def search(self, vector: Vector, k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Similarities and rows of the k nearest, best first; fewer if there are fewer."""
        query = vector.reshape(1, -1)
        if self.rough is None:
            similarities, rows = self.exact.search(query, min(k, len(self)))
            return similarities[0], rows[0]
        _, near = self.rough.search(query, min(max(COMPARED_AGAIN, 4 * k), len(self)))
        rows = near[0][near[0] >= 0]
        similarities = self._stored()[rows].astype(np.float32) @ vector
        best = np.argsort(-similarities, kind="stable")[:k]
        return similarities[best], rows[best]

    def id_of(self, row: int) -> str:
        return str(self.ids[row].decode())

    def rows_of(self, ids: Iterable[str]) -> set[int]:
        """The rows of those that are here."""
        # Longer ones are not, and would have all of ours copied for the comparison.
        coded = [code for code in (one.encode() for one in ids) if len(code) <= self.ids.itemsize]
        if not coded or not len(self):
            return set()
        asked = np.array(coded, dtype=self.ids.dtype)
        places = np.searchsorted(self.ids, asked, sorter=self.order)
        rows = self.order[np.minimum(places, len(self) - 1)]
        return set(rows[self.ids[rows] == asked].tolist())

    def blocks(self) -> Iterator[tuple[int, Rows]]:
        """The vectors, block by block, each with the number of its first row."""
        for first in range(0, len(self), _AT_ONCE):
            yield first, self.exact.reconstruct_n(first, min(_AT_ONCE, len(self) - first))

    def with_rough(self) -> "MainRows":
        """The same rows, with a rough copy if they are many. Takes 5 s for 300,000 rows, without Python's lock."""
        if not self.wants_rough:
            return self
        faiss.omp_set_num_threads(1)
        rough = faiss.IndexPQFastScan(self.exact.d, self.exact.d, 4, faiss.METRIC_INNER_PRODUCT)
        chosen = np.random.default_rng(0).choice(len(self), min(len(self), _TRAINED_ON), replace=False)
        rough.train(self._stored()[np.sort(chosen)].astype(np.float32))
        for _, vectors in self.blocks():
            rough.add(vectors)
        return replace(self, rough=rough)

    def _stored(self) -> NDArray[np.float16]:
        codes = faiss.rev_swig_ptr(self.exact.codes.data(), self.exact.codes.size())
        return np.asarray(codes).view(np.float16).reshape(len(self), self.exact.d)


def main_rows(dimension: int, ids: Sequence[str], vectors: Rows) -> MainRows:
    """Rows without a rough copy. vectors: (n, dimension), unit length."""
    return built(dimension, np.array([one.encode() for one in ids], dtype=np.bytes_), [vectors])


def without(old: MainRows, dead: frozenset[int], more_ids: Sequence[str], more: Rows, dimension: int) -> MainRows:
    """The rows that are not dead, and more. A step at a time, so that decisions go on beside it."""

    gone = np.fromiter(dead, np.int64, len(dead))
    new = np.array([one.encode() for one in more_ids], dtype=np.bytes_)

    def blocks() -> Iterator[Rows]:
        for first, vectors in old.blocks():
            here = gone[(gone >= first) & (gone < first + len(vectors))] - first
            yield np.delete(vectors, here, axis=0)
        yield more

    return built(dimension, np.concatenate([np.delete(old.ids, gone), new]), blocks())


def built(dimension: int, ids: NDArray[np.bytes_], blocks: Iterator[Rows] | Sequence[Rows]) -> MainRows:
    """Rows of these ids, with the vectors of all blocks in order."""
    exact = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    faiss.omp_set_num_threads(1)
    for vectors in blocks:
        for first in range(0, len(vectors), _AT_ONCE):
            exact.add(np.ascontiguousarray(vectors[first : first + _AT_ONCE], dtype=np.float32))
    return MainRows(ids, np.argsort(ids), exact)
