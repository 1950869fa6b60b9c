"""A day at the gate, played with labelled vectors: some people enrolled, the others strangers; how many errors.

FNIR and FPIR as ISO/IEC 19795-1 defines them: the share of enrolled people's attempts that are not accepted as
themselves, and the share of strangers' attempts that are accepted as anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.core.recognition.calibration import Calibration
from models.data.embed import Embedded

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Setting:
    """What is played: so many enrolled with `photos` each (or as many as they have), `frames` an attempt."""

    enrolled: int
    photos: int
    frames: int
    flip: bool = False


@dataclass(frozen=True, eq=False)
class Trial:
    """Similarities of one gallery. mate_*, stranger_*: per attempt the best candidate's similarity, its lead on the
    runner-up and how many photos its template is made of; mate_right: whether the best is the person. *_id: whose."""

    mate: Vectors
    mate_margin: Vectors
    mate_photos: NDArray[np.int64]
    mate_right: NDArray[np.bool_]
    stranger: Vectors
    stranger_margin: Vectors
    stranger_photos: NDArray[np.int64]
    full_templates: int  # of the enrolled, how many have all `photos`
    mate_id: NDArray[np.int64]
    stranger_id: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pools:
    """Indices of usable photos, by person: for templates (strict quality) and for attempts (the gate's)."""

    enrolment: tuple[NDArray[np.int64], ...]
    gate: tuple[NDArray[np.int64], ...]


def pools(e: Embedded) -> Pools:
    def usable(vectors: Vectors, reason: NDArray[np.str_]) -> tuple[NDArray[np.int64], ...]:
        good = np.flatnonzero(~np.isnan(vectors[:, 0]) & (reason == ""))
        by_person = good[np.argsort(e.person[good], kind="stable")]
        ends = np.searchsorted(e.person[by_person], np.arange(1, len(e.people)))
        return tuple(np.split(by_person, ends))

    return Pools(usable(e.enrolment, e.enrolment_reason), usable(e.gate, e.gate_reason))


def unit(vectors: Vectors) -> Vectors:
    scaled: Vectors = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
    return scaled


def fuse(e: Embedded, photos: NDArray[np.int64], *, flip: bool) -> Vectors:
    """An attempt of these photos as frames, weighted as `core.evidence` weighs them."""
    weights = np.maximum(e.score[photos], 1e-3)
    return unit(weights @ (e.gate_flip if flip else e.gate)[photos])


@dataclass(frozen=True, eq=False)
class Hand:
    """n people are enrolled, a attempts are made, all as photo numbers.

    enrolled: (n,) who. photos: what each one's template is made of. whose: (a,) who makes an attempt; mates first, then
    strangers. frames: (a, frames) the photos of an attempt. mates: how many attempts are made by the enrolled.
    """

    setting: Setting
    enrolled: NDArray[np.int64]
    photos: tuple[NDArray[np.int64], ...]
    whose: NDArray[np.int64]
    frames: NDArray[np.int64]
    mates: int

    def templates(self, e: Embedded) -> Vectors:
        """(n, d): the mean of each one's photos, as enrolment makes it."""
        return np.stack([unit(e.enrolment[mine].mean(axis=0)) for mine in self.photos])

    def probes(self, e: Embedded, *, flip: bool = False) -> Vectors:
        """(a, d): each attempt's frames fused as at the gate."""
        return np.stack([fuse(e, mine, flip=flip) for mine in self.frames])


def deal(
    p: Pools,
    people: Sequence[int],
    setting: Setting,
    rng: np.random.Generator,
    outsiders: Sequence[int] | None = None,
) -> Hand:
    """One random gallery from `people`; everybody else of them who has enough photos is a stranger.

    Half of those with enough photos for both a full template and an attempt are enrolled and come back, the other half
    stay strangers, so both kinds look alike. The gallery is filled up with others, and where these are too few with
    more of the first. outsiders: only these are strangers; nobody of them is among `people`.

    Raises:
        ValueError: the people are too few to enrol so many, or have too few photos for any attempt.
    """
    order, frames = rng.permutation(np.asarray(people)), setting.frames
    able = [i for i in order if len(p.enrolment[i]) >= setting.photos and len(p.gate[i]) >= setting.photos + frames]
    # People with one photo first: whoever has enough for an attempt is worth more as a stranger.
    rest = sorted(set(order.tolist()) - set(able), key=lambda i: len(p.gate[i]) >= max(2, frames))
    fillers = [i for i in rest if len(p.enrolment[i])]
    half = len(able) // 2 if outsiders is None else len(able)
    mates = able[: min(max(half, setting.enrolled - len(fillers)), setting.enrolled)]
    fillers = fillers[: setting.enrolled - len(mates)]
    if len(mates) + len(fillers) < setting.enrolled:
        raise ValueError(f"{len(people)} people are too few to enrol {setting.enrolled}")
    used = {int(i): rng.permutation(p.enrolment[i])[: setting.photos] for i in (*mates, *fillers)}
    outside = order if outsiders is None else np.asarray(outsiders)
    back = _attempts({int(i): np.setdiff1d(p.gate[i], used[int(i)]) for i in mates}, frames, rng)
    strangers = _attempts({int(i): p.gate[i] for i in outside if int(i) not in used}, frames, rng)
    if not back or not strangers:
        raise ValueError("no attempts: the dataset has too few photos a person")
    whose, shown = zip(*back, *strangers, strict=True)
    return Hand(setting, np.array(list(used)), tuple(used.values()), np.array(whose), np.stack(shown), len(back))


def play(
    e: Embedded,
    p: Pools,
    people: Sequence[int],
    setting: Setting,
    rng: np.random.Generator,
    outsiders: Sequence[int] | None = None,
) -> Trial:
    """The attempts of one hand searched in its gallery; arguments as `deal`."""
    hand = deal(p, people, setting, rng, outsiders)
    return trial(hand, hand.probes(e, flip=setting.flip) @ hand.templates(e).T)


def trial(hand: Hand, similarity: Vectors) -> Trial:
    """What a search by these similarities (a, n) finds."""
    best, lead, where = _best(similarity)
    counts = np.array([len(mine) for mine in hand.photos])
    mine, other = slice(hand.mates), slice(hand.mates, None)
    return Trial(
        mate=best[mine],
        mate_margin=lead[mine],
        mate_photos=counts[where[mine]],
        mate_right=hand.enrolled[where[mine]] == hand.whose[mine],
        stranger=best[other],
        stranger_margin=lead[other],
        stranger_photos=counts[where[other]],
        full_templates=int((counts == hand.setting.photos).sum()),
        mate_id=hand.whose[mine],
        stranger_id=hand.whose[other],
    )


def errors(trial: Trial, c: Calibration, rate: float, setting: Setting) -> tuple[float, float]:
    """(FNIR, FPIR) of one trial at an operator's false accept rate."""
    mates, strangers = accepted(trial, c, rate, setting)
    return 1 - float(mates.mean()), float(strangers.mean())


def accepted(
    trial: Trial, c: Calibration, rate: float, setting: Setting
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which mates' attempts are accepted as themselves, and which strangers' as anybody."""
    limit = np.array([c.threshold(rate, setting.enrolled, k, setting.frames) for k in range(1, setting.photos + 1)])
    mates = (trial.mate >= limit[trial.mate_photos - 1]) & (trial.mate_margin >= c.margin) & trial.mate_right
    return mates, (trial.stranger >= limit[trial.stranger_photos - 1]) & (trial.stranger_margin >= c.margin)


def _attempts(
    photos: dict[int, NDArray[np.int64]], frames: int, rng: np.random.Generator
) -> list[tuple[int, NDArray[np.int64]]]:
    """Every person's photos in disjoint groups of `frames`."""
    found = []
    for person, mine in photos.items():
        mixed = rng.permutation(mine)
        found += [(person, mixed[first : first + frames]) for first in range(0, len(mixed) - frames + 1, frames)]
    return found


def _best(similarity: Vectors) -> tuple[Vectors, Vectors, NDArray[np.int64]]:
    """The best of each row, its lead on the next, and where it is."""
    where = similarity.argmax(axis=1)
    best = similarity[np.arange(len(similarity)), where].astype(np.float32)
    if similarity.shape[1] == 1:
        return best, best + 1, where  # nobody to be ahead of: as far ahead as of the least alike of all
    return best, best - np.partition(similarity, -2, axis=1)[:, -2], where
