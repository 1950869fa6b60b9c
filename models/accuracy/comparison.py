"""Compares every photo with every other: how often strangers match and people are missed, at each threshold.

FMR and FNMR as in ISO/IEC 19795-1. All pairs are counted, with similarities resolved to one ten-thousandth.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.accuracy.intervals import over_people, wilson

TARGETS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
BINS = 20_000  # from -1 to 1
KEPT = 1e-3  # pairs of strangers beyond this rate are kept individually, for intervals and to list them
CHUNK = 512


@dataclass(frozen=True, eq=False)
class Comparisons:
    """All comparisons of a dataset.

    Attributes:
        genuine: (k,), the similarity of each pair of one person's photos.
        genuine_pairs: (k, 2), their photo numbers.
        histogram: (BINS,), of all pairs of strangers.
        near, near_pairs: the pairs of strangers beyond the rate KEPT, most similar first.
        used: the numbers of the photos compared.
    """

    genuine: NDArray[np.float32]
    genuine_pairs: NDArray[np.int64]
    histogram: NDArray[np.int64]
    near: NDArray[np.float32]
    near_pairs: NDArray[np.int64]
    used: NDArray[np.int64]

    @property
    def impostors(self) -> int:
        """The number of pairs of strangers."""
        return int(self.histogram.sum())

    def fmr(self, threshold: float) -> float:
        """Returns the false match rate at a threshold."""
        return float(self.histogram[_bin(threshold) :].sum() / max(1, self.impostors))

    def threshold(self, fmr: float) -> float:
        """Returns the lowest similarity (a bin edge) that at most a share `fmr` of pairs of strangers reaches."""
        beyond = np.cumsum(self.histogram[::-1])[::-1]
        few = np.flatnonzero(beyond <= fmr * self.impostors)
        return _edge(int(few[0]) if len(few) else BINS)


def compare(vectors: NDArray[np.float32], person: NDArray[np.int64]) -> Comparisons:
    """Compares all pairs of the finite rows of `vectors`, (n, d) of unit length."""
    rows = np.flatnonzero(np.isfinite(vectors).all(axis=1))
    v, who = vectors[rows], person[rows]
    histogram = np.zeros(BINS, dtype=np.int64)
    genuine: list[NDArray[np.float32]] = []
    genuine_pairs: list[NDArray[np.int64]] = []
    for first in range(0, len(rows), CHUNK):
        similarity, later = _chunk(v, first)
        same = who[first : first + CHUNK, None] == who[None]
        histogram += np.bincount(_bins(similarity[later & ~same]), minlength=BINS)
        a, b = np.nonzero(later & same)
        genuine.append(similarity[a, b])
        genuine_pairs.append(np.column_stack([rows[a + first], rows[b]]))
    found = Comparisons(
        np.concatenate(genuine) if genuine else np.empty(0, np.float32),
        np.concatenate(genuine_pairs) if genuine_pairs else np.empty((0, 2), np.int64),
        histogram,
        np.empty(0, np.float32),
        np.empty((0, 2), np.int64),
        rows,
    )
    # A small dataset still lists its hundred most similar pairs.
    limit = found.threshold(max(KEPT, 100 / max(1, found.impostors)))
    near, near_pairs = [], []
    for first in range(0, len(rows), CHUNK):
        similarity, later = _chunk(v, first)
        a, b = np.nonzero(later & (similarity >= limit) & (who[first : first + CHUNK, None] != who[None]))
        near.append(similarity[a, b])
        near_pairs.append(np.column_stack([rows[a + first], rows[b]]))
    if not near:
        return found
    order = np.argsort(-np.concatenate(near), kind="stable")
    return replace(found, near=np.concatenate(near)[order], near_pairs=np.concatenate(near_pairs)[order])


def points(c: Comparisons, person: NDArray[np.int64], people: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Returns the FNMR at each of TARGETS. The threshold is None if the dataset is too small to measure a rate."""
    whose = person[c.genuine_pairs[:, 0]] if len(c.genuine_pairs) else np.empty(0, np.int64)
    a, b = (person[c.near_pairs[:, i]] for i in (0, 1))
    photos = np.bincount(person[c.used], minlength=people).astype(float)
    rows: list[dict[str, Any]] = []
    for target in TARGETS:
        if c.impostors * target < 1:
            why = f"{c.impostors} comparisons of strangers are too few to measure a rate of {target:g}"
            rows.append({"fmr_target": target, "threshold": None, "why": why})
            continue
        limit = c.threshold(target)
        false = int(c.histogram[_bin(limit) :].sum())
        missed = c.genuine < limit
        reached = c.near >= limit
        pa, pb = a[reached], b[reached]

        def fmr(drawn: NDArray[np.float64], pa: Any = pa, pb: Any = pb) -> float:
            weighted = drawn * photos
            # Only pairs of different people: a person drawn twice is not a stranger to themselves.
            total = (weighted.sum() ** 2 - (weighted**2).sum()) / 2
            return float((drawn[pa] * drawn[pb]).sum() / total) if total else float("nan")

        misses = np.bincount(whose, weights=missed, minlength=people)
        tries = np.bincount(whose, minlength=people).astype(float)

        def fnmr(drawn: NDArray[np.float64], misses: Any = misses, tries: Any = tries) -> float:
            return float(drawn @ misses / (drawn @ tries)) if drawn @ tries else float("nan")

        rows.append(
            {
                "fmr_target": target,
                "threshold": limit,
                "false_matches": false,
                "impostor_comparisons": c.impostors,
                "fmr": false / c.impostors,
                "fmr_wilson95": wilson(false, c.impostors),
                "fmr_people95": over_people(people, fmr, rng) if target <= KEPT else None,
                "false_non_matches": int(missed.sum()),
                "genuine_comparisons": len(c.genuine),
                "fnmr": float(missed.mean()) if len(missed) else None,
                "fnmr_wilson95": wilson(int(missed.sum()), len(missed)),
                "fnmr_people95": over_people(people, fnmr, rng) if len(missed) else None,
            }
        )
    return rows


def det(c: Comparisons) -> list[dict[str, float]]:
    """Returns the detection error trade-off: FMR and FNMR at up to 200 thresholds over the whole range."""
    if not (len(c.genuine) and c.impostors):
        return []
    beyond = np.cumsum(c.histogram[::-1])[::-1] / c.impostors
    ordered = np.sort(c.genuine)
    rates = np.geomspace(1 / c.impostors, 1, 200)
    edges = sorted({int(np.searchsorted(-beyond, -rate)) for rate in rates} - {BINS})
    return [
        {
            "threshold": round(_edge(i), 4),
            "fmr": float(beyond[i]),
            "fnmr": float(np.searchsorted(ordered, _edge(i)) / len(ordered)),
        }
        for i in edges
    ]


def equal_error_rate(curve: list[dict[str, float]]) -> float | None:
    """Returns the rate at which FMR and FNMR cross."""
    if not curve:
        return None
    nearest = min(curve, key=lambda p: abs(p["fmr"] - p["fnmr"]))
    return (nearest["fmr"] + nearest["fnmr"]) / 2


def _chunk(v: NDArray[np.float32], first: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Returns the similarities of CHUNK rows to all rows, and which of them are new pairs."""
    similarity = v[first : first + CHUNK] @ v.T
    return similarity, np.arange(len(v))[None] > np.arange(first, first + len(similarity))[:, None]


def _bins(similarity: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.clip((similarity.astype(np.float64) + 1) * (BINS / 2), 0, BINS - 1).astype(np.int64)


def _bin(threshold: float) -> int:
    return min(BINS, max(0, round((threshold + 1) * (BINS / 2))))


def _edge(index: int) -> float:
    return index / (BINS / 2) - 1
