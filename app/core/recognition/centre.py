"""Subtracts the mean face vector, which all faces share, so that the rest distinguishes one face from another.

A network's vectors are not spread evenly around the origin. They lean to one side, which makes strangers more similar.
On half of LFW (1,000 enrolled, centre measured on other people), subtracting it reduces misses to 0.7 of their number
(2026-11-24; table in `models/README.md`). The centre is a mean over many people and reveals none of them.
"""

import numpy as np
from numpy.typing import NDArray


def off_centre(vectors: NDArray[np.float32], centre: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Subtracts the centre (d,) from unit vectors (n, d) and scales them to unit length; unchanged without a centre."""
    if centre is None:
        return vectors
    moved = vectors - centre
    scaled: NDArray[np.float32] = moved / np.maximum(np.linalg.norm(moved, axis=-1, keepdims=True), 1e-12)
    return scaled.astype(np.float32)
