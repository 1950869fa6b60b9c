"""Scores one method: how often it names the right employee, and how often it still does if strangers are refused."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FPIR = 0.01
METHODS = {
    "a": "one network, raw frame",
    "a4": "one network, raw frame, 4 x the compute",
    "b": "detect and crop, the same network",
    "c": "detect and crop, siamese (small, other people)",
    "c_sface": "detect and crop, siamese (SFace as served)",
}


@dataclass(frozen=True)
class Budget:
    """The training steps of each classifier, and of the siamese network, which is trained once per seed."""

    steps: int
    siamese_steps: int
    takes: int
    wide: bool


@dataclass(frozen=True)
class Result:
    """The result of one method with one number of employees and photos.

    Attributes:
        named: the share of employees' frames with the right employee first.
        admitted: the share that is also above the score that 1 % of strangers' frames reach, so 1 - FNIR at FPIR 1 %.
        fitted: the training accuracy; -1 if nothing was trained.
    """

    method: str
    seed: int
    employees: int
    photos: int
    steps: int
    frames: int
    stranger_frames: int
    named: float
    admitted: float
    fitted: float
    seconds: float

    @property
    def key(self) -> tuple[str, int, int, int]:
        return self.method, self.seed, self.employees, self.photos

    def row(self) -> dict[str, Any]:
        return asdict(self)


def rates(
    scores: NDArray[np.floating],
    truth: NDArray[np.int64],
    strangers: NDArray[np.floating],
    found: NDArray[np.bool_],
    strangers_found: NDArray[np.bool_],
) -> tuple[float, float]:
    """Returns (named, admitted) from scores, (n, employees). Without a face, nobody is named or admitted."""
    best = scores.max(axis=1)
    right = (scores.argmax(axis=1) == truth) & found
    against = np.sort(np.where(strangers_found, strangers.max(axis=1), -np.inf))[::-1]
    limit = against[int(FPIR * len(against))]
    return float(right.mean()), float((right & (best > limit)).mean())
