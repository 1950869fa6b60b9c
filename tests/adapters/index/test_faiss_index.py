"""The index answers as comparing with everybody would, whatever was changed before, and while it is being changed."""

import threading
import time

import faiss
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.adapters.index import faiss_index
from app.adapters.index.faiss_index import FaissIndex
from app.core.types import Candidate
from tests.adapters.index.brute_force import DIMENSION, Plain, axis, check, random_vectors

ids = st.integers(0, 12).map("{:02d}".format)
steps = st.lists(
    st.tuples(st.dictionaries(ids, st.integers(0, 10_000), max_size=5), st.sets(ids, max_size=4)), max_size=12
)


@settings(
    max_examples=settings.default.max_examples * 3 // 2, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(start=st.dictionaries(ids, st.integers(0, 10_000)), steps=steps, fold_at=st.integers(0, 12), k=st.integers(1, 6))
def test_search_equals_brute_force_after_any_changes(
    start: dict[str, int], steps: list[tuple[dict[str, int], set[str]]], fold_at: int, k: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(faiss_index, "FOLD_AT", fold_at)
        # Given an index loaded with some
        index, plain = FaissIndex(DIMENSION), Plain()
        begin = {i: random_vectors(1, seed)[0] for i, seed in start.items()}
        index.rebuild(list(begin), np.stack(list(begin.values())) if begin else np.empty((0, DIMENSION), np.float32))
        plain.apply(begin, ())
        check(index, plain, axis(0), k)
        # when others are added, replaced and removed
        for seeds, removed in steps:
            changed = {i: random_vectors(1, seed)[0] for i, seed in seeds.items()}
            index.apply(changed, removed - changed.keys())
            plain.apply(changed, removed - changed.keys())
            # then every answer is that of a comparison with all
            check(index, plain, axis(0), k)
            check(index, plain, random_vectors(1, len(seeds))[0], k)


def test_ten_thousand_employees_and_several_folds_are_exact() -> None:
    rng = np.random.default_rng(1)
    vectors = random_vectors(10_000, 2, 64)
    index, plain = FaissIndex(64), Plain()
    index.rebuild([str(n) for n in range(8000)], vectors[:8000])
    plain.apply({str(n): vectors[n] for n in range(8000)}, ())
    for start in range(8000, 10_000, 400):
        changed = {str(n): vectors[n] for n in range(start, start + 400)}
        changed |= {str(n): vectors[rng.integers(10_000)] for n in rng.integers(0, 8000, 150)}
        gone = {str(n) for n in rng.integers(0, 8000, 150)} - changed.keys()
        index.apply(changed, gone)
        plain.apply(changed, gone)
        for query in random_vectors(5, start, 64):
            check(index, plain, query, 5)


def test_deleted_entries_do_not_crowd_out_current_ones() -> None:
    # Given 900 people who all look like the query, and one who does a little
    index = FaissIndex(DIMENSION)
    names = [f"{n:03d}" for n in range(900)]
    index.rebuild([*names, "zoe", "yan"], np.stack([axis(0)] * 900 + [axis(1), -axis(0)]))
    # when all of them leave, by fewer changes than are folded in
    index.apply({}, names)
    assert len(index._now.dead) == 900
    # then the two that are left are found
    assert [c.employee_id for c in index.search(axis(0), 2)] == ["zoe", "yan"]
    assert [c.employee_id for c in index.search(axis(0), 9)] == ["zoe", "yan"]


def test_ties_are_ordered_by_id() -> None:
    for names in (["a", "b", "c", "d", "e"], ["e", "d", "c", "b", "a"], ["c", "a", "e", "b", "d"]):
        loaded, added = FaissIndex(DIMENSION), FaissIndex(DIMENSION)
        loaded.rebuild(names, np.stack([axis(0)] * 5))
        for name in names:
            added.apply({name: axis(0)}, ())
        mixed = FaissIndex(DIMENSION)
        mixed.rebuild(names[:3], np.stack([axis(0)] * 3))
        mixed.apply({name: axis(0) for name in names[3:]}, ())
        for index in (loaded, added, mixed):
            assert [c.employee_id for c in index.search(axis(0), 2)] == ["a", "b"]


def test_empty_index_returns_nobody() -> None:
    index = FaissIndex(DIMENSION)
    assert index.search(axis(0), 2) == [] and len(index) == 0
    index.apply({"a": axis(0)}, ())
    assert index.search(axis(0), 2) == [Candidate("a", 1.0)]
    index.apply({}, ["a", "never there"])
    assert index.search(axis(0), 2) == [] and len(index) == 0
    index.rebuild(["a"], axis(0).reshape(1, -1))
    index.rebuild([], np.empty((0, DIMENSION), np.float32))
    assert index.search(axis(0), 2) == []


def test_replaced_template_no_longer_counts() -> None:
    index = FaissIndex(DIMENSION)
    index.rebuild(["a", "b"], np.stack([axis(0), axis(1)]))
    for _ in range(2):  # first over a row of the main index, then over one of the delta
        index.apply({"a": axis(2)}, ())
        assert [(c.employee_id, round(c.similarity)) for c in index.search(axis(0), 2)] == [("a", 0), ("b", 0)]
        assert index.search(axis(2), 1)[0] == Candidate("a", 1.0)
        assert len(index) == 2


@pytest.mark.parametrize("shape", [(DIMENSION + 1,), (DIMENSION - 1,), (1, DIMENSION), ()])
def test_query_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    index = FaissIndex(DIMENSION)
    with pytest.raises(ValueError):
        index.search(np.ones(shape, np.float32), 2)


def test_change_of_another_shape_is_refused_and_changes_nothing() -> None:
    index = FaissIndex(DIMENSION)
    index.rebuild(["a"], axis(0).reshape(1, -1))
    with pytest.raises(ValueError):
        index.apply({"b": np.ones(DIMENSION + 1, np.float32)}, ["a"])
    for wrong, rows in ((["a", "b"], 1), (["a", "a"], 2)):
        with pytest.raises(ValueError):
            index.rebuild(wrong, np.ones((rows, DIMENSION), np.float32))
    assert index.search(axis(0), 2) == [Candidate("a", 1.0)]


def test_nan_query_matches_nobody() -> None:
    index = FaissIndex(DIMENSION)
    index.rebuild(["a"], axis(0).reshape(1, -1))
    index.apply({"b": axis(1)}, ())
    assert not [c for c in index.search(np.full(DIMENSION, np.nan, np.float32), 2) if c.similarity >= -1]


def test_search_uses_one_thread() -> None:
    index = FaissIndex(DIMENSION)
    index.rebuild(["a"], axis(0).reshape(1, -1))
    taken: list[int] = []

    def ask() -> None:
        index.search(axis(0), 1)
        taken.append(faiss.omp_get_max_threads())

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert taken == [1]


def test_concurrent_search_and_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given one who stays, one who is replaced by an equally good template, and a crowd that comes and goes
    monkeypatch.setattr(faiss_index, "FOLD_AT", 64)
    index = FaissIndex(DIMENSION)
    crowd = random_vectors(200, 3)
    crowd[:, 0] = crowd[:, 1] = 0
    index.rebuild(["stays", "renewed"], np.stack([axis(0), axis(1)]))
    until = time.monotonic() + 2
    wrong: list[object] = []
    searches = [0] * 3

    def watch(who: int) -> None:
        try:
            while time.monotonic() < until:
                first = index.search(axis(0), 2)[0]
                second = index.search(axis(1), 2)[0]
                many = index.search(crowd[who], 500)
                searches[who] += 1
                if first != Candidate("stays", 1.0) or second != Candidate("renewed", 1.0):
                    wrong.append((first, second))
                if len({c.employee_id for c in many}) != len(many) or len(many) not in (2, 102, 202):
                    wrong.append([c.employee_id for c in many])
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=watch, args=(who,)) for who in range(3)]
    for thread in threads:
        thread.start()
    halves = [{f"{half}-{n}": vector for n, vector in enumerate(crowd[half::2])} for half in range(2)]
    changes = 0
    while time.monotonic() < until:
        for half in halves:
            index.apply({**half, "renewed": axis(1)}, ())
        for half in halves:
            index.apply({}, list(half))
        changes += 4
    for thread in threads:
        thread.join()
    # then no search failed, lost somebody or saw half a change
    assert wrong == []
    assert changes > 20 and min(searches) > 20
