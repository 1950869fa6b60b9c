"""New main rows are made beside searches and changes, and no answer shows it."""

from collections.abc import Callable

import numpy as np
import pytest

from app.adapters.index import faiss_index, main_rows
from app.adapters.index.faiss_index import FaissIndex
from app.core.types import Candidate
from tests.adapters.index.brute_force import DIMENSION, Plain, axis, check, random_vectors


def held(waiting: list[Callable[[], None]]) -> FaissIndex:
    """An index whose new main rows are made when the test says so."""
    return FaissIndex(DIMENSION, start=waiting.append)


def test_changes_during_a_renewal_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given an index that has begun to make new main rows
    monkeypatch.setattr(faiss_index, "FOLD_AT", 2)
    waiting: list[Callable[[], None]] = []
    index, plain = held(waiting), Plain()
    start = {f"{n:02d}": vector for n, vector in enumerate(random_vectors(20, 4))}
    index.rebuild(list(start), np.stack(list(start.values())))
    plain.apply(start, ())
    for changed in ({"20": axis(0), "21": axis(1)}, {"22": axis(2)}):
        index.apply(changed, ())
        plain.apply(changed, ())
    assert len(waiting) == 1
    whole = faiss_index.without  # type: ignore[attr-defined]  # patched where it is used

    def meanwhile(*given: object) -> object:
        made = whole(*given)  # type: ignore[arg-type]
        # when of its rows and of the delta some are replaced and some are gone, before the new ones are in use
        for changed, gone in (({"00": axis(3), "20": axis(4)}, {"01", "21"}), ({"23": axis(5)}, {"23x"}), ({}, {"20"})):
            index.apply(changed, gone)
            plain.apply(changed, gone)
            check(index, plain, axis(4), 5)
        return made

    monkeypatch.setattr(faiss_index, "without", meanwhile)
    waiting.pop()()
    # then the answers are those of comparing with all, before and after the next renewal
    check(index, plain, axis(4), 30)
    assert len(index._now.main) == 23
    monkeypatch.setattr(faiss_index, "without", whole)
    index.sweep()
    check(index, plain, axis(4), 30)
    assert not index.holds("21") and len(index._now.main) == len(plain.vectors) == 21


def test_index_replaced_during_a_renewal_stays_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faiss_index, "FOLD_AT", 0)
    waiting: list[Callable[[], None]] = []
    index = held(waiting)
    index.apply({"a": axis(0)}, ())
    whole = faiss_index.without  # type: ignore[attr-defined]  # patched where it is used

    def meanwhile(*given: object) -> object:
        index.rebuild(["b"], axis(1).reshape(1, -1))
        return whole(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(faiss_index, "without", meanwhile)
    waiting.pop()()
    assert index.search(axis(1), 3) == [Candidate("b", 1.0)]
    index.apply({"c": axis(2)}, ())
    assert len(waiting) == 1  # the next change is renewed as ever


def test_renewal_that_fails_leaves_the_answers_right(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(faiss_index, "FOLD_AT", 0)
    waiting: list[Callable[[], None]] = []
    index = held(waiting)
    index.apply({"a": axis(0)}, ())

    def no_memory(*_: object) -> object:
        raise MemoryError

    whole = faiss_index.without  # type: ignore[attr-defined]  # patched where it is used
    monkeypatch.setattr(faiss_index, "without", no_memory)
    waiting.pop()()
    assert "gallery_index_not_renewed" in caplog.text
    index.apply({"b": axis(1)}, ["a"])
    assert index.search(axis(0), 2) == [Candidate("b", 0.0)]
    monkeypatch.setattr(faiss_index, "without", whole)
    waiting.pop()()
    assert (len(index._now.main), len(index)) == (1, 1)


def test_rough_copy_of_many_gives_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main_rows, "ROUGH_FROM", 3000)
    vectors, waiting = random_vectors(4000, 6, 32), list[Callable[[], None]]()
    index, plain = FaissIndex(32, start=waiting.append), Plain()
    index.rebuild([f"{n:04d}" for n in range(4000)], vectors)
    plain.apply({f"{n:04d}": vector for n, vector in enumerate(vectors)}, ())
    # Given nobody waits for the rough copy
    assert index._now.main.rough is None
    check(index, plain, vectors[0], 2)
    waiting.pop()()
    assert index._now.main.rough is not None
    # then it changes no answer, with people who are gone as without
    for _ in range(2):
        for query in random_vectors(100, 7, 32):
            check(index, plain, query, 2)
        for query in vectors[5:20]:
            check(index, plain, query, 2)
        gone = [c.employee_id for query in vectors[5:20] for c in index.search(query, 20)]
        index.apply({}, gone)
        plain.apply({}, gone)
