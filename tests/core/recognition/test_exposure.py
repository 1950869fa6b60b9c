"""A face in weak light is evened; one in good light is left as it is, to the bit."""

import numpy as np
import pytest

from app.core.recognition.exposure import evened
from app.core.recognition.quality import AREA, ENROLMENT, LUMA
from app.core.types import Pixels


def lit(gain: float, *, slope: float = 0.0) -> Pixels:
    """Blobs in weak light. slope: how much less of it there is at the right than at the left, as a share."""
    blobs = np.kron(np.random.default_rng(3).integers(60, 200, (14, 14)), np.ones((8, 8)))
    light = gain * (1 - slope * np.linspace(0, 1, 112))
    return np.repeat((blobs * light)[..., None], 3, axis=2).astype(np.uint8)


def contrast(crop: Pixels) -> float:
    return float((crop[AREA].astype(np.float32) @ LUMA).std())


def test_face_with_contrast_is_left_as_it_is() -> None:
    crop = lit(1.0)
    assert evened(crop) is crop
    least = lit(ENROLMENT.min_contrast / contrast(crop) * 1.05)
    assert evened(least) is least  # so no template changes


@pytest.mark.parametrize("gain", [0.2, 0.1, 0.05])
def test_dark_face_becomes_as_bright_and_rich_as_a_photo(gain: float) -> None:
    crop = lit(gain)
    found = evened(crop)
    assert found.shape == crop.shape and found.dtype == np.uint8
    assert 60 < found.mean() < 130 and contrast(found) > 3 * contrast(crop)
    assert np.corrcoef(found.ravel(), lit(1.0).ravel())[0, 1] > 0.95


def test_light_from_one_side_is_evened_a_little() -> None:
    crop = lit(0.1, slope=0.8)
    before, after = crop.astype(float), evened(crop).astype(float)
    share = before[:, 80:].mean() / before[:, :32].mean(), after[:, 80:].mean() / after[:, :32].mean()
    assert share[0] + 0.05 < share[1] < 1


def test_black_is_no_error() -> None:
    assert not evened(np.zeros((112, 112, 3), np.uint8)).any()
