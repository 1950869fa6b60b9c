"""One random gallery with what may be learnt for it, so that whatever is tried meets the same people and strangers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.accuracy import openset
from models.accuracy.openset import Hand, Pools, Setting, Vectors
from models.data.embed import Embedded, Raw


@dataclass(frozen=True, eq=False)
class Deal(Hand):
    """raw, teachers: all vectors, and the people a variant may learn from; none of them is enrolled or makes an
    attempt.
    """

    raw: Raw
    teachers: tuple[int, ...]

    @cached_property
    def centre(self) -> Vectors:
        """(d,): the teachers' mean, which the pack takes off every vector."""
        return self.raw.centre(self.teachers)

    @cached_property
    def bare(self) -> Embedded:
        """The vectors as the network gives them."""
        return self.raw.off(None)

    @cached_property
    def centred(self) -> Embedded:
        """The teachers' mean taken off, as the pack does it."""
        return self.raw.off(self.centre)


def deal(
    raw: Raw, p: Pools, people: Sequence[int], teachers: Sequence[int], setting: Setting, rng: np.random.Generator
) -> Deal:
    """As `openset.deal`."""
    hand = openset.deal(p, people, setting, rng)
    return Deal(**vars(hand), raw=raw, teachers=tuple(teachers))
