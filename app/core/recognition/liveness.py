"""Whether a person stands there or a picture of one: when the scores of an approach's frames suffice, and who asks.

The scores come from two networks (`adapters.vision.liveness`), 0 an attack to 1 live.
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from statistics import median

MOST_FRAMES = 5  # the newest so many are fused
# What the median of so many frames must reach: the fewer there are, the surer each has to be. Photographed replays of
# three sources and their live frames (119 and 115; `python -m models evaluate-pad`, 2026-11-24), attacks accepted and
# live refused:
#   frames  at 0.5            at 0.6            at 0.7
#   1       7 of 119, 4/115   4 of 119, 5/115   2 of 119, 7/115
#   2       3 of 60, 2/57     3 of 60, 2/57     1 of 60, 2/57
#   3       1 of 41, 0/38     1 of 41, 1/38     1 of 41, 2/38
#   5       1 of 28, 0/23     1 of 28, 0/23     1 of 28, 1/23
# One threshold would have to be 0.7 for the sake of single frames. A camera tries at each frame: at 0.5 from the first
# on, 3 of 18 attacks of ten frames got in, with this table 1; of 12 live approaches none was refused by either.
# On eight sources, five of which were not at hand, five frames at 0.5 accepted 2 of 89 attacks, refused 2 of 66 live.
LIVE_FROM = (0.7, 0.7, 0.6, 0.6, 0.5)


class LivenessMode(StrEnum):
    """What a gate does with the score. AUTO: nobody chose; REQUIRED where the networks' weights are, else MONITOR.

    REQUIRED opens only for who looks live, so without weights for nobody's face. MONITOR records the score and refuses
    nobody. OFF does not look.
    """

    AUTO = "auto"
    REQUIRED = "required"
    MONITOR = "monitor"
    OFF = "off"


class LivenessState(StrEnum):
    """What a decision says of it. UNMEASURED: no face was compared. UNAVAILABLE: the weights are not here."""

    LIVE = "live"
    SPOOF_SUSPECTED = "spoof_suspected"
    UNMEASURED = "unmeasured"
    UNAVAILABLE = "unavailable"
    OFF = "off"


def fuse(scores: Sequence[float | None]) -> tuple[float | None, int]:
    """The median of the newest five that were measured, and how many they were. scores: oldest first.

    Raises ValueError for a score that is no number.
    """
    measured = [score for score in scores if score is not None][-MOST_FRAMES:]
    if not all(map(math.isfinite, measured)):
        raise ValueError("a liveness that is not finite says nothing")
    return (median(measured), len(measured)) if measured else (None, 0)


def state(mode: str, available: bool, score: float | None, frames: int) -> LivenessState:
    """available: the weights are here. score, frames: as `fuse` gave them."""
    if mode == LivenessMode.OFF:
        return LivenessState.OFF
    if not available:
        return LivenessState.UNAVAILABLE
    if score is None or frames < 1:
        return LivenessState.UNMEASURED
    lives = score >= LIVE_FROM[min(frames, MOST_FRAMES) - 1]
    return LivenessState.LIVE if lives else LivenessState.SPOOF_SUSPECTED


def effective(mode: str, available: bool) -> LivenessMode:
    """What the mode comes down to where the weights are, or are not. Raises ValueError for no mode."""
    chosen = LivenessMode(mode)
    if chosen is not LivenessMode.AUTO:
        return chosen
    return LivenessMode.REQUIRED if available else LivenessMode.MONITOR


def refuses(mode: str, available: bool, found: str | None) -> bool:
    """Whether the gate stays shut for what was found, a LivenessState."""
    return effective(mode, available) is LivenessMode.REQUIRED and found != LivenessState.LIVE
