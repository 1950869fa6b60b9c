"""Simulates attempts at a gate with labelled vectors: some people are enrolled, the others are strangers.

FNIR and FPIR as in ISO/IEC 19795-1: the share of enrolled people's attempts that are not accepted as themselves, and
the share of strangers' attempts that are accepted as anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.core.recognition.calibration import Calibration
from models.attempts.frames import Frames, compare
from models.data.embed import Embedded

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Setting:
    """One simulated setting: `enrolled` people with up to `photos` each, and `frames` per attempt."""

    enrolled: int
    photos: int
    frames: int
    flip: bool = False


@dataclass(frozen=True, eq=False)
class Trial:
    """The searches in one gallery, by enrolled people (mates) and strangers.

    Attributes:
        mate, stranger: per attempt, the similarity of the best candidate.
        mate_margin, stranger_margin: its lead over the runner-up.
        mate_photos, stranger_photos: the number of photos in its template.
        mate_right: whether the best candidate is the person.
        mate_id, stranger_id: whose attempt it is.
        best: per attempt, mates first, the place of the best candidate among the enrolled.
        full_templates: how many of the enrolled have all `photos`.
        frames: of each attempt, mates first; None for one frame, or if they are not looked at.
    """

    mate: Vectors
    mate_margin: Vectors
    mate_photos: NDArray[np.int64]
    mate_right: NDArray[np.bool_]
    stranger: Vectors
    stranger_margin: Vectors
    stranger_photos: NDArray[np.int64]
    full_templates: int
    mate_id: NDArray[np.int64]
    stranger_id: NDArray[np.int64]
    best: NDArray[np.int64]
    frames: Frames | None = None

    def photos(self) -> NDArray[np.int64]:
        """Returns, per attempt, mates first, the number of photos in the best candidate's template."""
        return np.concatenate([self.mate_photos, self.stranger_photos])


@dataclass(frozen=True, eq=False)
class Pools:
    """Indices of the usable photos of each person: for templates (strict quality) and attempts (gate quality)."""

    enrolment: tuple[NDArray[np.int64], ...]
    gate: tuple[NDArray[np.int64], ...]


def pools(e: Embedded, *, bystanders: bool = True) -> Pools:
    """Returns the usable photos of each person.

    bystanders: a photo for a template may show some, as many press photos do. The service refuses it at enrolment; the
    template it makes is the same.
    """

    def usable(vectors: Vectors, reason: NDArray[np.str_]) -> tuple[NDArray[np.int64], ...]:
        good = np.flatnonzero(~np.isnan(vectors[:, 0]) & (reason == ""))
        by_person = good[np.argsort(e.person[good], kind="stable")]
        ends = np.searchsorted(e.person[by_person], np.arange(1, len(e.people)))
        return tuple(np.split(by_person, ends))

    return Pools(
        usable(e.enrolment, e.portrait_reason if bystanders else e.enrolment_reason), usable(e.gate, e.gate_reason)
    )


def unit(vectors: Vectors) -> Vectors:
    """Scales each row to length 1."""
    scaled: Vectors = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
    return scaled


def fuse(e: Embedded, photos: NDArray[np.int64], *, flip: bool) -> Vectors:
    """Fuses photos as the frames of one attempt, weighted as in `recognition.evidence`."""
    weights = np.maximum(e.score[photos], 1e-3)
    return unit(weights @ (e.gate_flip if flip else e.gate)[photos])


@dataclass(frozen=True, eq=False)
class Hand:
    """One random gallery with n enrolled people and a attempts, as indices.

    Attributes:
        enrolled: (n,), the enrolled people.
        photos: the photos in each one's template.
        whose: (a,), the person of each attempt; mates first, then strangers.
        frames: (a, frames), the photos of each attempt.
        mates: the number of attempts by enrolled people.
    """

    setting: Setting
    enrolled: NDArray[np.int64]
    photos: tuple[NDArray[np.int64], ...]
    whose: NDArray[np.int64]
    frames: NDArray[np.int64]
    mates: int

    def templates(self, e: Embedded) -> Vectors:
        """Returns (n, d): the mean of each person's photos, as in enrolment."""
        return np.stack([unit(e.enrolment[mine].mean(axis=0)) for mine in self.photos])

    def probes(self, e: Embedded, *, flip: bool = False) -> Vectors:
        """Returns (a, d): the frames of each attempt, fused as at the gate."""
        return np.stack([fuse(e, mine, flip=flip) for mine in self.frames])


def deal(
    p: Pools,
    people: Sequence[int],
    setting: Setting,
    rng: np.random.Generator,
    outsiders: Sequence[int] | None = None,
) -> Hand:
    """Draws one random gallery from `people`. Everybody not enrolled who has enough photos is a stranger.

    Half of the people with enough photos for a full template and an attempt are enrolled and make attempts; the other
    half are strangers, so both groups are comparable. The gallery is filled with other people, and if there are too few
    of them, with more of the first group.

    Args:
        outsiders: if given, only these are strangers. None of them is in `people`.

    Raises:
        ValueError: there are too few people for the gallery, or too few photos for any attempt.
    """
    order, frames = rng.permutation(np.asarray(people)), setting.frames
    able = [i for i in order if len(p.enrolment[i]) >= setting.photos and len(p.gate[i]) >= setting.photos + frames]
    # People with one photo first: those with enough for an attempt are more useful as strangers.
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
        raise ValueError("no attempts: the dataset has too few photos per person")
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
    """Draws a gallery and searches its attempts; the arguments are as in `deal`."""
    hand = deal(p, people, setting, rng, outsiders)
    templates = hand.templates(e)
    found = trial(hand, hand.probes(e, flip=setting.flip) @ templates.T)
    if setting.frames == 1:
        return found
    vectors, weights = (e.gate_flip if setting.flip else e.gate)[hand.frames], np.maximum(e.score[hand.frames], 1e-3)
    return replace(found, frames=compare(vectors, weights, templates[found.best], found.photos()))


def trial(hand: Hand, similarity: Vectors) -> Trial:
    """Returns what a search by these similarities, (a, n), finds."""
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
        best=where,
    )


def errors(trial: Trial, c: Calibration, rate: float, setting: Setting) -> tuple[float, float]:
    """Returns (FNIR, FPIR) of one trial at an operator's false accept rate."""
    mates, strangers = accepted(trial, c, rate, setting)
    return 1 - float(mates.mean()), float(strangers.mean())


def accepted(
    trial: Trial, c: Calibration, rate: float, setting: Setting
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Returns which mates' attempts are accepted as themselves, and which strangers' as anybody, as at a gate."""
    photos = trial.photos()
    counts = np.arange(1, setting.photos + 1)
    if trial.frames is None:
        limit = np.array([c.threshold(rate, setting.enrolled, int(k), setting.frames) for k in counts])[photos - 1]
        one = np.ones(len(photos), dtype=bool)
    else:
        pairs = zip(photos.tolist(), trial.frames.apart(c).tolist(), strict=True)
        limit = np.array([c.threshold(rate, setting.enrolled, k, apart) for k, apart in pairs])
        one = trial.frames.show_one(c, photos)
    mates = len(trial.mate)
    ahead = np.concatenate([trial.mate_margin, trial.stranger_margin]) >= c.margin
    accepted = (np.concatenate([trial.mate, trial.stranger]) >= limit) & ahead & one
    return accepted[:mates] & trial.mate_right, accepted[mates:]


def _attempts(
    photos: dict[int, NDArray[np.int64]], frames: int, rng: np.random.Generator
) -> list[tuple[int, NDArray[np.int64]]]:
    """Splits each person's photos into disjoint groups of `frames`."""
    found = []
    for person, mine in photos.items():
        mixed = rng.permutation(mine)
        found += [(person, mixed[first : first + frames]) for first in range(0, len(mixed) - frames + 1, frames)]
    return found


def _best(similarity: Vectors) -> tuple[Vectors, Vectors, NDArray[np.int64]]:
    """Returns the best of each row, its lead over the next, and its column."""
    where = similarity.argmax(axis=1)
    best = similarity[np.arange(len(similarity)), where].astype(np.float32)
    if similarity.shape[1] == 1:
        return best, best + 1, where  # no runner-up: the lead over a similarity of -1
    return best, best - np.partition(similarity, -2, axis=1)[:, -2], where
