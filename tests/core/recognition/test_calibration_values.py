"""The tail and the threshold against values worked out by hand, and the valid range of every parameter."""

import math
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from app.core.recognition.calibration import Calibration, Tail

# Above 0.36, the rate falls by a factor of e every 0.024. Below, it rises by that factor every 0.05, up to 0.1.
TAIL = Tail(
    start=0.36,
    rate=1e-3,
    scale=0.024,
    shape=0.0,
    photo_shift=0.03,
    frame_shift=0.01,
    body_scale=0.05,
    body_rate=0.1,
)
BARE = replace(TAIL, body_scale=0.0, body_rate=0.0)
CALIBRATION = Calibration(tail=TAIL, same_person=0.36, margin=0.05, midpoint=0.33, steepness=38)
LOWEST = 0.36 - 0.05 * math.log(100)  # 0.1297


@pytest.mark.parametrize(
    ("rate", "similarity"),
    [
        (1.0, LOWEST),
        (0.5, LOWEST),
        (0.1, LOWEST),
        (0.01, 0.36 - 0.05 * math.log(10)),  # 0.2449
        (1e-3, 0.36),
        (1e-4, 0.36 + 0.024 * math.log(10)),  # 0.4153
        (1e-6, 0.36 + 0.024 * math.log(1000)),  # 0.5258
    ],
)
def test_similarity_and_rate_in_the_body_and_the_tail(rate: float, similarity: float) -> None:
    assert TAIL.similarity(rate) == pytest.approx(similarity, abs=1e-12)
    assert TAIL.false_match_rate(similarity) == pytest.approx(min(rate, 0.1), rel=1e-9)


@pytest.mark.parametrize(
    ("shape", "share"), [(0.2, 1.2**-5), (-0.2, 0.8**5), (0.0, math.exp(-1)), (1e-12, math.exp(-1))]
)
def test_rate_one_scale_above_the_start(shape: float, share: float) -> None:
    tail = replace(TAIL, shape=shape)
    assert tail.false_match_rate(0.36 + 0.024) == pytest.approx(1e-3 * share, rel=1e-9)
    assert tail.similarity(1e-3 * share) == pytest.approx(0.36 + 0.024, abs=1e-9)


def test_tail_with_a_negative_shape_has_an_end_point() -> None:
    # The end point is start - scale / shape = 0.36 + 0.12.
    tail = replace(TAIL, shape=-0.2)
    assert tail.false_match_rate(0.479) > 0
    assert tail.false_match_rate(0.481) == 0.0
    assert tail.false_match_rate(0.9) == 0.0
    assert tail.similarity(1e-300) < 0.48 + 1e-12


def test_rate_is_constant_below_the_lowest_similarity() -> None:
    assert TAIL.lowest == pytest.approx(LOWEST, abs=1e-12)
    assert TAIL.false_match_rate(-1.0) == TAIL.false_match_rate(LOWEST - 1e-9) == pytest.approx(0.1)


@pytest.mark.parametrize("tail", [BARE, replace(TAIL, body_rate=0.0), replace(TAIL, body_rate=1e-4)])
def test_without_a_body_the_lowest_similarity_is_the_start(tail: Tail) -> None:
    assert tail.lowest == 0.36
    assert tail.similarity(0.5) == 0.36
    assert tail.false_match_rate(0.1) == pytest.approx(1e-3)


def test_lowest_similarity_follows_the_ratio_of_the_rates() -> None:
    assert replace(TAIL, body_rate=2.5e-3).lowest == pytest.approx(0.36 - 0.05 * math.log(2.5), abs=1e-12)


def test_body_of_scale_zero_is_no_body() -> None:
    assert replace(TAIL, body_scale=0.0).lowest == 0.36


@pytest.mark.parametrize(
    ("photos", "frames", "shift"),
    [(1, 1, 0.0), (2, 1, 0.015), (3, 1, 0.02), (1, 2, 0.005), (1, 5, 0.008), (3, 5, 0.028)],
)
def test_more_photos_or_frames_shift_the_similarity_up(photos: int, frames: int, shift: float) -> None:
    assert TAIL.shift(photos, frames) == pytest.approx(shift, abs=1e-12)
    for rate, similarity in ((0.5, LOWEST), (0.01, 0.36 - 0.05 * math.log(10)), (1e-4, 0.36 + 0.024 * math.log(10))):
        assert TAIL.similarity(rate, photos, frames) == pytest.approx(similarity + shift, abs=1e-12)
        assert TAIL.false_match_rate(similarity + shift, photos, frames) == pytest.approx(min(rate, 0.1), rel=1e-9)


def test_default_is_one_photo_and_one_frame() -> None:
    assert TAIL.similarity(1e-4) == TAIL.similarity(1e-4, 1, 1)
    assert TAIL.false_match_rate(0.4) == TAIL.false_match_rate(0.4, 1, 1)


@pytest.mark.parametrize(
    ("rate", "size", "similarity"),
    [
        (1e-3, 1, 0.36),
        (1e-3, 0, 0.36),
        (1e-3, 2, 0.36 + 0.024 * math.log(1e-3 / 5.00125e-4)),
        (1e-3, 1000, 0.36 + 0.024 * math.log(1e-3 / 1.0005e-6)),
        (0.1, 10, 0.36 - 0.05 * math.log(10.4807415)),
        (0.9, 1, LOWEST),
    ],
)
def test_threshold_divides_the_rate_among_the_gallery(rate: float, size: int, similarity: float) -> None:
    assert CALIBRATION.threshold(rate, size, 1, 1) == pytest.approx(similarity, abs=1e-6)
    assert CALIBRATION.threshold(rate, size, 3, 5) == pytest.approx(similarity + 0.028, abs=1e-6)


def test_probability_follows_the_logistic_curve() -> None:
    third = math.log(3) / 38
    assert CALIBRATION.probability(0.33 + third) == pytest.approx(0.75)
    assert CALIBRATION.probability(0.33 - third) == pytest.approx(0.25)
    assert CALIBRATION.probability(0.33 + 2 * third) == pytest.approx(0.9)


def test_very_steep_curve_saturates_without_overflow() -> None:
    steep = replace(CALIBRATION, steepness=1e4)
    assert steep.probability(-1.0) == 0.0
    assert steep.probability(0.33 - 0.06995) == pytest.approx(math.exp(-699.5), rel=1e-6, abs=0)
    assert steep.probability(0.33 - 0.07005) == 0.0
    assert steep.probability(1.0) == 1.0


@pytest.mark.parametrize(
    "change",
    [
        {"start": 1.0},
        {"start": 1.5},
        {"start": -1.0},
        {"start": -1.5, "body_scale": 0.0},
        {"rate": 0.0},
        {"rate": -0.1},
        {"rate": 1.0},
        {"rate": 1.5},
        {"scale": 0.0},
        {"scale": -0.1},
        {"shape": 0.5},
        {"shape": -0.5},
        {"shape": 0.6},
        {"shape": -0.6},
        {"photo_shift": -1e-9},
        {"frame_shift": -1e-9},
        {"body_scale": -0.05},
        {"body_rate": -1e-9},
        {"body_rate": 1.0},
        {"body_rate": 1.5},
        {"body_scale": 0.3},  # lowest would be -1.02
        {"body_scale": 1.36 / math.log(0.1 / 1e-3)},  # lowest would be -1
        {"start": math.nan},
        {"rate": math.nan},
        {"scale": math.nan},
        {"shape": math.nan},
        {"body_scale": math.nan},
        {"body_rate": math.nan},
    ],
)
def test_parameters_outside_their_range_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"tail|threshold"):
        replace(TAIL, **change)


@pytest.mark.parametrize(
    "change",
    [
        {"start": 0.999},
        {"start": -0.99, "body_scale": 0.0},
        {"rate": 0.999},
        {"rate": 1e-12},
        {"scale": 1e-9},
        {"shape": 0.499},
        {"shape": -0.499},
        {"photo_shift": 0.0},
        {"frame_shift": 0.0},
        {"body_scale": 0.0},
        {"body_rate": 0.0},
        {"body_rate": 0.999},
        {"body_scale": 0.29},  # lowest is -0.98
    ],
)
def test_parameters_inside_their_range_are_accepted(change: dict[str, Any]) -> None:
    assert replace(TAIL, **change) != TAIL


@pytest.mark.parametrize(
    "change",
    [
        {"same_person": 1.0},
        {"same_person": -1.0},
        {"same_person": 1.5},
        {"same_person": -1.5},
        {"margin": -1e-9},
        {"margin": 1.0},
        {"margin": 1.5},
        {"steepness": 0.0},
        {"steepness": -1.0},
        {"same_person": math.nan},
        {"margin": math.nan},
        {"steepness": math.nan},
    ],
)
def test_calibration_outside_its_range_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a calibration"):
        replace(CALIBRATION, **change)


@pytest.mark.parametrize(
    "change",
    [{"same_person": 0.999}, {"same_person": -0.999}, {"margin": 0.0}, {"margin": 0.999}, {"steepness": 0.5}],
)
def test_calibration_inside_its_range_is_accepted(change: dict[str, Any]) -> None:
    assert replace(CALIBRATION, **change) != CALIBRATION


@pytest.mark.parametrize("rate", [0.0, -0.1, 1.1, math.nan])
def test_rate_outside_0_to_1_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="a rate"):
        TAIL.similarity(rate)


@pytest.mark.parametrize(("photos", "frames"), [(0, 1), (1, 0), (-1, 1), (1, -1)])
def test_comparison_needs_a_photo_and_a_frame(photos: int, frames: int) -> None:
    with pytest.raises(ValueError, match="a comparison"):
        TAIL.shift(photos, frames)


def test_calibration_cannot_change_after_the_check() -> None:
    with pytest.raises(FrozenInstanceError):
        TAIL.rate = 0.5  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        CALIBRATION.margin = 0.0  # type: ignore[misc]
