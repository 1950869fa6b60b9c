"""Computes the similarity that opens a gate, from the operator's false accept rate and the pack's calibration.

Nobody sets a raw threshold, because the same similarity means different things in galleries of ten and ten thousand.
"""

import math
from dataclasses import dataclass

# How often a frame of somebody else may count as one of the person who is recognised. With three photos and three
# frames, 5e-4, 4e-4 and 3e-4 refused 0.27, 0.31 and 0.32 % of 5,874 employees' approaches, and of 8,000 approaches in
# which a second person stepped in, 3, 2 and 2 opened (press photos, 1,000 enrolled, 2026-11-30).
OTHER_RATE = 4e-4
# Frames this much alike need no further test.
CLEAR_RATE = 1e-5


@dataclass(frozen=True)
class Tail:
    """The false match rate of one comparison: how often a stranger exceeds a given similarity to a template.

    Above `start` it is a generalised Pareto distribution, FMR(s) = rate * (1 + shape * (s - start) / scale) **
    (-1 / shape), the limit law of exceedances over a high threshold (Balkema & de Haan, Annals of Probability 1974;
    Pickands, Annals of Statistics 1975). Below `start`, where rates can be counted, it is an exponential with
    `body_scale`, down to the similarity of `body_rate`; nobody is accepted below that.

    These hold for one photo against one frame. A mean of several is closer to what all faces share, so its similarity
    to strangers is higher, by photo_shift * (1 - 1 / photos) + frame_shift * (1 - 1 / frames). Beyond `start`, it also
    grows by the factor of `stretch`: a mean loses what differs between pictures, and look-alikes come forward.

    Attributes:
        alike: the mean similarity of two pictures of one person; 1 for unknown, and nothing is stretched.

    Raises:
        ValueError: the parameters do not describe a tail.
    """

    start: float
    rate: float
    scale: float
    shape: float
    photo_shift: float
    frame_shift: float
    body_scale: float = 0.0
    body_rate: float = 0.0  # below `rate`: no body
    alike: float = 1.0

    def __post_init__(self) -> None:
        if not (-1 < self.start < 1 and 0 < self.rate < 1 and self.scale > 0 and -0.5 < self.shape < 0.5):
            raise ValueError(f"not a tail: {self}")
        if self.photo_shift < 0 or self.frame_shift < 0:
            raise ValueError("more photos or frames must not lower a threshold")
        if not (self.body_scale >= 0 and 0 <= self.body_rate < 1 and self.lowest > -1):
            raise ValueError(f"not the body of a tail: {self}")
        if not 0 < self.alike <= 1:
            raise ValueError(f"not a similarity of one person's pictures: {self}")

    @property
    def lowest(self) -> float:
        """The lowest similarity that the tail describes."""
        return self.start - self.body_scale * max(0.0, math.log(max(self.body_rate, self.rate) / self.rate))

    def shift(self, photos: int, frames: float) -> float:
        """Returns how much several photos and frames raise the similarity to strangers."""
        if photos < 1 or frames < 1:
            raise ValueError("a comparison needs at least one photo and one frame")
        return self.photo_shift * (1 - 1 / photos) + self.frame_shift * (1 - 1 / frames)

    def stretch(self, photos: int, frames: float) -> float:
        """Returns by which factor several photos and frames widen the tail.

        The mean of n unit vectors of one person has the squared length alike + (1 - alike) / n. Its similarity to
        somebody else is the mean of the similarities, divided by this length. Among ordinary strangers the mean loses
        in spread what the division gains; among look-alikes there is nothing to lose.
        """
        photo, frame = (self.alike + (1 - self.alike) / n for n in (photos, frames))
        return 1 / math.sqrt(photo * frame)

    def apart(self, length: float, frames: int) -> float:
        """Returns how many different pictures the frames of an approach are worth, 1 to `frames`.

        Frames of one second hardly differ, photos of different days do. So many photos would have a mean as long as
        theirs.

        Args:
            length: of the mean of the frames' unit vectors, 0 to 1.
        """
        if self.alike == 1:
            return frames
        share = (length * length - self.alike) / (1 - self.alike)
        return 1 / min(1.0, max(1 / frames, share))

    def alone(self, similarity: float, photos: int, frames: float) -> float:
        """Returns the similarity of one photo to one frame that strangers exceed as often as this one."""
        beyond = similarity - self.shift(photos, frames) - self.start
        return self.start + (beyond / self.stretch(photos, frames) if beyond > 0 else beyond)

    def similarity(self, rate: float, photos: int = 1, frames: float = 1) -> float:
        """Returns the similarity that a share `rate` of strangers' comparisons exceeds; at least `lowest`."""
        if not 0 < rate <= 1:
            raise ValueError("a rate must be in (0, 1]")
        shift = self.shift(photos, frames)
        if rate >= self.rate:
            below = self.start - self.body_scale * math.log(rate / self.rate)
            return max(below, self.lowest) + shift
        beyond = math.log(self.rate / min(rate, self.rate))
        # (e^(shape * beyond) - 1) / shape, or its limit if the shape is zero.
        above = math.expm1(self.shape * beyond) / self.shape if abs(self.shape) > 1e-9 else beyond
        return self.start + self.scale * above * self.stretch(photos, frames) + shift

    def false_match_rate(self, similarity: float, photos: int = 1, frames: float = 1) -> float:
        """Returns the inverse of `similarity`: the highest known rate for anything at or below `lowest`."""
        beyond = max(self.alone(similarity, photos, frames), self.lowest) - self.start
        if beyond < 0:
            return self.rate * math.exp(-beyond / self.body_scale)
        above = beyond / self.scale
        if abs(self.shape) <= 1e-9:
            return self.rate * math.exp(-above)
        base = 1 + self.shape * above
        return self.rate * base ** (-1 / self.shape) if base > 0 else 0.0


@dataclass(frozen=True)
class Calibration:
    """How to use a pack's similarities.

    Attributes:
        same_person: two photos or frames less similar than this show different people.
        margin: how far the best candidate must be ahead of the runner-up.
        midpoint, steepness: the logistic curve that turns a similarity into a probability.

    Raises:
        ValueError: a parameter is out of range.
    """

    tail: Tail
    same_person: float
    margin: float
    midpoint: float
    steepness: float

    def __post_init__(self) -> None:
        if not (-1 < self.same_person < 1 and 0 <= self.margin < 1 and self.steepness > 0):
            raise ValueError(f"not a calibration: {self}")

    def threshold(self, false_accept_rate: float, gallery_size: int, photos: int, frames: float) -> float:
        """Returns the similarity from which the best candidate of a search is accepted.

        Any of `gallery_size` comparisons may match falsely, so each may at a rate of
        1 - (1 - false_accept_rate) ** (1 / gallery_size). This treats them as independent, which holds: if any of 2,800
        templates exceeds a threshold, 1.0 to 1.1 do (2026-11-24). The threshold rises with the gallery, the photos and
        the frames, and falls with the rate. It is at least the tail's `lowest` and at most 1.

        Args:
            false_accept_rate: the share of strangers' attempts that may be accepted (FPIR), in (0, 1).
            gallery_size: templates searched; 0 counts as 1.
            photos: the number of photos in the candidate's template.
            frames: in the probe; counted as `Tail.apart` does if they are of one approach.

        Raises:
            ValueError: the rate is not in (0, 1), the gallery size is negative, or a count is below 1.
        """
        if not 0 < false_accept_rate < 1:
            raise ValueError("a false accept rate must be between 0 and 1")
        if gallery_size < 0:
            raise ValueError("a gallery cannot have a negative size")
        rate = -math.expm1(math.log1p(-false_accept_rate) / max(1, gallery_size))
        return min(1.0, self.tail.similarity(rate, photos, frames))

    @property
    def clear(self) -> float:
        """The similarity from which two frames of an approach show one person beyond doubt."""
        return self.tail.similarity(CLEAR_RATE)

    def shows(self, pictures: int) -> float:
        """Returns the similarity from which a frame shows the same person as the mean of so many pictures."""
        return self.tail.similarity(OTHER_RATE, pictures)

    def probability(self, similarity: float) -> float:
        """Returns the probability that two photos show one person, given even odds beforehand."""
        exponent = self.steepness * (similarity - self.midpoint)
        return 1 / (1 + math.exp(-exponent)) if exponent > -700 else 0.0
