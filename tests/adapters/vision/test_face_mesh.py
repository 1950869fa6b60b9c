"""Landmarks follow a head at any angle, stay with their face, and are left alone where the mesh sees no face."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from app.adapters.vision import warp
from app.adapters.vision.networks.yunet import YunetDetector
from app.adapters.vision.packs.embedder import CropEmbedder
from app.adapters.vision.photos.image import decode
from app.core.approach.tracks import overlap
from app.core.recognition.quality import measure
from app.core.types import Box, Face, Pixels
from tests.photos import photo

PORTRAITS = ("astronaut", "obama", "biden", "person_b_2")


def head_and_shoulders(detector: YunetDetector, pixels: Pixels) -> Pixels:
    """The part of a portrait that a gate's camera sees."""
    box = max(detector.detect(pixels), key=lambda face: face.box.width_px).box
    left, top = (max(0, round(start - box.height_px)) for start in (box.x_px, box.y_px))
    return pixels[top : top + round(3 * box.height_px), left : left + round(3 * box.height_px)]


def tilted(pixels: Pixels, face: Face, degrees: float) -> Pixels:
    """The picture turned clockwise about the face."""
    turn = cv2.getRotationMatrix2D(face.box.centre, -degrees, 1)
    return np.asarray(cv2.warpAffine(pixels, turn, pixels.shape[1::-1], borderMode=cv2.BORDER_REPLICATE))


def at(detector: YunetDetector, pixels: Pixels, near: tuple[float, float]) -> Face:
    """The refined face that is nearest to a place."""
    found = min(detector.detect(pixels), key=lambda f: np.hypot(*np.subtract(f.box.centre, near)))
    return detector.refine(pixels, found)


def roll_deg(pixels: Pixels, face: Face) -> float:
    return measure(face, warp.align(pixels, face.landmarks), pixels.shape).roll_deg


@pytest.mark.parametrize("degrees", [-40, -30, -15, 15, 30, 40])
@pytest.mark.parametrize("name", PORTRAITS)
def test_head_that_tilts_is_the_same_person_upright(
    detector: YunetDetector, embedder: CropEmbedder, name: str, degrees: int
) -> None:
    pixels = head_and_shoulders(detector, decode(photo(name)))
    upright = max(detector.detect(pixels), key=lambda face: face.box.width_px)
    turned = tilted(pixels, upright, degrees)
    before, after = at(detector, pixels, upright.box.centre), at(detector, turned, upright.box.centre)

    assert roll_deg(turned, after) - roll_deg(pixels, before) == pytest.approx(degrees, abs=4)
    crops = [warp.align(pixels, before.landmarks), warp.align(turned, after.landmarks)]
    one, other = embedder.embed(crops, flip=False)
    assert one @ other > 0.75


def test_box_is_as_wide_as_the_detectors_own(detector: YunetDetector) -> None:
    for name in PORTRAITS:
        pixels = decode(photo(name))
        for face in detector.detect(pixels):
            box = detector.refine(pixels, face).box
            assert box.width_px == pytest.approx(face.box.width_px, rel=0.15), name
            assert np.hypot(*np.subtract(box.centre, face.box.centre)) < 0.15 * face.box.width_px, name


@pytest.mark.parametrize(
    "box",
    [
        Box(0, 0, 1, 1),
        Box(-500, -500, 100, 100),
        Box(5000, 5000, 100, 100),
        Box(10, 10, 1e6, 1e6),
        Box(10, 10, float("nan"), 20),
        Box(10, 10, 0, 0),
    ],
)
def test_box_without_a_face_keeps_its_landmarks(detector: YunetDetector, box: Box) -> None:
    face = Face(box, np.zeros((5, 2), dtype=np.float32), 0.9)
    wall = np.full((200, 300, 3), 128, dtype=np.uint8)
    again = detector.refine(wall, face)
    assert (again.box, again.score, again.confirmed) == (face.box, face.score, False)
    assert again.landmarks is face.landmarks


def test_two_workers_and_two_turns_give_the_same(detector: YunetDetector) -> None:
    pixels = decode(photo("obama"))
    face = detector.detect(pixels)[0]
    first, second = detector.refine(pixels, face), detector.refine(pixels, face)
    assert np.array_equal(first.landmarks, second.landmarks)


def test_neighbour_is_never_taken_for_the_face(detector: YunetDetector) -> None:
    """A box beside a face, which the mesh is drawn to: its landmarks are not those of what stands in the box."""
    pixels = head_and_shoulders(detector, decode(photo("obama")))
    found = detector.detect(pixels)[0]
    for share in (0.5, 0.7, 0.9, 1.2):
        beside = replace(found.box, x_px=found.box.x_px + share * found.box.width_px)
        face = Face(beside, found.landmarks, 0.9)
        refined = detector.refine(pixels, face)
        assert refined is face or overlap(refined.box, beside) >= 0.4, share
