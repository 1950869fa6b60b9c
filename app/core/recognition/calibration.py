"""Which similarity opens a gate: it follows from the operator's false accept rate and the pack's calibrated impostors.

Nobody sets a raw threshold: the same similarity means something else in a gallery of ten and of ten thousand.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Tail:
    """How often a stranger's face resembles a template by more than a similarity: false match rate, one comparison.

    Above `start` a generalised Pareto distribution: FMR(s) = rate * (1 + shape * (s - start) / scale) ** (-1 / shape),
    the limit law of exceedances over a high threshold (Balkema & de Haan, Annals of Probability 1974; Pickands, Annals
    of Statistics 1975). Below it, where rates can be counted, an exponential of `body_scale` down to the similarity of
    `body_rate`, under which nobody is accepted. All is that of one photo against one frame. A mean of several lies
    closer to what all faces share, so its similarity to strangers is higher, by photo_shift * (1 - 1 / photos) +
    frame_shift * (1 - 1 / frames).
    """

    start: float
    rate: float
    scale: float
    shape: float
    photo_shift: float
    frame_shift: float
    body_scale: float = 0.0
    body_rate: float = 0.0  # no body if below `rate`

    def __post_init__(self) -> None:
        if not (-1 < self.start < 1 and 0 < self.rate < 1 and self.scale > 0 and -0.5 < self.shape < 0.5):
            raise ValueError(f"not a tail: {self}")
        if self.photo_shift < 0 or self.frame_shift < 0:
            raise ValueError("more photos or frames must not lower a threshold")
        if not (self.body_scale >= 0 and 0 <= self.body_rate < 1 and self.lowest > -1):
            raise ValueError(f"not the body of a tail: {self}")

    @property
    def lowest(self) -> float:
        """The similarity under which the tail says nothing."""
        return self.start - self.body_scale * max(0.0, math.log(max(self.body_rate, self.rate) / self.rate))

    def shift(self, photos: int, frames: int) -> float:
        if photos < 1 or frames < 1:
            raise ValueError("a comparison needs a photo and a frame")
        return self.photo_shift * (1 - 1 / photos) + self.frame_shift * (1 - 1 / frames)

    def similarity(self, rate: float, photos: int = 1, frames: int = 1) -> float:
        """The similarity that a share `rate` of strangers' comparisons exceeds; at least the `lowest`."""
        if not 0 < rate <= 1:
            raise ValueError("a rate lies in (0, 1]")
        if rate >= self.rate:
            below = self.start - self.body_scale * math.log(rate / self.rate)
            return max(below, self.lowest) + self.shift(photos, frames)
        beyond = math.log(self.rate / min(rate, self.rate))
        # (e^(shape * beyond) - 1) / shape, and its limit where the shape is zero.
        stretch = math.expm1(self.shape * beyond) / self.shape if abs(self.shape) > 1e-9 else beyond
        return self.start + self.scale * stretch + self.shift(photos, frames)

    def false_match_rate(self, similarity: float, photos: int = 1, frames: int = 1) -> float:
        """The inverse of `similarity`; the highest rate it knows for anything at or below the `lowest`."""
        beyond = max(similarity - self.shift(photos, frames), self.lowest) - self.start
        if beyond < 0:
            return self.rate * math.exp(-beyond / self.body_scale)
        above = beyond / self.scale
        if abs(self.shape) <= 1e-9:
            return self.rate * math.exp(-above)
        base = 1 + self.shape * above
        return self.rate * base ** (-1 / self.shape) if base > 0 else 0.0


@dataclass(frozen=True)
class Calibration:
    """A pack's similarities put to use.

    same_person: below it two photos or frames show different people. margin: what the best candidate must be ahead of
    the runner-up. midpoint, steepness: of the logistic curve that makes a similarity a probability.
    """

    tail: Tail
    same_person: float
    margin: float
    midpoint: float
    steepness: float

    def __post_init__(self) -> None:
        if not (-1 < self.same_person < 1 and 0 <= self.margin < 1 and self.steepness > 0):
            raise ValueError(f"not a calibration: {self}")

    def threshold(self, false_accept_rate: float, gallery_size: int, photos: int, frames: int) -> float:
        """The similarity from which the best candidate of a search is accepted.

        Each of `gallery_size` comparisons may be false, so one may be with 1 - (1 - false_accept_rate) ** (1 / size);
        taken as independent, as they proved to be: where any of 2,800 templates is beyond a threshold, 1.0 to 1.1 are
        (2026-11-24). Rises with the size, the photos and the frames, falls with the rate; at least the tail's lowest,
        whatever the rate, and at most 1.

        Args:
            false_accept_rate: the share of strangers' attempts that may be accepted (FPIR), 0 to 1, both excluded.
            gallery_size: templates searched; 0 counts as 1.
            photos: how many the candidate's template is the mean of. frames: how many the probe is.

        Raises:
            ValueError: the rate is not between 0 and 1, or a count is negative or zero.
        """
        if not 0 < false_accept_rate < 1:
            raise ValueError("a false accept rate lies between 0 and 1")
        if gallery_size < 0:
            raise ValueError("a gallery has no negative size")
        rate = -math.expm1(math.log1p(-false_accept_rate) / max(1, gallery_size))
        return min(1.0, self.tail.similarity(rate, photos, frames))

    def probability(self, similarity: float) -> float:
        """That two photos show one person, if before looking both were equally likely."""
        exponent = self.steepness * (similarity - self.midpoint)
        return 1 / (1 + math.exp(-exponent)) if exponent > -700 else 0.0
