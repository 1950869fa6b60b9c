"""The gate of the measurement opens as the service's does, and every attempt is counted under one outcome."""

import numpy as np
import pytest

from app.core.types import Box, Detection, Face, Quality, QualityProblem, Sample
from models.conditions.measure import Counts, Gallery

FACE = Face(Box(0, 0, 48, 60), np.zeros((5, 2), np.float32), 0.9)
GALLERY = Gallery(np.eye(2, dtype=np.float32), lambda place, rate: 0.5 if rate < 0.01 else 0.3, margin=0.05)


def sample(*vector: float) -> Sample:
    return Sample(FACE, Quality(0.9), np.array(vector, np.float32))


@pytest.mark.parametrize(
    ("seen", "rate", "person"),
    [
        (None, 0.001, None),
        (Detection(FACE, Quality(0.1, (QualityProblem.BLURRED,))), 0.001, None),
        (sample(1, 0), 0.001, 0),
        (sample(0, 1), 0.001, 1),
        (sample(0.4, 0), 0.001, None),
        (sample(0.4, 0), 0.01, 0),
        (sample(0.9, 0.88), 0.001, None),
    ],
)
def test_gate_opens_for_whoever_is_similar_enough(seen: Detection | None, rate: float, person: int | None) -> None:
    assert GALLERY.opens_for(seen, rate) == person


def test_row_has_shares_with_intervals_and_none_without_attempts() -> None:
    row = Counts(employees=10, missed=2, refused=1).row(condition="x")
    assert row["condition"] == "x" and row["fnir"] == 0.2 and row["fnir_interval"][0] < 0.2 < row["fnir_interval"][1]
    assert row["fpir"] is None
