"""Ways to make templates, probes and similarities that were tried: each a function of a deal and of the vectors.

Every one gives (a, n) similarities of all attempts to all the enrolled. What is learnt is learnt from the deal's
teachers. Landmarks averaged with the mirror image's are not here: they need every photo looked at anew.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.core.recognition.centre import off_centre
from models.accuracy.openset import Vectors, unit
from models.data.embed import Embedded, Raw
from models.experiments.variants.deal import Deal

Recipe = Callable[[Deal, Embedded], Vectors]

NEAR = 20
# Of some 1,400 teachers; P. Matejka et al. take 200 to 500 of their cohort.
ADAPTIVE = 200
SHRINKAGE = 0.6  # of a covariance of 128 x 128 from some thousand photos


@dataclass(frozen=True)
class Group:
    """A baseline and what is held against it. base: the vectors that all of it starts from. kinds: (photos, frames)."""

    title: str
    base: Callable[[Deal], Embedded]
    kinds: tuple[tuple[int, int], ...]
    baseline: str
    recipes: Mapping[str, Recipe]
    of_several: frozenset[str] = frozenset()  # say nothing about a template of one photo


def plain(d: Deal, e: Embedded) -> Vectors:
    """Template of photos and their mirror images, frames fused by quality: the baseline."""
    similarity: Vectors = d.probes(e) @ d.templates(e).T
    return similarity


def on_centred(recipe: Recipe) -> Recipe:
    """The recipe with the mean taken off first."""
    return lambda d, _: recipe(d, d.centred)


def centred_twice_as_far(d: Deal, _: Embedded) -> Vectors:
    """The mean taken off twice as far: vectors lean to the other side."""
    return plain(d, d.raw.off(2 * d.centre))


def centred_again(d: Deal, _: Embedded) -> Vectors:
    """At unit length again the vectors have a mean again, of 0.002 where it was 0.30; it is taken off too."""
    once = _each(d.raw, lambda v: off_centre(v, d.centre))
    return plain(d, once.off(once.centre(d.teachers)))


def mirrored_at_gate(d: Deal, e: Embedded) -> Vectors:
    """Frames as photos are: with their mirror image."""
    return plain(d, replace(e, gate=e.gate_flip))


def unmirrored(d: Deal, _: Embedded, centre: NDArray[np.float32] | None = None) -> Vectors:
    """Photos as frames are: without their mirror image."""
    portrait = off_centre(d.raw.portrait, centre)
    return plain(d, replace(d.raw.off(centre), enrolment=portrait))


def unmirrored_centred(d: Deal, e: Embedded) -> Vectors:
    """The same with the mean taken off."""
    return unmirrored(d, e, d.centre)


def whitened(d: Deal, _: Embedded) -> Vectors:
    """Directions in which one person's photos differ count less: cosine after the inverse square root of the
    within-person covariance, drawn towards a multiple of one (Ledoit and Wolf, Journal of Multivariate Analysis 88,
    2004), the mean taken off. A. Hatch et al., "Within-class covariance normalization", Interspeech 2006."""
    e = d.centred
    good = (e.gate_reason == "") & np.isfinite(e.gate[:, 0])
    mine = [e.gate[good & (e.person == i)] for i in d.teachers]
    apart = np.concatenate([m - m.mean(axis=0) for m in mine if len(m) > 1]).astype(np.float64)
    people = sum(len(m) > 1 for m in mine)
    within = apart.T @ apart / (len(apart) - people)
    size = np.trace(within) / len(within)
    value, direction = np.linalg.eigh((1 - SHRINKAGE) * within + SHRINKAGE * size * np.eye(len(within)))
    turn = (direction / np.sqrt(value)) @ direction.T
    return plain(d, _each(d.raw, lambda v: unit(off_centre(v, d.centre) @ turn.astype(np.float32))).off(None))


def less_next(d: Deal, e: Embedded) -> Vectors:
    """Less half the mean of the attempt's next NEAR in the gallery: who is like many is like nobody.

    Half of CSLS (A. Conneau et al., "Word translation without parallel data", ICLR 2018); each attempt's own best is
    left out, so that being alike does not count against itself.
    """
    similarity = plain(d, e)
    count = min(NEAR, similarity.shape[1] - 1)
    first = np.partition(similarity, -(count + 1), axis=1)[:, -(count + 1) :]
    next_ones = (first.sum(axis=1) - first.max(axis=1)) / max(1, count)
    return _float(similarity - next_ones[:, None] / 2)


def less_template_near(d: Deal, e: Embedded) -> Vectors:
    """Less half the mean of the template's NEAR most alike among the teachers: the other half of CSLS."""
    near, _ = _most_alike(d.templates(e), _cohort(d, e), NEAR)
    return _float(plain(d, e) - near[None] / 2)


def adaptive_s_norm(d: Deal, e: Embedded) -> Vectors:
    """In deviations from what template and attempt have in common with the teachers most like each. P. Matejka et al.,
    "Analysis of score normalization in multilingual speaker recognition", Interspeech 2017."""
    cohort = _cohort(d, e)
    middle, spread = _most_alike(d.templates(e), cohort, ADAPTIVE)
    other, other_spread = _most_alike(d.probes(e), cohort, ADAPTIVE)
    s = plain(d, e)
    return _float(((s - middle[None]) / spread[None] + (s - other[:, None]) / other_spread[:, None]) / 2)


def quality_weighted(d: Deal, e: Embedded) -> Vectors:
    """The template's photos weigh as frames do."""
    return plain(d, replace(e, enrolment=e.enrolment * np.maximum(e.score, 1e-3)[:, None]))


def best_photo(d: Deal, e: Embedded) -> Vectors:
    """Several templates a person, one a photo; the best counts."""
    every, starts, _ = _by_photo(d, e)
    return _float(np.maximum.reduceat(every, starts, axis=1))


def mean_over_photos(d: Deal, e: Embedded) -> Vectors:
    """Several templates a person; their mean similarity."""
    every, starts, counts = _by_photo(d, e)
    return _float(np.add.reduceat(every, starts, axis=1) / counts[None])


def unweighted_frames(d: Deal, e: Embedded) -> Vectors:
    """Frames weigh the same, whatever their quality."""
    return plain(d, replace(e, score=np.ones_like(e.score)))


def squared_weights(d: Deal, e: Embedded) -> Vectors:
    """Frames weigh by the square of their quality."""
    return plain(d, replace(e, score=e.score**2))


def mean_over_frames(d: Deal, e: Embedded) -> Vectors:
    """No vector is fused: the mean of the frames' similarities."""
    return _float(_by_frame(d, e).mean(axis=1))


def best_frame(d: Deal, e: Embedded) -> Vectors:
    """No vector is fused: each template's best frame counts."""
    return _float(_by_frame(d, e).max(axis=1))


def _each(raw: Raw, change: Callable[[Vectors], Vectors]) -> Raw:
    return replace(
        raw,
        face=change(raw.face),
        mirror=change(raw.mirror),
        portrait=change(raw.portrait),
        portrait_mirror=change(raw.portrait_mirror),
    )


def _cohort(d: Deal, e: Embedded) -> Vectors:
    """(teachers, d): each one's template of all usable photos."""
    good = (e.enrolment_reason == "") & np.isfinite(e.enrolment[:, 0])
    mine = [e.enrolment[good & (e.person == i)] for i in d.teachers]
    return unit(np.stack([m.mean(axis=0) for m in mine if len(m)]))


def _most_alike(vectors: Vectors, cohort: Vectors, count: int) -> tuple[Vectors, Vectors]:
    """Mean and standard deviation of each one's `count` greatest similarities to the cohort (all, if it has fewer)."""
    count = min(count, len(cohort))
    similarity = vectors @ cohort.T
    first = np.partition(similarity, -count, axis=1)[:, -count:]
    return first.mean(axis=1), first.std(axis=1)


def _by_photo(d: Deal, e: Embedded) -> tuple[Vectors, NDArray[np.int64], NDArray[np.int64]]:
    """(a, photos) similarities to every photo of every template; where each one's begin, and how many they are."""
    counts = np.array([len(mine) for mine in d.photos])
    return d.probes(e) @ e.enrolment[np.concatenate(d.photos)].T, np.cumsum(counts) - counts, counts


def _by_frame(d: Deal, e: Embedded) -> Vectors:
    """(a, frames, n) similarities of every frame alone."""
    alone: Vectors = e.gate[d.frames] @ d.templates(e).T
    return alone


def _float(scores: NDArray[np.floating]) -> Vectors:
    return scores.astype(np.float32)


OF_SEVERAL: dict[str, Recipe] = {
    "Template weighted by quality": quality_weighted,
    "Several templates a person, the best counts": best_photo,
    "Several templates a person, their mean similarity": mean_over_photos,
}

GROUPS = (
    Group(
        "Vectors as the network gives them",
        lambda d: d.bare,
        ((1, 1), (3, 1)),
        "Baseline: template of photos and mirror images",
        {
            "The mean of all faces taken off each vector": on_centred(plain),
            "the same, and then the mean of what is left": centred_again,
            "the same, and the mirror image at the gate": on_centred(mirrored_at_gate),
            "the same, less half the mean of the gallery's next 20": on_centred(less_next),
            "Twice the mean taken off": centred_twice_as_far,
            "No mirror image in the template": unmirrored,
            "Within-person whitening, shrinkage 0.6": whitened,
            "Less half the mean of the template's 20 nearest": less_template_near,
            **OF_SEVERAL,
        },
        frozenset(OF_SEVERAL),
    ),
    Group(
        "On top of what is served",
        lambda d: d.centred,
        ((1, 1), (3, 1)),
        "As served: the mean taken off",
        {
            "Twice the mean taken off": centred_twice_as_far,
            "The mirror image at the gate": mirrored_at_gate,
            "Less half the mean of the gallery's next 20": less_next,
            "No mirror image in the template": unmirrored_centred,
            "Within-person whitening, shrinkage 0.6": whitened,
            "Less half the mean of the template's 20 nearest": less_template_near,
            "Adaptive S-norm, 200 most alike": adaptive_s_norm,
            **OF_SEVERAL,
        },
        frozenset(OF_SEVERAL),
    ),
    Group(
        "Three frames an attempt",
        lambda d: d.centred,
        ((1, 3), (3, 3)),
        "As served: frames weighted by quality, one vector",
        {
            "Frames weigh the same": unweighted_frames,
            "Frames weighted by the square of their quality": squared_weights,
            "Mean of the frames' similarities": mean_over_frames,
            "The best frame counts": best_frame,
        },
    ),
)
