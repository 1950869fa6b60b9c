"""Each drawn condition changes what it says, where it says, and leaves the rest of a photo alone."""

import numpy as np
import pytest

from app.adapters.vision.photos.image import ImageDecoder
from app.core.recognition import alignment
from app.core.types import Box, Face, Pixels
from models.conditions import damages
from models.conditions.damages import CONDITIONS, JPEG_QUALITIES, compressed
from models.conditions.measure import conditions

SIDE = 250
FACE = Face(Box(85, 75, 80, 104), (alignment.TEMPLATE * 1.1 + (64, 64)).astype(np.float32), 0.9)


@pytest.fixture
def photo() -> Pixels:
    coarse = np.random.default_rng(3).integers(60, 200, (25, 25, 3))
    return np.kron(coarse, np.ones((10, 10, 1))).astype(np.uint8)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("name", CONDITIONS)
def test_every_condition_gives_a_picture_and_leaves_the_photo_alone(name: str, photo: Pixels) -> None:
    before = photo.copy()
    found = CONDITIONS[name](photo, FACE, rng())
    assert found.dtype == np.uint8 and found.ndim == 3
    assert (photo == before).all()
    assert name == "as it is" or found.shape != photo.shape or (found != photo).any()


def patch(pixels: Pixels, at: np.ndarray) -> np.ndarray:
    x, y = at.round().astype(int)
    return pixels[y - 3 : y + 4, x - 3 : x + 4].astype(float)


def test_mask_hides_the_mouth_and_shows_the_eyes(photo: Pixels) -> None:
    found = damages.mask(photo, FACE, rng())
    right_eye, _, _, corner, _ = FACE.landmarks
    assert patch(found, corner).std(axis=(0, 1)).max() < 1
    assert (patch(found, right_eye) == patch(photo, right_eye)).all()


def test_sunglasses_hide_the_eyes_and_show_the_mouth(photo: Pixels) -> None:
    found = damages.sunglasses(photo, FACE, rng())
    right_eye, left_eye, _, corner, _ = FACE.landmarks
    assert max(patch(found, eye).mean() for eye in (right_eye, left_eye)) < 50
    assert (patch(found, corner) == patch(photo, corner)).all()


def test_backlight_darkens_the_face_and_not_the_window(photo: Pixels) -> None:
    found = damages.backlight(photo, FACE, rng(), gain=0.2)
    nose = FACE.landmarks[2]
    assert patch(found, nose).mean() < 0.6 * patch(photo, nose).mean()
    assert found[:20, :20].mean() > 200


def test_side_light_leaves_one_half_and_darkens_the_other(photo: Pixels) -> None:
    found = damages.side_light(photo, FACE, rng(), darkest=0.1).astype(float)
    shares = found[:, :40].mean() / photo[:, :40].mean(), found[:, -40:].mean() / photo[:, -40:].mean()
    assert min(shares) < 0.2 and max(shares) > 0.9


@pytest.mark.parametrize("px", [32, 112])
def test_face_becomes_as_wide_as_asked(px: int, photo: Pixels) -> None:
    found = damages.width(photo, FACE, rng(), px=px)
    assert found.shape[1] * FACE.box.width_px / photo.shape[1] == pytest.approx(px, rel=0.02)


def test_lower_quality_makes_fewer_bytes_of_the_same_size(photo: Pixels) -> None:
    sizes = [len(compressed(photo, quality)) for quality in (90, *JPEG_QUALITIES.values())]
    assert sizes == sorted(sizes, reverse=True)
    assert ImageDecoder()(compressed(photo, 8)).shape == photo.shape


def test_conditions_are_chosen_by_words_in_their_names() -> None:
    assert {one.name for one in conditions(["roll", "mask"])} >= {"roll, degrees 45", "surgical mask"}
    assert len(conditions([])) == len(CONDITIONS) + len(JPEG_QUALITIES)
