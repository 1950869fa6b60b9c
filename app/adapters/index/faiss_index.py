"""A FAISS index that can change while it is searched, because a search works on an immutable snapshot.

A FAISS index crashes if it is searched and changed at once (in 2 of 5 runs). A snapshot has immutable main rows, a
small exact delta, and the main rows that no longer count. A change makes a new snapshot and swaps one reference. When
the delta has grown, new main rows are made beside, while searches and changes go on; what changed meanwhile is applied
to them in the step that swaps them in. So nobody waits for that, however many people are enrolled.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock, Thread

import faiss
import numpy as np
from numpy.typing import NDArray

from app.adapters.index.main_rows import MainRows, main_rows, without
from app.core.types import Candidate, Vector

logger = logging.getLogger(__name__)

# One matrix product searches the delta: 0.02 ms for 1,024 x 128. New main rows of 1,000,000 take a core half a minute.
FOLD_AT = 1024


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What a search sees. Rows of `main` in `dead` were removed or replaced by `delta`."""

    main: MainRows
    dead: frozenset[int]
    delta_ids: tuple[str, ...]
    delta: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.main) - len(self.dead) + len(self.delta_ids)

    @property
    def changes(self) -> int:
        return len(self.delta_ids) + len(self.dead)

    def applied(self, changed: dict[str, Vector], removed: Iterable[str]) -> "Snapshot":
        """The same with these templates added or replaced, and others removed."""
        touched = set(changed) | set(removed)
        kept = [i for i, employee_id in enumerate(self.delta_ids) if employee_id not in touched]
        delta_ids = tuple(self.delta_ids[i] for i in kept) + tuple(changed)
        new = [vector.reshape(1, self.delta.shape[1]).astype(np.float32) for vector in changed.values()]
        dead = self.dead | self.main.rows_of(touched)
        return Snapshot(self.main, dead, delta_ids, np.concatenate([self.delta[kept], *new]))


def beside(work: Callable[[], None]) -> None:
    Thread(target=work, name="gallery-index", daemon=True).start()


@dataclass
class FaissIndex:
    """Cosine similarity over unit vectors, stored as float16 (each answer is that of comparing every row).

    dimension: length of the vectors. Measured on 128-d: similarities differ from float32 by less than 0.001.
    start: runs what makes new main rows, by default in a thread of its own.
    """

    dimension: int
    start: Callable[[Callable[[], None]], None] = field(default=beside, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)  # for the moment of a change
    _building: Lock = field(default_factory=Lock, repr=False)
    _now: Snapshot = field(init=False, repr=False)
    # What changed since new main rows are in the making, and None while none are.
    _since: list[tuple[dict[str, Vector], set[str]]] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self._now = self._whole(main_rows(self.dimension, (), np.empty((0, self.dimension), np.float32)))

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
        """Replaces everything. vectors: (n, dimension) float32, unit length, one row for each of the unique ids.

        Many rows are compared one by one until their rough copy is made, beside.
        """
        if len(set(ids)) != len(ids) or vectors.shape != (len(ids), self.dimension):
            raise ValueError("each employee needs one vector")
        main = main_rows(self.dimension, ids, vectors)
        with self._lock:
            self._now, self._since = self._whole(main), None
        if main.wants_rough:
            self.start(self._fold)

    def apply(self, changed: dict[str, Vector], removed: Iterable[str]) -> None:
        """Adds or replaces templates and removes others, in one step for every search that starts afterwards."""
        gone = set(removed)
        with self._lock:
            self._now = self._now.applied(changed, gone)
            if self._since is not None:
                self._since.append((changed, gone))
            grown = self._now.changes > FOLD_AT and self._since is None
        if grown:
            self.start(self._fold)

    def holds(self, employee_id: str) -> bool:
        """Whether a row is of this employee, also one that no search finds any more."""
        now = self._now
        return bool(now.main.rows_of([employee_id])) or employee_id in now.delta_ids

    def alike(self, vector: Vector, least: float) -> int:
        """How many rows are as similar as this, counting those that no search finds any more."""
        now = self._now
        of_main = len(now.main.exact.range_search(vector.reshape(1, -1), least)[1]) if len(now.main) else 0
        return of_main + int(np.count_nonzero(now.delta @ vector > least))

    def sweep(self) -> None:
        """Drops rows that no search finds any more: until then the memory has the vectors of people who are gone."""
        with self._building:  # one that is under way may have begun before they left
            if self._now.dead:
                self._make_new_rows()

    def _fold(self) -> None:
        """Makes new main rows, unless that is going on."""
        if self._building.acquire(blocking=False):
            try:
                self._make_new_rows()
            except Exception:
                # For instance no memory. The snapshot goes on being right, only slower.
                logger.exception("gallery_index_not_renewed search=slower")
            finally:
                self._building.release()

    def _make_new_rows(self) -> None:
        with self._lock:
            old = self._now
            since: list[tuple[dict[str, Vector], set[str]]] = []
            self._since = since
        try:
            main = old.main
            if old.changes:
                main = without(main, old.dead, old.delta_ids, old.delta, self.dimension)
            new = self._whole(main.with_rough())
            with self._lock:
                if self._since is not since:  # everything was replaced meanwhile
                    return
                for changed, gone in since:
                    new = new.applied(changed, gone)
                self._now = new
        finally:
            with self._lock:
                if self._since is since:
                    self._since = None

    def _whole(self, main: MainRows) -> Snapshot:
        return Snapshot(main, frozenset(), (), np.empty((0, self.dimension), np.float32))

    def _search_main(self, now: Snapshot, vector: Vector, k: int) -> list[Candidate]:
        # Dead rows may crowd out living ones, and FAISS returns equals in any order. So ask for more until the k-th
        # living row and all its equals are there, which is certain once a lesser one follows or all rows have come.
        rows, want = len(now.main), k + 1 + min(len(now.dead), 8)
        while rows:
            similarities, found = now.main.search(vector, want)
            live = [
                Candidate(now.main.id_of(row), float(s))
                for s, row in zip(similarities, found, strict=True)
                if row >= 0 and row not in now.dead
            ]
            if want >= rows or (len(live) > k and live[-1].similarity < live[k - 1].similarity):
                return live
            want *= 4
        return []
