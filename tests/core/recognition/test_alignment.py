"""The closed form is the least-squares similarity transform, and refuses points that determine none."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.recognition import alignment

ANGLES = st.floats(-math.pi, math.pi)
SCALES = st.floats(0.05, 20)
SHIFTS = st.floats(-2000, 2000)


def moved(angle: float, scale: float, x: float, y: float) -> np.ndarray:
    """The template turned, scaled and shifted: landmarks of a face seen that way."""
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    return alignment.TEMPLATE @ np.array([[cos, -sin], [sin, cos]]).T + (x, y)


def apply(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ transform[:, :2].T + transform[:, 2]


@given(ANGLES, SCALES, SHIFTS, SHIFTS)
def test_any_similarity_of_the_template_is_undone(angle: float, scale: float, x: float, y: float) -> None:
    landmarks = moved(angle, scale, x, y)

    transform = alignment.matrix(landmarks)

    np.testing.assert_allclose(apply(transform, landmarks), alignment.TEMPLATE, atol=1e-5)
    assert alignment.scale(transform) == pytest.approx(1 / scale)


@given(st.lists(st.floats(-5, 5), min_size=10, max_size=10))
def test_matrix_is_the_least_squares_similarity(noise: list[float]) -> None:
    landmarks = moved(0.2, 1.5, 300, 200) + np.array(noise).reshape(5, 2)
    best = alignment.matrix(landmarks)

    def error(transform: np.ndarray) -> float:
        return float(((apply(transform, landmarks) - alignment.TEMPLATE) ** 2).sum())

    a, b = best[0, 0], best[1, 0]
    for da, db, dx, dy in np.eye(4) * 1e-3:
        near = np.array([[a + da, -(b + db), best[0, 2] + dx], [b + db, a + da, best[1, 2] + dy]])
        assert error(best) <= error(near) + 1e-9


def test_matrix_agrees_with_umeyama_by_svd() -> None:
    landmarks = moved(0.4, 2.0, 100, 50) + np.random.default_rng(1).normal(0, 3, (5, 2))
    source, target = landmarks - landmarks.mean(axis=0), alignment.TEMPLATE - alignment.TEMPLATE.mean(axis=0)
    u, d, v = np.linalg.svd(target.T @ source / 5)
    sign = np.array([1, np.sign(np.linalg.det(u) * np.linalg.det(v))])
    expected = (d * sign).sum() / source.var(axis=0).sum() * (u * sign) @ v

    np.testing.assert_allclose(alignment.matrix(landmarks)[:, :2], expected, atol=1e-12)


def test_mirrored_face_is_not_mirrored_back() -> None:
    transform = alignment.matrix(alignment.TEMPLATE * (-1, 1))

    assert np.linalg.det(transform[:, :2]) > 0


@pytest.mark.parametrize(
    "landmarks", [np.zeros((5, 2)), np.full((5, 2), np.nan), np.zeros((4, 2)), np.full((5, 2), np.inf)]
)
def test_degenerate_points_are_an_error(landmarks: np.ndarray) -> None:
    with pytest.raises(ValueError, match="landmarks"):
        alignment.matrix(landmarks)
