"""An exact FAISS index that can change while it is searched, because a search works on an immutable snapshot.

A FAISS index crashes if it is searched and changed at once (in 2 of 5 runs). A snapshot has an immutable main index, a
small exact delta, and the rows of the main index that no longer count. A change makes a new snapshot and swaps one
reference. When the delta has grown, everything is merged into a new main index.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from app.core.types import Candidate, Vector

# One matrix product searches the delta: 0.02 ms for 1,024 x 128. Merging it at 100,000 rows takes 60 ms.
FOLD_AT = 1024


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What a search sees. Rows of `main` in `dead` were removed or replaced by `delta`."""

    main: Any
    main_ids: tuple[str, ...]
    row_of: dict[str, int]
    dead: frozenset[int]
    delta_ids: tuple[str, ...]
    delta: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.main_ids) - len(self.dead) + len(self.delta_ids)


@dataclass
class FaissIndex:
    """Cosine similarity over unit vectors, stored as float16 (exact search: every row is compared).

    dimension: length of the vectors. Measured on 128-d: similarities differ from float32 by less than 0.001.
    """

    dimension: int
    _lock: Lock = field(default_factory=Lock, repr=False)
    _now: Snapshot = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._now = self._snapshot((), np.empty((0, self.dimension), np.float32))

    def __len__(self) -> int:
        return len(self._now)

    def search(self, vector: Vector, k: int) -> list[Candidate]:
        """The k nearest employees, best first; fewer if there are fewer. Raises ValueError for a wrong shape."""
        if vector.shape != (self.dimension,):
            raise ValueError(f"a vector of {self.dimension} was expected, not of shape {vector.shape}")
        # Several requests with one thread each beat several threads per request. OpenMP has a setting per calling
        # thread: set only at the start, every request thread got a pool of its own (0.48 ms instead of 0.14 at 20,000
        # rows, 2026-11-23).
        faiss.omp_set_num_threads(1)
        now = self._now
        found = self._search_main(now, vector, k)
        if now.delta_ids:
            similarities = now.delta @ vector
            least = np.partition(similarities, -k)[-k] if k < len(similarities) else -np.inf
            found += [
                Candidate(now.delta_ids[i], float(similarities[i])) for i in np.flatnonzero(similarities >= least)
            ]
        # Equal similarities are sorted by id, so the answer does not depend on who enrolled first.
        return sorted(found, key=lambda c: (-c.similarity, c.employee_id))[:k]

    def rebuild(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Replaces everything. vectors: (n, dimension) float32, unit length, one row for each of the unique ids."""
        if len(set(ids)) != len(ids) or vectors.shape != (len(ids), self.dimension):
            raise ValueError("each employee needs one vector")
        with self._lock:
            self._now = self._snapshot(tuple(ids), vectors)

    def apply(self, changed: dict[str, Vector], removed: Iterable[str]) -> None:
        """Adds or replaces templates and removes others, in one step for every search that starts afterwards."""
        with self._lock:
            now = self._now
            touched = set(changed) | set(removed)
            kept = [i for i, employee_id in enumerate(now.delta_ids) if employee_id not in touched]
            delta_ids = tuple(now.delta_ids[i] for i in kept) + tuple(changed)
            delta = np.concatenate(
                [now.delta[kept], *(v.reshape(1, self.dimension).astype(np.float32) for v in changed.values())]
            )
            dead = now.dead | {now.row_of[i] for i in touched if i in now.row_of}
            snapshot = Snapshot(now.main, now.main_ids, now.row_of, frozenset(dead), delta_ids, delta)
            if len(delta_ids) + len(dead) > FOLD_AT:
                snapshot = self._fold(snapshot)
            self._now = snapshot

    def holds(self, employee_id: str) -> bool:
        """Whether a row is of this employee, also one that no search finds any more."""
        now = self._now
        return employee_id in now.row_of or employee_id in now.delta_ids

    def alike(self, vector: Vector, least: float) -> int:
        """How many rows are as similar as this, counting those that no search finds any more."""
        now = self._now
        of_main = len(now.main.range_search(vector.reshape(1, -1), least)[1]) if now.main_ids else 0
        return of_main + int(np.count_nonzero(now.delta @ vector > least))

    def sweep(self) -> None:
        """Drops rows that no search finds any more: until then the memory has the vectors of people who are gone."""
        with self._lock:
            if self._now.dead:
                self._now = self._fold(self._now)

    def _fold(self, old: Snapshot) -> Snapshot:
        live = [row for row in range(len(old.main_ids)) if row not in old.dead]
        main = old.main.reconstruct_n(0, len(old.main_ids)) if old.main_ids else old.delta[:0]
        vectors = np.concatenate([main[live], old.delta])
        return self._snapshot(tuple(old.main_ids[row] for row in live) + old.delta_ids, vectors)

    def _snapshot(self, ids: tuple[str, ...], vectors: NDArray[np.float32]) -> Snapshot:
        main = faiss.IndexScalarQuantizer(self.dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        if ids:
            main.add(np.ascontiguousarray(vectors, dtype=np.float32))
        row_of = {employee_id: row for row, employee_id in enumerate(ids)}
        return Snapshot(main, ids, row_of, frozenset(), (), np.empty((0, self.dimension), np.float32))

    def _search_main(self, now: Snapshot, vector: Vector, k: int) -> list[Candidate]:
        # Dead rows may crowd out living ones, and FAISS returns equals in any order. So ask for more until the k-th
        # living row and all its equals are there, which is certain once a lesser one follows or all rows have come.
        rows, want = len(now.main_ids), k + 1 + min(len(now.dead), 8)
        while rows:
            similarities, found = now.main.search(vector.reshape(1, -1), min(want, rows))
            live = [
                Candidate(now.main_ids[row], float(s))
                for s, row in zip(similarities[0], found[0], strict=True)
                if row >= 0 and row not in now.dead
            ]
            if want >= rows or (len(live) > k and live[-1].similarity < live[k - 1].similarity):
                return live
            want *= 4
        return []
