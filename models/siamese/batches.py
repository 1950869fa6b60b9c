"""Draws the batch for one training step: some people, and some gate views of each.

A batch depends only on the seed and the number of the step, so an interrupted run continues exactly as it would have.
"""

import numpy as np
from numpy.typing import NDArray

from models.siamese.augment import gate_view
from models.siamese.crops import Crops, Faces


def batch(
    faces: Faces, photos: list[NDArray[np.int64]], people: int, each: int, seed: int, step: int
) -> tuple[Crops, NDArray[np.int64], NDArray[np.int64]]:
    """Returns (crops, person, index into faces.crops), each with people * each entries.

    People with one photo take part: two gate views of it are a pair, if an easy one. People with more photos come three
    times as often, because their pairs teach more.

    Args:
        photos: `faces.photos()`.
    """
    rng = np.random.default_rng((seed, step))
    chance = np.array([0.0 if not len(p) else 1.0 if len(p) == 1 else 3.0 for p in photos])
    chosen = rng.choice(len(photos), size=min(people, int((chance > 0).sum())), replace=False, p=chance / chance.sum())
    indices = np.concatenate([_some(photos[i], each, rng) for i in chosen])
    views = np.stack([gate_view(faces.crops[i], rng) for i in indices])
    return views, np.repeat(chosen, each), indices


def _some(photos: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draws `count` photos, with repeats only after all have been drawn."""
    rounds = -(-count // len(photos))
    return np.concatenate([rng.permutation(photos) for _ in range(rounds)])[:count]
