"""Every face that a camera sees: in its own region, the nearest first, and only so many of them compared."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.core.errors import BadInput, Busy
from app.core.recognition.quality import GATE
from app.core.types import Box, Face, Pixels, QualityProblem, Sample
from tests.services.recognition.scene import FRAME, FakeLiveness, Scene, dark, face

WHOLE = Box(0, 0, 1280, 720)
LIMITS = replace(GATE, min_face_px=60)


def test_faces_come_widest_first_and_only_the_widest_are_compared() -> None:
    scene = Scene([face(200, 300, 80), face(500, 300, 120), face(800, 300, 100), face(1100, 300, 90)])
    seen = scene.recognition().see(FRAME, region=WHOLE, most=2, limits=LIMITS)
    assert [one.face.box.width_px for one in seen] == [120, 100, 90, 80]
    assert [isinstance(one, Sample) for one in seen] == [True, True, False, False]
    assert scene.embedder.embedded == [False, False] and len(scene.detector.refined) == 2


def test_only_the_region_is_searched_and_boxes_are_in_frame_pixels() -> None:
    scene = Scene([face(100, 100, 80)])
    searched: list[tuple[int, ...]] = []

    def detect(pixels: Pixels, *, smallest_px: float | None = None) -> list[Face]:
        searched.append(pixels.shape)
        return scene.faces

    scene.detector.detect = detect  # type: ignore[method-assign]
    (one,) = scene.recognition().see(FRAME, region=Box(320, 180, 640, 360), most=3, limits=LIMITS)
    assert searched == [(360, 640, 3)] and one.face.box.centre[0] == 420
    np.testing.assert_allclose(one.face.landmarks, scene.faces[0].landmarks + np.array([320, 180]), rtol=1e-6)
    assert one.face.box.y_px == scene.faces[0].box.y_px + 180


@pytest.mark.parametrize(
    ("rough", "fine", "compared"), [(50, 40, False), (52, 61, True), (52, 59, False), (61, 59, False)]
)
def test_refinement_decides_whether_a_face_is_wide_enough(rough: float, fine: float, compared: bool) -> None:
    scene = Scene([face(640, 300, rough)])
    scene.detector.refine = lambda pixels, one: face(640, 300, fine)  # type: ignore[method-assign, assignment]
    (one,) = scene.recognition().see(FRAME, region=WHOLE, most=3, limits=LIMITS)
    assert isinstance(one, Sample) is compared
    assert (QualityProblem.FACE_TOO_SMALL in one.quality.problems) is not compared


def test_poor_face_is_detected_and_not_embedded() -> None:
    scene = Scene([face(640, 300, 100)], align=dark)
    (one,) = scene.recognition().see(FRAME, region=WHOLE, most=3, limits=LIMITS)
    assert (
        not isinstance(one, Sample) and QualityProblem.TOO_DARK in one.quality.problems and not scene.embedder.embedded
    )


def test_region_beyond_the_frame_is_clipped() -> None:
    assert Scene([]).recognition().see(FRAME, region=Box(-50, -50, 4000, 4000), most=3) == []


def test_invalid_frame_is_refused_and_the_engine_returned() -> None:
    recognition = Scene([]).recognition()
    with pytest.raises(BadInput):
        recognition.see(FRAME[..., 0], region=WHOLE, most=3)
    assert recognition.see(FRAME, region=WHOLE, most=3) == []


def test_without_a_free_engine_it_is_busy() -> None:
    recognition = Scene([]).recognition()
    with recognition._pool.lease(), pytest.raises(Busy):
        recognition.see(FRAME, region=WHOLE, most=3)


def test_only_the_widest_face_is_scored_for_liveness() -> None:
    scene = Scene([face(300, 300, 80), face(700, 300, 120), face(1000, 300, 100)], liveness=FakeLiveness())
    recognition = scene.recognition()
    seen: Any = recognition.see(FRAME, region=WHOLE, most=3, limits=LIMITS, liveness=True)
    assert [one.liveness for one in seen] == [0.12, None, None]
    unscored: Any = recognition.see(FRAME, region=WHOLE, most=3, limits=LIMITS)
    assert [one.liveness for one in unscored] == [None] * 3


def test_wider_phantom_does_not_take_the_place_of_the_face_that_is_scored() -> None:
    scene = Scene([replace(face(300, 300, 150), score=0.7), face(700, 300, 120)], liveness=FakeLiveness())
    scene.detector.refine = lambda pixels, one: replace(one, confirmed=one.score > 0.8)  # type: ignore[method-assign, assignment]
    seen = scene.recognition().see(FRAME, region=WHOLE, most=3, limits=LIMITS, liveness=True)
    assert [isinstance(one, Sample) and one.liveness for one in seen] == [False, 0.12]
