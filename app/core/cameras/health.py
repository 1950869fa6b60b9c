"""Judges a camera's health from which pictures arrived and when, never from what the device reports about itself.

Pure: `Signs` collects observations and `judge` derives the state. A problem shows as soon as its time limit passes and
clears only after the camera has worked for two seconds without a break, so alerts do not flap. Times are monotonic
seconds.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from app.core.types import Pixels

RATE_WINDOW_S = 3.0


class CameraState(StrEnum):
    """The state of a camera.

    STARTING: no picture yet. RECONNECTING: the connection just broke, retrying. DEAD: no picture for a while.
    FROZEN: the same picture over and over. BLACK: dark or covered. WRONG_SIZE: not the size it was set up with.
    """

    STARTING = "starting"
    WORKING = "working"
    RECONNECTING = "reconnecting"
    DEAD = "dead"
    FROZEN = "frozen"
    BLACK = "black"
    SLOW = "slow"
    WRONG_SIZE = "wrong_size"


@dataclass(frozen=True)
class HealthLimits:
    """When an observation counts as a problem.

    Every time limit is short enough for a watchdog that looks twice a second to report the problem within 5 s.

    Attributes:
        silent_s: longer than the gap that a lost packet causes on a wireless link.
        frozen_s: sensor noise changes some byte in every picture. An encoder may repeat a clean still scene, but rarely
            across a key frame (every 2 to 4 s).
        dark_s: longer than somebody's shoulder blocks the lens.
        black_luma: mean brightness, 0 to 255; black in video is 16.
        flat_spread: standard deviation of brightness. A hand, tape or paint gives 1 to 3, an empty corridor over 10.
        min_fps: a person crosses the last 2 m in 1.5 s, and a decision needs several frames.
        size: (width, height) in pixels that the camera was set up with; None for the size of its first picture.
    """

    silent_s: float = 3.0
    starting_s: float = 4.0
    frozen_s: float = 4.0
    dark_s: float = 2.5
    black_luma: float = 18.0
    flat_spread: float = 4.0
    min_fps: float = 5.0
    recovered_s: float = 2.0
    size: tuple[int, int] | None = None

    @property
    def fps_to_recover(self) -> float:
        """Higher than the limit, so that a camera close to it stays slow instead of flapping."""
        return self.min_fps * 1.2


DEFAULT = HealthLimits()


@dataclass(frozen=True)
class PictureStats:
    """A picture's size and its brightness on a coarse grid: mean `luma` and standard deviation `spread`, 0 to 255."""

    width_px: int
    height_px: int
    luma: float
    spread: float


def picture_stats(pixels: Pixels) -> PictureStats:
    """Measures one picture at about 32 x 18 points. Takes 0.03 ms at 1080p."""
    height, width = pixels.shape[:2]
    points = pixels[height // 36 :: max(1, height // 18), width // 64 :: max(1, width // 32)].astype(np.float32)
    luma = points @ np.array([0.114, 0.587, 0.299], np.float32)
    return PictureStats(width, height, float(luma.mean()), float(luma.std()))


@dataclass(frozen=True)
class Signs:
    """Observations of one camera. `began_s` is when watching began; `frames_s` are arrivals in the last 3 seconds."""

    began_s: float
    frames_s: tuple[float, ...] = ()
    resumed_s: float | None = None  # the first picture of this connection or after a gap
    changed_s: float | None = None  # when the picture last differed from the one before
    dark_s: float | None = None  # since when every picture has been dark or covered
    size: tuple[int, int] | None = None
    first_size: tuple[int, int] | None = None
    connected: bool = False
    failures: int = 0  # consecutive, with no picture in between
    words: str = ""  # why the last connection ended

    @property
    def last_s(self) -> float | None:
        """When the newest picture arrived; None before the first."""
        return self.frames_s[-1] if self.frames_s else None

    def with_frame(self, at_s: float, seen: PictureStats, *, repeated: bool, limits: HealthLimits = DEFAULT) -> "Signs":
        """Adds one picture. `repeated` means it equals the previous one byte for byte."""
        resumed = not self.connected or self.last_s is None or at_s - self.last_s > RATE_WINDOW_S
        lit = seen.luma >= limits.black_luma and seen.spread >= limits.flat_spread
        size = (seen.width_px, seen.height_px)
        return replace(
            self,
            frames_s=(*(t for t in self.frames_s if t > at_s - RATE_WINDOW_S), at_s),
            resumed_s=at_s if resumed else self.resumed_s,
            changed_s=self.changed_s if repeated and self.changed_s is not None else at_s,
            dark_s=None if lit else at_s if self.dark_s is None else self.dark_s,
            size=size,
            first_size=self.first_size or size,
            connected=True,
            failures=0,
        )

    def with_loss(self, words: str) -> "Signs":
        """Records that the connection ended or could not be made."""
        return replace(self, connected=False, failures=self.failures + 1, words=words)

    @property
    def measured_s(self) -> float:
        """How long pictures have been arriving without a gap."""
        return 0.0 if self.last_s is None or self.resumed_s is None else self.last_s - self.resumed_s

    @property
    def rate_fps(self) -> float:
        """Pictures per second over the 3 seconds before the newest one, because a camera that stopped is not slow."""
        window = min(RATE_WINDOW_S, max(self.measured_s, 1.0))
        return sum(1 for t in self.frames_s if self.last_s is not None and t > self.last_s - window) / window


@dataclass(frozen=True)
class Health:
    """A camera's state and since when. `good_s` is since when it has worked while its last problem still shows."""

    state: CameraState
    since_s: float
    words: str = ""
    good_s: float | None = None

    @property
    def well(self) -> bool:
        """Whether the camera works."""
        return self.state is CameraState.WORKING


def judge(before: Health | None, signs: Signs, now_s: float, limits: HealthLimits = DEFAULT) -> Health:
    """Returns the state now. A new problem shows at once; an old one stays until `recovered_s` seconds were good."""
    state, words = _problem(before, signs, now_s, limits)
    if before is None:
        return Health(state, now_s, words)
    if state is not CameraState.WORKING:
        return Health(state, before.since_s if state is before.state else now_s, words)
    if before.state in {CameraState.WORKING, CameraState.STARTING}:
        return Health(state, before.since_s if before.well else now_s)
    good_s = now_s if before.good_s is None else before.good_s
    if signs.last_s is not None and signs.last_s - good_s >= limits.recovered_s:  # pictures arrived all that time
        return Health(state, now_s)
    return replace(before, good_s=good_s)


def _problem(before: Health | None, signs: Signs, now_s: float, limits: HealthLimits) -> tuple[CameraState, str]:
    """Returns the most severe problem: without pictures, nothing else can be judged."""
    silent_s = now_s - (signs.began_s if signs.last_s is None else signs.last_s)
    why = f": {signs.words}" if signs.words and not signs.connected else ""
    if silent_s > (limits.starting_s if signs.last_s is None else limits.silent_s):
        return CameraState.DEAD, f"no picture for {silent_s:.0f} s{why}"
    if not signs.connected:
        if signs.failures == 0:
            return CameraState.STARTING, ""
        return CameraState.RECONNECTING, signs.words
    wanted = limits.size or signs.first_size
    if wanted is not None and signs.size is not None and signs.size != wanted:
        return CameraState.WRONG_SIZE, f"pictures are {_times(signs.size)} pixels instead of {_times(wanted)}"
    # Measured up to the last picture: a gap counts as neither dark nor frozen.
    last_s = now_s if signs.last_s is None else signs.last_s
    if signs.dark_s is not None and last_s - signs.dark_s > limits.dark_s:
        return CameraState.BLACK, f"dark or covered for {last_s - signs.dark_s:.0f} s"
    if signs.changed_s is not None and last_s - signs.changed_s > limits.frozen_s:
        return CameraState.FROZEN, f"the same picture for {last_s - signs.changed_s:.0f} s"
    return _pace(before, signs, limits)


def _pace(before: Health | None, signs: Signs, limits: HealthLimits) -> tuple[CameraState, str]:
    was_slow = before is not None and before.state is CameraState.SLOW
    if signs.measured_s >= RATE_WINDOW_S and signs.rate_fps < (limits.fps_to_recover if was_slow else limits.min_fps):
        return CameraState.SLOW, f"{signs.rate_fps:.1f} pictures a second; {limits.min_fps:g} are needed"
    return CameraState.WORKING, ""


def _times(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
