"""Aligns a face to the embedder's frame with one similarity transform, computed from five landmarks.

Pure, because training crops and gate crops must come from the same arithmetic.
"""

import numpy as np
from numpy.typing import NDArray

SIZE_PX = 112

# The ArcFace frame (Deng et al., CVPR 2019; insightface `face_align.py`, MIT): right eye, left eye, nose tip, right and
# left mouth corner of the person, in pixels of the 112 x 112 crop. SFace and every ArcFace-style network expect it.
TEMPLATE: NDArray[np.float64] = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
TEMPLATE.setflags(write=False)

_TEMPLATE_MEAN = TEMPLATE.mean(axis=0)
_TEMPLATE_CENTRED = TEMPLATE - _TEMPLATE_MEAN


def matrix(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Returns the (2, 3) similarity transform (rotation, scale, shift) that best maps `landmarks` onto TEMPLATE.

    Least squares over the five points, in closed form: Umeyama, "Least-squares estimation of transformation parameters
    between two point patterns", IEEE TPAMI 13(4), 1991. In two dimensions the rotation needs no SVD: with the centred
    points as complex numbers, it is the direction of their inner product. The transform never mirrors.

    Args:
        landmarks: (5, 2), in frame pixels, ordered as in `Face.landmarks`.

    Raises:
        ValueError: the shape is wrong, a value is not finite, or all five points coincide.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    if points.shape != (5, 2) or not np.isfinite(points).all():
        raise ValueError("landmarks must be (5, 2) and finite")
    mean = points.mean(axis=0)
    centred = points - mean
    spread = float((centred**2).sum())
    along = float((centred * _TEMPLATE_CENTRED).sum())
    across = float((centred[:, 0] * _TEMPLATE_CENTRED[:, 1] - centred[:, 1] * _TEMPLATE_CENTRED[:, 0]).sum())
    if spread <= 0.0 or (along == 0.0 and across == 0.0):
        raise ValueError("landmarks coincide, so they determine no scale")
    a, b = along / spread, across / spread  # scale * cos, scale * sin
    rotation = np.array([[a, -b], [b, a]])
    return np.column_stack([rotation, _TEMPLATE_MEAN - rotation @ mean])


def scale(transform: NDArray[np.float64]) -> float:
    """Returns the crop pixels per frame pixel of a `matrix`; below 1, the face is larger than the crop."""
    return float(np.hypot(transform[0, 0], transform[1, 0]))
