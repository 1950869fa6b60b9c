"""Judges liveness: the MiniFASNet pair on two crops around the face, under OpenVINO.

Minivision, Silent-Face-Anti-Spoofing: V2 sees 2.7 times the face's box and V1SE 4.0 times, because the edge of a phone
or sheet reveals an attack. The score is the mean of both; where it leaves doubt, an edge around the face lowers it.
"""

import math
from pathlib import Path

import cv2
import numpy as np

from app.adapters.vision import weights
from app.adapters.vision.networks.picture_border import border
from app.adapters.vision.networks.runtime import Runner, best_precision, compile_at, one_a_worker, read_network
from app.core.errors import WeightsError
from app.core.recognition.liveness import beside_border, is_doubtful
from app.core.types import Box, Pixels

SIZE_PX = 80
LIVE = 1  # of three classes; the others are two kinds of attack
# Each artifact, and the scale of the surroundings it was trained on.
PAIR = (("minifasnet-v2", 2.7), ("minifasnet-v1se", 4.0))


def crop(pixels: Pixels, box: Box, scale: float) -> Pixels:
    """(80, 80, 3) uint8 BGR: the box enlarged by the scale, shifted into the picture if it crosses an edge.

    Neither padded nor distorted: if the picture is too small, the scale is reduced. As published, including the
    rounding and the extra pixel at the right and bottom. Raises ValueError for a box outside the picture.
    """
    rows, columns = pixels.shape[:2]
    left, top = max(0.0, box.x_px), max(0.0, box.y_px)
    width = min(float(columns), box.x_px + box.width_px) - left
    height = min(float(rows), box.y_px + box.height_px) - top
    # Checked separately: `max` and `min` turn NaN into a number.
    finite = math.isfinite(box.x_px + box.y_px + box.width_px + box.height_px)
    if not (finite and width >= 1 and height >= 1):
        raise ValueError(f"the box {box} lies outside the picture")
    scale = min((rows - 1) / height, (columns - 1) / width, scale)
    first_column, last_column = _span(left + width / 2, scale * width, columns - 1)
    first_row, last_row = _span(top + height / 2, scale * height, rows - 1)
    found: Pixels = cv2.resize(
        pixels[first_row : last_row + 1, first_column : last_column + 1],
        (SIZE_PX, SIZE_PX),
        interpolation=cv2.INTER_LINEAR,
    ).astype(np.uint8, copy=False)
    return found


def _span(centre: float, length: float, last: int) -> tuple[int, int]:
    """The first and last pixel of a span around the centre, shifted into 0 to last."""
    low, high = centre - length / 2, centre + length / 2
    if low < 0:
        low, high = 0.0, high - low
    if high > last:
        low, high = low - (high - last), float(last)
    return max(0, int(low)), min(last, int(high))


class MiniFasNets:
    """Both networks; `judge()` compiles them for one worker.

    They run in the faster precision: on an AMD EPYC bfloat16 takes 1.9 ms for both instead of 2.8. Of 234 frames'
    scores none moved by more than 0.025, and none across a threshold (2026-11-24).
    Raises WeightsError: no MiniFASNet, by `judge` if it is another network.
    """

    def __init__(self, models: tuple[bytes, ...]) -> None:
        self._networks = tuple(read_network(model, rgb=False) for model in models)
        self._precision = best_precision()

    def judge(self) -> "LivenessJudge":
        compiled = [
            compile_at(network, height_px=SIZE_PX, width_px=SIZE_PX, precision=self._precision)
            for network in self._networks
        ]
        for network in compiled:
            if tuple(network.output(0).shape) != (1, 3):
                raise WeightsError(f"expected one output of 3 numbers, got {network.output(0).shape}")
        return LivenessJudge([Runner(network) for network in compiled])


class LivenessJudge:
    """Implements `ports.Liveness` for one thread at a time. Warmed up when it is made."""

    def __init__(self, networks: list[Runner]) -> None:
        self._networks = networks
        self.score(np.zeros((SIZE_PX, SIZE_PX, 3), np.uint8), Box(20, 20, 40, 40))

    def score(self, pixels: Pixels, box: Box) -> float:
        """0 (an attack) to 1 (live), from (height, width, 3) uint8 BGR. Raises ValueError for a box outside of it."""
        scores = [
            self._one(network, crop(pixels, box, scale))
            for network, (_, scale) in zip(self._networks, PAIR, strict=True)
        ]
        score = sum(scores) / len(scores)
        return beside_border(score, border(pixels, box)) if is_doubtful(score) else score

    def _one(self, network: Runner, picture: Pixels) -> float:
        network.picture[0] = picture
        logits = network.run()[0][0].astype(np.float64)
        likely = np.exp(logits - logits.max())
        return float(likely[LIVE] / likely.sum())


def open_judges(cache: Path, *, workers: int = 1) -> tuple[LivenessJudge, ...]:
    """One judge per worker: loaded, compiled, warm.

    Raises:
        WeightsMissing: The weights were never fetched.
        WeightsError: They are damaged.
    """
    networks = MiniFasNets(tuple(weights.load(name, cache) for name, _ in PAIR))
    return tuple(one_a_worker(networks.judge, workers))
