"""Decides whether a live person or a picture is before the camera, from the liveness scores of an approach's frames.

The scores come from two networks (`adapters.vision.liveness`), from 0 (attack) to 1 (live). An edge around the face
lowers them.
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from statistics import median

MOST_FRAMES = 5  # how many of the newest frames are fused
# The score that the median of 1 to 5 frames must reach: the fewer frames, the higher it must be. Measured on 119
# photographed replays from three sources and 115 live frames from the same (`python -m models evaluate-pad`,
# 2026-11-24). Each cell: attacks accepted, live people refused.
#   frames  at 0.5            at 0.6            at 0.7
#   1       7 of 119, 4/115   4 of 119, 5/115   2 of 119, 7/115
#   2       3 of 60, 2/57     3 of 60, 2/57     1 of 60, 2/57
#   3       1 of 41, 0/38     1 of 41, 1/38     1 of 41, 2/38
#   5       1 of 28, 0/23     1 of 28, 0/23     1 of 28, 1/23
# A single threshold would have to be 0.7, for the sake of single frames. A camera tries again at each frame: with 0.5
# from the first frame on, 3 of 18 attacks of ten frames got in; with this table, 1 did. Neither refused any of 12 live
# approaches. On eight sources, five of them not used for choosing the table, five frames at 0.5 accepted 2 of 89
# attacks and refused 2 of 66 live approaches.
LIVE_FROM = (0.7, 0.7, 0.6, 0.6, 0.5)
# How often an approach may be refused as a picture before nothing more opens for it: trying at every frame gives a
# picture ever new chances. Of 86 pieces of ten frames of live people (five clips) 3, 1, 0 and 0 were refused with 3, 4,
# 5 and 6 tries; of 81 pieces of replays one was let in with each, as without a bound (2026-11-30).
SPOOF_TRIES = 6
# A picture has an edge. Where one is seen around the face, the networks must be this much surer that it is live. Of 119
# frames of replays none passes alone then (2 before), and no more live people are refused: 7 of 115 frames, 7 of 217 of
# two clips, 105 of 667 press photos. The length, in faces, is the first in steps of a quarter that refuses none more of
# the clips, the press photos and the other two sources, whichever source is left out (2026-12-01).
FRAMED = 0.25
BORDER_FACES = 2.5


def is_doubtful(score: float) -> bool:
    """Whether an edge around the face could change what a frame of this score looks like: live, or a picture."""
    return LIVE_FROM[-1] <= score < LIVE_FROM[0] + FRAMED


def beside_border(score: float, border_faces: float) -> float:
    """Returns the score of a frame in which an edge of this length, in faces, surrounds the face."""
    return score - FRAMED if border_faces >= BORDER_FACES else score


class LivenessMode(StrEnum):
    """What a gate does with the liveness score.

    AUTO: REQUIRED if the networks' weights are installed, else MONITOR. REQUIRED: open only for people who look live,
    so for nobody's face without the weights. MONITOR: record the score and refuse nobody. OFF: do not measure.
    """

    AUTO = "auto"
    REQUIRED = "required"
    MONITOR = "monitor"
    OFF = "off"


class LivenessState(StrEnum):
    """The liveness that a decision records. UNMEASURED: no face was compared. UNAVAILABLE: no weights are installed."""

    LIVE = "live"
    SPOOF_SUSPECTED = "spoof_suspected"
    UNMEASURED = "unmeasured"
    UNAVAILABLE = "unavailable"
    OFF = "off"


def fuse(scores: Sequence[float | None]) -> tuple[float | None, int]:
    """Returns the median of the newest five measured scores, and how many there were.

    Args:
        scores: one per frame, oldest first; None for a frame without a measurement.

    Raises:
        ValueError: a score is not finite.
    """
    measured = [score for score in scores if score is not None][-MOST_FRAMES:]
    if not all(map(math.isfinite, measured)):
        raise ValueError("a liveness score is not finite")
    return (median(measured), len(measured)) if measured else (None, 0)


def state(mode: LivenessMode, available: bool, score: float | None, frames: int) -> LivenessState:
    """Returns the state to record. `available`: the weights are installed; `score` and `frames` come from `fuse`."""
    if mode is LivenessMode.OFF:
        return LivenessState.OFF
    if not available:
        return LivenessState.UNAVAILABLE
    if score is None or frames < 1:
        return LivenessState.UNMEASURED
    lives = score >= LIVE_FROM[min(frames, MOST_FRAMES) - 1]
    return LivenessState.LIVE if lives else LivenessState.SPOOF_SUSPECTED


def effective(mode: LivenessMode, available: bool) -> LivenessMode:
    """Resolves AUTO by whether the weights are installed. Raises ValueError for what is no mode, so that none opens."""
    chosen = LivenessMode(mode)
    if chosen is not LivenessMode.AUTO:
        return chosen
    return LivenessMode.REQUIRED if available else LivenessMode.MONITOR


def refuses(mode: LivenessMode, available: bool, found: LivenessState | None) -> bool:
    """Whether the gate stays shut for `found`."""
    return effective(mode, available) is LivenessMode.REQUIRED and found is not LivenessState.LIVE
