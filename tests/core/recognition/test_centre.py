"""Subtracting the mean face leaves unit vectors that distinguish people better."""

import numpy as np

from app.core.recognition.centre import off_centre

CENTRE = np.zeros(64, dtype=np.float32)
CENTRE[0] = 0.3


def faces(seed: int, n: int = 200) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(n, 64)).astype(np.float32)
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True) + CENTRE
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_without_a_centre_nothing_changes() -> None:
    vectors = faces(0)
    assert off_centre(vectors, None) is vectors


def test_centred_vectors_have_unit_length_and_no_common_direction() -> None:
    vectors = faces(0)

    found = off_centre(vectors, vectors.mean(axis=0))

    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    assert np.linalg.norm(vectors.mean(axis=0)) > 0.2
    assert np.linalg.norm(found.mean(axis=0)) < 0.02


def test_one_vector_and_many_are_centred_alike() -> None:
    vectors = faces(1)
    np.testing.assert_array_equal(off_centre(vectors[7], CENTRE), off_centre(vectors, CENTRE)[7])


def test_vector_equal_to_the_centre_stays_finite() -> None:
    assert np.isfinite(off_centre(CENTRE[None], CENTRE)).all()
