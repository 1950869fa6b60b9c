"""Sunglasses and light from behind are named where they explain a refusal, and nothing else is."""

import numpy as np
import pytest

from app.core.recognition import alignment
from app.core.recognition.advice import advise
from app.core.recognition.evidence import fold
from app.core.types import OPENING, Advice, Box, Face, FrameResult, Pixels, Quality, Reason, Sample
from tests.fakes import person

FACE = Face(Box(300, 200, 100, 130), (alignment.TEMPLATE + np.array([294, 190])).astype(np.float32), 0.9)


def crop(skin: int = 130, eyes: int = 100) -> Pixels:
    found = np.full((112, 112, 3), skin, np.uint8)
    found[44:60, 29:84] = eyes
    return found


def frame(beside: int = 120) -> Pixels:
    return np.full((720, 1280, 3), beside, np.uint8)


@pytest.mark.parametrize(
    ("beside", "skin", "eyes", "advice"),
    [
        (120, 130, 100, None),
        (120, 130, 30, Advice.EYES_COVERED),
        (120, 60, 45, None),  # dark skin is no light from behind,
        (240, 60, 45, Advice.BACKLIT),
        (90, 20, 12, None),  # nor is a dark room, in which eyes tell nothing
    ],
)
def test_what_can_be_changed_is_named(beside: int, skin: int, eyes: int, advice: Advice | None) -> None:
    assert advise(frame(beside), FACE, crop(skin, eyes)) is advice


@pytest.mark.parametrize("box", [Box(0, 0, 1280, 720), Box(-90, -90, 80, 80), Box(2000, 2000, 50, 60)])
def test_face_with_nothing_beside_it_is_no_error(box: Box) -> None:
    assert advise(frame(255), Face(box, FACE.landmarks, 0.9), crop(200, 160)) is None


def seen(advice: Advice | None) -> FrameResult:
    return FrameResult(1, Sample(FACE, Quality(0.9, (), advice), person(0)), None)


def poor(advice: Advice | None) -> FrameResult:
    return FrameResult(1, None, Reason.POOR_QUALITY, advice=advice)


def test_half_of_the_frames_must_say_it() -> None:
    covered = seen(Advice.EYES_COVERED)
    assert fold([covered, seen(None)], 0.3).advice is Advice.EYES_COVERED
    assert fold([covered, seen(None), seen(None)], 0.3).advice is None


def test_faces_that_cannot_be_compared_for_a_known_cause_have_it_as_their_reason() -> None:
    assert fold([poor(Advice.BACKLIT), poor(None)], 0.3).reason is Reason.BACKLIT
    assert fold([poor(None)], 0.3).reason is Reason.POOR_QUALITY


def test_advice_is_a_reason_that_never_opens() -> None:
    assert not {Reason(advice) for advice in Advice} & OPENING
