"""A day at the gate, played with labelled vectors: some people enrolled, the others strangers; how many errors.

FNIR and FPIR as ISO/IEC 19795-1 defines them: the share of enrolled people's attempts that are not accepted as
themselves, and the share of strangers' attempts that are accepted as anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.core.calibration import Calibration
from models.embed import Embedded

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
    runner-up and how many photos its template is made of; mate_right: whether the best is the person."""

    mate: Vectors
    mate_margin: Vectors
    mate_photos: NDArray[np.int64]
    mate_right: NDArray[np.bool_]
    stranger: Vectors
    stranger_margin: Vectors
    stranger_photos: NDArray[np.int64]
    full_templates: int  # of the enrolled, how many have all `photos`


@dataclass(frozen=True, eq=False)
class Pools:
    """Indices of usable photos, by person: for templates (strict quality) and for attempts (the gate's)."""

    enrolment: tuple[NDArray[np.int64], ...]
    gate: tuple[NDArray[np.int64], ...]


def pools(e: Embedded) -> Pools:
    def usable(vectors: Vectors) -> tuple[NDArray[np.int64], ...]:
        good = ~np.isnan(vectors[:, 0])
        return tuple(np.flatnonzero((e.person == i) & good) for i in range(len(e.people)))

    return Pools(usable(e.enrolment), usable(e.gate))


def unit(vectors: Vectors) -> Vectors:
    scaled: Vectors = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
    return scaled


def fuse(e: Embedded, photos: NDArray[np.int64], *, flip: bool) -> Vectors:
    """An attempt of these photos as frames, weighted as `core.evidence` weighs them."""
    weights = np.maximum(e.score[photos], 1e-3)
    return unit(weights @ (e.gate_flip if flip else e.gate)[photos])


def play(e: Embedded, p: Pools, people: Sequence[int], setting: Setting, rng: np.random.Generator) -> Trial:
    """One random gallery from `people`; everybody else of them who has enough photos is a stranger.

    Half of those with enough photos for both a full template and an attempt are enrolled and come back, the other half
    stay strangers, so both kinds look alike. The gallery is filled up with others.
    """
    order = rng.permutation(np.asarray(people))
    able = [
        i for i in order if len(p.enrolment[i]) >= setting.photos and len(p.gate[i]) >= setting.photos + setting.frames
    ]
    mates = able[: min(len(able) // 2, setting.enrolled)]
    # People with one photo first: whoever has enough for an attempt is worth more as a stranger.
    rest = sorted(set(order.tolist()) - set(able), key=lambda i: len(p.gate[i]) >= max(2, setting.frames))
    fillers = [i for i in rest if len(p.enrolment[i])][: setting.enrolled - len(mates)]
    if len(mates) + len(fillers) < setting.enrolled:
        raise ValueError(f"{len(people)} people are too few to enrol {setting.enrolled}")
    used = {i: rng.permutation(p.enrolment[i])[: setting.photos] for i in (*mates, *fillers)}
    ids = np.array(list(used))
    gallery = np.stack([unit(e.enrolment[photos].mean(axis=0)) for photos in used.values()])
    counts = np.array([len(photos) for photos in used.values()])
    left = {i: np.setdiff1d(p.gate[i], used[i]) for i in mates}
    mate_ids, mate_probes = _attempts(e, left, setting, rng)
    strangers = {int(i): p.gate[i] for i in order if int(i) not in used}
    _, stranger_probes = _attempts(e, strangers, setting, rng)
    best, lead, where = _search(mate_probes, gallery)
    other, other_lead, other_where = _search(stranger_probes, gallery)
    right = ids[where] == mate_ids
    full = int((counts == setting.photos).sum())
    return Trial(best, lead, counts[where], right, other, other_lead, counts[other_where], full)


def errors(trial: Trial, c: Calibration, rate: float, setting: Setting) -> tuple[float, float]:
    """(FNIR, FPIR) of one trial at an operator's false accept rate."""
    limit = {int(k): c.threshold(rate, setting.enrolled, int(k), setting.frames) for k in range(1, setting.photos + 1)}

    def accepted(similarity: Vectors, margin: Vectors, photos: NDArray[np.int64]) -> NDArray[np.bool_]:
        return (similarity >= np.array([limit[int(k)] for k in photos])) & (margin >= c.margin)

    mates = accepted(trial.mate, trial.mate_margin, trial.mate_photos) & trial.mate_right
    strangers = accepted(trial.stranger, trial.stranger_margin, trial.stranger_photos)
    return 1 - float(mates.mean()), float(strangers.mean())


def _attempts(
    e: Embedded, photos: dict[int, NDArray[np.int64]], setting: Setting, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Vectors]:
    """Every person's photos in disjoint groups of `frames`."""
    ids, probes = [], []
    for person, mine in photos.items():
        mixed = rng.permutation(mine)
        for first in range(0, len(mixed) - setting.frames + 1, setting.frames):
            ids.append(person)
            probes.append(fuse(e, mixed[first : first + setting.frames], flip=setting.flip))
    if not probes:
        raise ValueError("no attempts: the dataset has too few photos a person")
    return np.array(ids), np.stack(probes)


def _search(probes: Vectors, gallery: Vectors) -> tuple[Vectors, Vectors, NDArray[np.int64]]:
    similarity = probes @ gallery.T
    where = similarity.argmax(axis=1)
    best = similarity[np.arange(len(probes)), where]
    return best, best - np.partition(similarity, -2, axis=1)[:, -2], where
