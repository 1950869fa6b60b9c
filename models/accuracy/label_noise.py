"""Finds labels of a dataset that look wrong: one person under two names, or two people under one name.

They are reported, never corrected. A person has to check whether the network or the label is wrong, and the figures
count every label as it is.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.accuracy.comparison import Comparisons
from models.data.dataset import LabelledPhoto

MOST = 30
# The number of pairs of strangers expected above the suspicious similarity if every label were right.
EXPECTED = 0.5
ORDINARY = 1e-4  # the rate from which the tail of ordinary strangers is extrapolated


def label_noise(
    c: Comparisons, vectors: NDArray[np.float32], person: NDArray[np.int64], photos: Sequence[LabelledPhoto]
) -> dict[str, Any]:
    """Returns the labels that look wrong.

    `between` holds the most similar pairs of different names, which are suspicious if chance does not explain them.
    `within` holds photos that resemble their person's others less than 1 in 1,000 strangers do.
    """
    limit = suspicious_from(c)
    between = [
        {
            "similarity": round(float(s), 4),
            "photos": [photos[a].name, photos[b].name],
            "suspicious": bool(limit is not None and s >= limit),
        }
        for s, (a, b) in zip(c.near[:MOST], c.near_pairs[:MOST], strict=True)
    ]
    stranger = c.threshold(1e-3) if c.impostors >= 1000 else None
    within = _odd_ones(vectors, person, photos, stranger) if stranger is not None else []
    return {
        "suspicious_from": limit,
        "suspicious_pairs": int((c.near >= limit).sum()) if limit is not None else None,
        "between": between,
        "stranger_similarity": stranger,
        "odd_photos": len(within),
        "within": within[:MOST],
    }


def suspicious_from(c: Comparisons) -> float | None:
    """Returns the similarity that EXPECTED pairs would exceed, from an exponential tail of ordinary strangers.

    It extrapolates from two quantiles, because wrong labels would distort the mean of the exceedances.
    """
    if c.impostors * ORDINARY < 20:
        return None
    low, high = c.threshold(ORDINARY * 10), c.threshold(ORDINARY)
    scale = (high - low) / np.log(10)
    return float(high + scale * np.log(ORDINARY * c.impostors / EXPECTED))


def _odd_ones(
    vectors: NDArray[np.float32], person: NDArray[np.int64], photos: Sequence[LabelledPhoto], limit: float
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    usable = np.isfinite(vectors).all(axis=1)
    order = np.flatnonzero(usable)[np.argsort(person[usable], kind="stable")]
    for mine in np.split(order, np.flatnonzero(np.diff(person[order])) + 1):
        if len(mine) < 2:
            continue
        alike = vectors[mine] @ vectors[mine].T
        others = (alike.sum(axis=1) - np.diag(alike)) / (len(mine) - 1)
        for i in np.flatnonzero(others < limit):
            mean = round(float(others[i]), 4)
            found.append({"photo": photos[mine[i]].name, "mean_similarity_to_others": mean, "others": len(mine) - 1})
    return sorted(found, key=lambda row: row["mean_similarity_to_others"])
