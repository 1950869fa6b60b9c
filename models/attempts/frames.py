"""What the service asks of the frames of one attempt: how different they are, and whether they show one person.

As in `app.core.recognition.evidence`, for many attempts at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.core.recognition.calibration import Calibration

Vectors = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Frames:
    """The frames of a attempts.

    Attributes:
        length: (a,), of the weighted mean of each attempt's frames.
        least_alike: (a,), the similarity of the two that differ most.
        shown: (a, frames), most alike to the best candidate's template first: the similarity of each frame to the mean
            of the template and the frames before it.
    """

    length: Vectors
    least_alike: Vectors
    shown: Vectors

    def part(self, of: slice) -> "Frames":
        """Returns some of the attempts."""
        return Frames(self.length[of], self.least_alike[of], self.shown[of])

    def apart(self, c: Calibration) -> NDArray[np.float64]:
        """Returns (a,), how many different pictures the frames of each attempt are worth."""
        return np.array([c.tail.apart(float(length), self.shown.shape[1]) for length in self.length])

    def show_one(self, c: Calibration, photos: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Returns (a,), whether the frames of each attempt show the best candidate, whose template has so many photos.

        Otherwise they show two people, or one so badly that nobody can tell.
        """
        count = self.shown.shape[1]
        limit = np.array([c.shows(n) for n in range(1, int(photos.max(initial=1)) + count)])
        every = (self.shown >= limit[photos[:, None] - 1 + np.arange(count)]).all(axis=1)
        found: NDArray[np.bool_] = (self.least_alike >= c.clear) | every
        return found


def compare(vectors: Vectors, weights: Vectors, templates: Vectors, photos: NDArray[np.int64]) -> Frames:
    """Compares the frames of each attempt with each other and with the best candidate.

    Args:
        vectors: (a, frames, d). weights: (a, frames), by which they are fused.
        templates: (a, d), of the best candidate. photos: (a,), how many are in it.
    """
    mean = np.einsum("af,afd->ad", weights / weights.sum(axis=1, keepdims=True), vectors)
    least = np.stack([x @ x.T for x in vectors]).min(axis=(1, 2))
    order = np.argsort(-np.einsum("afd,ad->af", vectors, templates), axis=1)
    total, shown = templates * photos[:, None], []
    for place in order.T:
        frame = vectors[np.arange(len(vectors)), place]
        shown.append(np.einsum("ad,ad->a", frame, total) / np.linalg.norm(total, axis=1))
        total = total + frame
    columns = np.stack(shown, axis=1).astype(np.float32)
    return Frames(np.linalg.norm(mean, axis=1).astype(np.float32), least.astype(np.float32), columns)
