"""A face lands in the template whatever its size, and nothing aliases on the way."""

import numpy as np
import pytest

from app.adapters.vision.networks.yunet import YunetDetector
from app.adapters.vision.photos.image import decode
from app.adapters.vision.photos.scaling import shrink
from app.adapters.vision.warp import align
from app.core.recognition import alignment
from tests.photos import photo


def test_aligned_face_is_not_moved() -> None:
    frame = np.random.default_rng(0).integers(0, 255, (112, 112, 3), dtype=np.uint8)
    np.testing.assert_array_equal(align(frame, alignment.TEMPLATE.astype(np.float32)), frame)


@pytest.mark.parametrize("scale", [1.0, 1.7, 2.3, 4.0, 6.0])
def test_large_faces_are_averaged_and_land_in_the_same_place(scale: float) -> None:
    # Given the same smooth picture at any size
    def frame(at: float) -> np.ndarray:
        y, x = np.mgrid[0 : int(300 * at), 0 : int(400 * at)] / at
        return np.stack([128 + 100 * np.sin(x / 25), 128 + 100 * np.cos(y / 20), (x + y) / 3], axis=-1).astype(np.uint8)

    landmarks = alignment.TEMPLATE + np.array((120, 90))

    crop = align(frame(scale), (landmarks * scale).astype(np.float32))

    difference = np.abs(crop.astype(int) - align(frame(1), landmarks.astype(np.float32)).astype(int))
    assert difference.mean() < 3  # half a pixel of shift, from pixel corners to pixel centres


def test_fine_patterns_on_a_large_face_do_not_alias() -> None:
    board = (np.indices((900, 900)).sum(axis=0) % 2 * 255).astype(np.uint8)
    crop = align(np.repeat(board[..., None], 3, axis=2), (alignment.TEMPLATE * 7.3 + 20).astype(np.float32))
    assert np.abs(crop[4:-4, 4:-4].astype(int) - 127).max() <= 3


def test_area_outside_the_frame_is_black() -> None:
    crop = align(np.full((200, 200, 3), 255, np.uint8), (alignment.TEMPLATE + np.array((-56, 40))).astype(np.float32))
    assert (crop[:, :55] == 0).all()
    assert (crop[:, 57:] == 255).all()


def test_face_outside_the_frame_is_black_without_error() -> None:
    crop = align(np.full((100, 100, 3), 255, np.uint8), (alignment.TEMPLATE * 5 + 3000).astype(np.float32))
    assert crop.shape == (112, 112, 3)


def test_portrait_and_its_small_copy_give_nearly_the_same_crop(detector: YunetDetector) -> None:
    portrait = decode(photo("biden"))
    face = detector.refine(portrait, detector.detect(portrait)[0])
    small = shrink(portrait, portrait.shape[1] // 2, portrait.shape[0] // 2)

    one, other = align(portrait, face.landmarks), align(small, face.landmarks / 2)  # type: ignore[arg-type]  # float32, though numpy's stubs say float64

    assert np.abs(one.astype(int) - other.astype(int)).mean() < 6
