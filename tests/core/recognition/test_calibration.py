"""The threshold is monotone in everything an operator or a growing gallery can change."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.recognition.calibration import Calibration, Tail

TAIL = Tail(start=0.36, rate=1e-3, scale=0.024, shape=0.0, photo_shift=0.022, frame_shift=0.022)
CALIBRATION = Calibration(tail=TAIL, same_person=0.36, margin=0.05, midpoint=0.33, steepness=38)
SHAPES = st.sampled_from([-0.2, -1e-12, 0.0, 1e-12, 0.05, 0.2])
RATES = st.floats(1e-6, 0.5)
SIZES = st.integers(0, 1_000_000)
COUNTS = st.integers(1, 10)


ALIKE = st.sampled_from([0.4, 0.65, 1.0])
APART = st.floats(1, 10)


@given(SHAPES, st.floats(1e-12, 1e-3), COUNTS, APART, ALIKE)
def test_similarity_and_rate_are_inverse(shape: float, rate: float, photos: int, frames: float, alike: float) -> None:
    tail = replace(TAIL, shape=shape, alike=alike)
    assert tail.false_match_rate(tail.similarity(rate, photos, frames), photos, frames) == pytest.approx(rate, rel=1e-6)


@given(SHAPES, RATES, RATES, SIZES, SIZES, COUNTS, COUNTS, APART, APART, ALIKE)
def test_threshold_is_monotone_in_everything(
    shape: float, rate: float, more: float, size: int, larger: int, p: int, q: int, f: float, g: float, alike: float
) -> None:
    c = replace(CALIBRATION, tail=replace(TAIL, shape=shape, alike=alike))
    (rate, more), (size, larger), (p, q), (f, g) = (
        sorted((rate, more)),
        sorted((size, larger)),
        sorted((p, q)),
        sorted((f, g)),
    )

    assert c.threshold(rate, larger, q, g) >= c.threshold(more, size, p, f)


def test_a_hundred_times_the_gallery_is_as_strict_as_a_hundredth_of_the_rate() -> None:
    assert CALIBRATION.threshold(1e-4, 100_000, 3, 1) == pytest.approx(
        CALIBRATION.threshold(1e-6, 1_000, 3, 1), abs=1e-4
    )


def test_exponential_tail_moves_by_its_scale_for_each_e_fold() -> None:
    assert TAIL.similarity(1e-3 / math.e) == pytest.approx(0.36 + 0.024)


@pytest.mark.parametrize("size", [0, 1])
def test_empty_gallery_and_a_high_rate_stay_at_the_floor(size: int) -> None:
    assert CALIBRATION.threshold(0.9, size, 1, 1) == TAIL.start


def test_no_threshold_is_above_one() -> None:
    assert CALIBRATION.threshold(1e-300, 10**9, 1, 1) == 1.0


@pytest.mark.parametrize("rate", [0, 1, -0.1, 1.5, math.nan])
def test_rate_outside_its_range_is_an_error(rate: float) -> None:
    with pytest.raises(ValueError, match="false accept rate"):
        CALIBRATION.threshold(rate, 100, 1, 1)


def test_count_outside_its_range_is_an_error() -> None:
    for bad in ((-1, 1, 1), (10, 0, 1), (10, 1, 0)):
        with pytest.raises(ValueError, match=r"size|photo"):
            CALIBRATION.threshold(0.001, *bad)


def test_probability_is_a_half_at_the_midpoint_and_rises() -> None:
    assert CALIBRATION.probability(0.33) == pytest.approx(0.5)
    assert CALIBRATION.probability(-1) < 1e-9 < 0.99 < CALIBRATION.probability(0.6)


def test_impossible_tail_or_calibration_is_refused() -> None:
    for change in (
        {"scale": 0},
        {"rate": 1},
        {"shape": 0.7},
        {"photo_shift": -0.1},
        {"start": 1},
        {"alike": 0},
        {"alike": 1.1},
    ):
        with pytest.raises(ValueError, match=r"not a |lower a threshold"):
            replace(TAIL, **change)
    for change in ({"steepness": 0}, {"margin": -0.1}, {"same_person": 1}):
        with pytest.raises(ValueError, match="not a calibration"):
            replace(CALIBRATION, **change)


@given(ALIKE, st.integers(1, 8), st.floats(0, 1))
def test_frames_are_worth_one_picture_to_as_many_as_they_are(alike: float, frames: int, length: float) -> None:
    apart = replace(TAIL, alike=alike).apart(length, frames)
    assert 1 <= apart <= frames * (1 + 1e-12)


def test_frames_as_different_as_photos_count_each_and_equal_ones_count_once() -> None:
    tail = replace(TAIL, alike=0.6)
    # The mean of n unit vectors whose similarities are 0.6 has the squared length 0.6 + 0.4 / n.
    assert [tail.apart(math.sqrt(0.6 + 0.4 / n), n) for n in (1, 2, 3, 5)] == pytest.approx([1, 2, 3, 5])
    assert tail.apart(1.0, 5) == 1
    assert tail.apart(math.sqrt(0.9 + 0.1 / 3), 3) == pytest.approx(
        1.2
    )  # frames 0.9 alike: (0.933 - 0.6) / 0.4 = 1/1.2
    assert TAIL.apart(0.9, 5) == 5  # a pack that does not say how alike one person's pictures are


def test_tail_widens_as_the_mean_of_several_pictures_shortens() -> None:
    tail = replace(TAIL, photo_shift=0.0, frame_shift=0.0, alike=0.5)
    assert tail.stretch(1, 1) == 1
    assert tail.stretch(2, 1) == pytest.approx(1 / math.sqrt(0.75))
    assert tail.stretch(2, 2) == pytest.approx(1 / 0.75)
    assert tail.similarity(1e-3 / math.e, 2, 2) == pytest.approx(0.36 + 0.024 / 0.75)
    assert tail.similarity(1e-3, 2, 2) == pytest.approx(0.36)  # the start moves by the shifts alone
    assert tail.alone(0.36 + 0.024 / 0.75, 2, 2) == pytest.approx(0.384)


def test_frame_of_another_person_must_be_rarer_the_more_pictures_are_known() -> None:
    assert CALIBRATION.shows(1) == pytest.approx(TAIL.similarity(4e-4))
    assert CALIBRATION.shows(4) == pytest.approx(TAIL.similarity(4e-4, photos=4))
    assert CALIBRATION.shows(4) > CALIBRATION.shows(1)
    assert CALIBRATION.clear == TAIL.similarity(1e-5) > CALIBRATION.shows(8)
