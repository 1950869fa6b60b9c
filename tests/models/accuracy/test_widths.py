"""Shrunk faces have the width that they are counted under, and each outcome at the gate is told apart."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest

from app.core.types import Box, Detection, Face, Pixels, Quality, QualityProblem, Sample
from models.accuracy.widths import FRAME, RECOGNISED, Gallery, frame_with, row_of

RNG = np.random.default_rng(0)
FRAME_PX: Pixels = np.zeros((*FRAME, 3), np.uint8)
FACE = Face(Box(0, 0, 48, 60), np.zeros((5, 2), np.float32), 0.9)


@pytest.mark.parametrize("width_px", [24, 48, 96])
def test_face_is_as_wide_as_asked(width_px: int) -> None:
    photo = np.full((250, 250, 3), 120, np.uint8)
    photo[50:170, 75:171] = 255  # a "face" of 96 px
    frame = frame_with(photo, Box(75, 50, 96, 120), width_px, RNG)
    assert frame is not None and frame.shape == (*FRAME, 3)
    columns = np.flatnonzero((frame > 190).any(axis=(0, 2)))
    assert columns[-1] - columns[0] + 1 == pytest.approx(width_px, abs=1)


def test_photo_is_never_enlarged() -> None:
    assert frame_with(np.zeros((250, 250, 3), np.uint8), Box(75, 50, 90, 120), 96, RNG) is None


@dataclass
class Sees:
    """A recognition that sees what the test says."""

    seen: list[Detection] = field(default_factory=list)

    def see(self, pixels: Pixels, **_: object) -> list[Detection]:
        return self.seen


def sample(*vector: float) -> Sample:
    return Sample(FACE, Quality(0.9), np.array(vector, np.float32))


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        ([], "not_found"),
        ([Detection(FACE, Quality(0.1, (QualityProblem.BLURRED,)))], "poor_quality"),
        ([sample(1, 0)], RECOGNISED),
        ([sample(0, 1)], "taken_for_another"),
        ([sample(0.4, 0)], "not_similar_enough"),
        ([sample(0.9, 0.88)], "not_similar_enough"),
    ],
)
def test_outcome_is_that_of_the_gate(seen: list[Detection], outcome: str) -> None:
    gallery = Gallery(np.eye(2, dtype=np.float32), np.array([0.5, 0.5]), margin=0.05)
    assert gallery.outcome(Sees(seen), FRAME_PX, 0) == outcome  # type: ignore[arg-type]  # all that it calls is `see`


@pytest.mark.parametrize(("vector", "outcome"), [((0, 1), "taken_for_another"), ((0.4, 0), "not_similar_enough")])
def test_stranger_is_taken_for_another_or_not_let_in(vector: tuple[float, float], outcome: str) -> None:
    gallery = Gallery(np.eye(2, dtype=np.float32), np.array([0.5, 0.5]), margin=0.05)
    assert gallery.outcome(Sees([sample(*vector)]), FRAME_PX, None) == outcome  # type: ignore[arg-type]  # as above


def test_row_counts_employees_and_strangers_apart() -> None:
    row = row_of(
        40, Counter({RECOGNISED: 9, "not_found": 1}), Counter({"not_similar_enough": 98, "taken_for_another": 2})
    )
    assert (row["attempts"], row["not_recognised"]) == (10, pytest.approx(0.1))
    assert (row["strangers"], row["strangers_let_in"], row["fpir"]) == (100, 2, 0.02)
    assert row_of(40, Counter({RECOGNISED: 9}), Counter())["fpir"] is None
