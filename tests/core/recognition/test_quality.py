"""Each problem is found on a face damaged in one way, and none on the undamaged face."""

from dataclasses import replace

import numpy as np
import pytest

from app.core.recognition import alignment
from app.core.recognition.quality import ENROLMENT, GATE, Measures, assess, judge, measure, score
from app.core.types import Box, Face, Pixels, QualityProblem

FRAME = (720, 1280, 3)
PLAIN = Measures(
    width_px=120,
    sharpness=0.2,
    contrast=40,
    luma=120,
    dark=0,
    bright=0,
    yaw=0,
    pitch=0.55,
    roll_deg=0,
    outside=0,
)


def crop() -> Pixels:
    """A stand-in for a face: blobs and edges at the scale of eyes and lips, under soft noise."""
    rng = np.random.default_rng(3)
    coarse = np.kron(rng.integers(40, 210, (7, 7)), np.ones((16, 16)))
    return np.repeat(np.clip(coarse + rng.normal(0, 8, (112, 112)), 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def face(scale: float = 1.2, x: float = 600, y: float = 300, landmarks: np.ndarray | None = None) -> Face:
    points = (alignment.TEMPLATE if landmarks is None else landmarks) * scale + (x, y)
    return Face(Box(x + 20 * scale, y + 10 * scale, 72 * scale, 95 * scale), points.astype(np.float32), 0.9)


def blurred(pixels: Pixels, sigma: float, *, down: bool = True) -> Pixels:
    reach = np.arange(-15, 16)
    kernel = np.exp(-(reach**2) / (2 * sigma**2))
    kernel /= kernel.sum()
    out = pixels.astype(float)
    for axis in (0, 1) if down else (1,):
        out = np.apply_along_axis(lambda line: np.convolve(np.pad(line, 15, "edge"), kernel, "valid"), axis, out)
    return out.astype(np.uint8)


def test_plain_face_has_no_problem_under_either_limits() -> None:
    for limits in (GATE, ENROLMENT):
        quality = assess(face(), crop(), FRAME, limits)
        assert quality.good, quality
        assert quality.score > 0.8


@pytest.mark.parametrize("down", [True, False])
def test_blur_and_motion_along_one_direction_are_found(down: bool) -> None:
    assert QualityProblem.BLURRED in assess(face(), blurred(crop(), 6, down=down), FRAME, GATE).problems


def test_darkness_is_found() -> None:
    assert QualityProblem.TOO_DARK in assess(face(), (crop() * 0.05).astype(np.uint8), FRAME, GATE).problems


def test_dark_skin_is_not_darkness() -> None:
    # The same face, half as bright or with half the contrast of the room.
    for limits in (GATE, ENROLMENT):
        assert assess(face(), (crop() * 0.3).astype(np.uint8), FRAME, limits).good
        assert judge(replace(PLAIN, luma=35), limits).good
        assert judge(replace(PLAIN, contrast=limits.min_contrast - 0.1), limits).problems == (QualityProblem.TOO_DARK,)


def test_glare_is_found() -> None:
    glare = np.clip(crop().astype(int) * 3, 0, 255).astype(np.uint8)
    assert QualityProblem.TOO_BRIGHT in assess(face(), glare, FRAME, GATE).problems


def test_small_face_is_found() -> None:
    assert assess(face(scale=0.3), crop(), FRAME, GATE).problems == (QualityProblem.FACE_TOO_SMALL,)


def test_profile_is_found() -> None:
    # Given a face turned so far that the nose tip stands beyond an eye
    profile = np.array([[48, 52], [62, 52], [72, 72], [50, 92], [60, 92]])
    assert QualityProblem.TURNED_AWAY in assess(face(landmarks=profile), crop(), FRAME, GATE).problems


def test_looking_down_is_found() -> None:
    down = alignment.TEMPLATE.copy()
    down[2, 1] = 91.5
    assert QualityProblem.TURNED_AWAY in assess(face(landmarks=down), crop(), FRAME, GATE).problems


def test_tilted_head_is_found() -> None:
    for degrees, refused_by in ((20, ()), (40, (ENROLMENT,)), (55, (ENROLMENT, GATE))):
        turn = np.deg2rad(degrees)
        clockwise = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        tilted = face(landmarks=(alignment.TEMPLATE - 56) @ clockwise + 56)
        for limits in (GATE, ENROLMENT):
            problems = assess(tilted, crop(), FRAME, limits).problems
            assert problems == ((QualityProblem.TURNED_AWAY,) if limits in refused_by else ()), degrees


@pytest.mark.parametrize(("x", "y"), [(-60, 300), (1225, 300), (600, -70), (600, 650)])
def test_face_cut_off_by_any_edge_is_found_and_is_not_called_dark(x: float, y: float) -> None:
    void = crop()
    void[:, :60] = 0

    assert assess(face(x=x, y=y), void, FRAME, GATE).problems == (QualityProblem.CUT_OFF,)


def test_box_that_ends_at_the_frame_does_not_hide_a_cut_off_face() -> None:
    # Given a detector's box drawn inside the frame round half a face
    half = replace(face(x=-50), box=Box(0, 310, 60, 110))
    assert measure(half, crop(), FRAME).outside > 0.2


def test_enrolment_is_stricter_in_everything() -> None:
    for name in ("min_face_px", "min_sharpness", "min_contrast", "min_pitch"):
        assert getattr(ENROLMENT, name) > getattr(GATE, name)
    for name in ("rival_share", "max_outside", "max_luma", "max_clipped", "max_yaw", "max_pitch", "max_roll_deg"):
        assert getattr(ENROLMENT, name) < getattr(GATE, name)


WORSE = {
    "width_px": (100, 60, 50, 32, 20, 5),
    "sharpness": (0.3, 0.1, 0.08, 0.05, 0.02, 0),
    "contrast": (40, 15, 10, 5, 2, 0),
    "luma": (120, 200, 210, 230, 245, 255),
    "dark": (0, 0.1, 0.3, 0.6, 1),
    "bright": (0, 0.1, 0.3, 0.6, 1),
    "yaw": (0, 0.3, 0.6, 1, 2),
    "pitch": (0.55, 0.7, 0.85, 1.0, 3),
    "roll_deg": (0, 10, 20, 30, 90),
    "outside": (0, 0.05, 0.2, 0.5, 1),
}


@pytest.mark.parametrize("name", WORSE)
def test_score_never_rises_as_one_measure_gets_worse(name: str) -> None:
    scores = [score(replace(PLAIN, **{name: value})) for value in WORSE[name]]

    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 1.0
    assert scores[-1] < 0.1


@pytest.mark.parametrize("name", ["yaw", "roll_deg"])
def test_left_and_right_are_equally_bad(name: str) -> None:
    assert score(replace(PLAIN, **{name: 0.5})) == score(replace(PLAIN, **{name: -0.5}))


def test_uniform_area_is_blurred_and_not_an_error() -> None:
    assert QualityProblem.BLURRED in assess(face(), np.full((112, 112, 3), 128, np.uint8), FRAME, GATE).problems


def test_measures_are_judged_independently() -> None:
    assert judge(PLAIN, GATE).problems == ()
    assert judge(replace(PLAIN, width_px=1), GATE).problems == (QualityProblem.FACE_TOO_SMALL,)
