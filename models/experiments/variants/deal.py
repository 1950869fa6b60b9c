"""A random gallery with the people to learn from, so that every variant meets the same people and strangers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.accuracy import openset
from models.accuracy.openset import Hand, Pools, Setting, Vectors
from models.data.embed import Embedded, Raw


@dataclass(frozen=True, eq=False)
class Deal(Hand):
    """A gallery with all vectors and the teachers, from whom variants may learn.

    No teacher is enrolled or makes an attempt.
    """

    raw: Raw
    teachers: tuple[int, ...]

    @cached_property
    def centre(self) -> Vectors:
        """(d,), the teachers' mean, which the pack subtracts from every vector."""
        return self.raw.centre(self.teachers)

    @cached_property
    def bare(self) -> Embedded:
        """The vectors as they come from the network."""
        return self.raw.off(None)

    @cached_property
    def centred(self) -> Embedded:
        """The vectors minus the teachers' mean, as in the pack."""
        return self.raw.off(self.centre)


def deal(
    raw: Raw, p: Pools, people: Sequence[int], teachers: Sequence[int], setting: Setting, rng: np.random.Generator
) -> Deal:
    """Draws a gallery like `openset.deal`."""
    hand = openset.deal(p, people, setting, rng)
    return Deal(**vars(hand), raw=raw, teachers=tuple(teachers))
