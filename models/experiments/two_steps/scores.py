"""What one method did at the gate: how often it named the right employee, and what refusing strangers cost it."""

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
    """steps: of every classifier; the siamese network takes `siamese_steps`, once for all cells of a seed."""

    steps: int
    siamese_steps: int
    takes: int
    wide: bool


@dataclass(frozen=True)
class Result:
    """named: share of employees' frames with the right employee first. admitted: those of them that are above the score
    which 1 % of strangers' frames reach, so 1 - FNIR at FPIR 1 %. fitted: on what it learned from (-1: nothing was).
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
    """(named, admitted) from (n, employees) scores. Where no face was found nobody is named and nobody is let in."""
    best = scores.max(axis=1)
    right = (scores.argmax(axis=1) == truth) & found
    against = np.sort(np.where(strangers_found, strangers.max(axis=1), -np.inf))[::-1]
    limit = against[int(FPIR * len(against))]
    return float(right.mean()), float((right & (best > limit)).mean())
