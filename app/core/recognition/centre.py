"""What all faces share is taken off a vector, so that what is left tells one face from another.

A network's vectors are not spread evenly round the origin: they lean to one side, and so much alike are strangers.
On half of LFW (1,000 enrolled, the centre measured on other people) taking it off leaves 0.7 of the misses
(2026-11-24; the table stands in the README). The centre is the mean of many people's vectors and shows none of them.
"""

import numpy as np
from numpy.typing import NDArray


def off_centre(vectors: NDArray[np.float32], centre: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Rows (n, d) of unit length less the centre (d,), at unit length again; as they are without a centre."""
    if centre is None:
        return vectors
    moved = vectors - centre
    scaled: NDArray[np.float32] = moved / np.maximum(np.linalg.norm(moved, axis=-1, keepdims=True), 1e-12)
    return scaled.astype(np.float32)
