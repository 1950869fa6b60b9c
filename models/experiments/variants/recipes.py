"""The ways to make templates, probes and similarities that were tried, each as a function of a deal and of vectors.

Each returns the similarities, (a, n), of all attempts to all enrolled people, and learns only from the deal's teachers.
Averaging landmarks with those of the mirror image is not here, since every photo would have to be processed again.
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
# Of about 1,400 teachers; P. Matejka et al. use 200 to 500 of their cohort.
ADAPTIVE = 200
SHRINKAGE = 0.6  # of a 128 x 128 covariance from some thousand photos


@dataclass(frozen=True)
class Group:
    """A baseline and the variants compared with it.

    Attributes:
        base: the vectors that all of them start from.
        kinds: the (photos, frames) to test.
        of_several: the variants that do not apply to templates of one photo.
    """

    title: str
    base: Callable[[Deal], Embedded]
    kinds: tuple[tuple[int, int], ...]
    baseline: str
    recipes: Mapping[str, Recipe]
    of_several: frozenset[str] = frozenset()


def plain(d: Deal, e: Embedded) -> Vectors:
    """The baseline: templates of photos and mirror images, frames fused by quality."""
    similarity: Vectors = d.probes(e) @ d.templates(e).T
    return similarity


def on_centred(recipe: Recipe) -> Recipe:
    """Returns the recipe applied to centred vectors."""
    return lambda d, _: recipe(d, d.centred)


def centred_twice_as_far(d: Deal, _: Embedded) -> Vectors:
    """Subtracts twice the mean, so that vectors lean to the other side."""
    return plain(d, d.raw.off(2 * d.centre))


def centred_again(d: Deal, _: Embedded) -> Vectors:
    """Subtracts the mean twice: after scaling to unit length, a mean of length 0.002 is left (0.30 before)."""
    once = _each(d.raw, lambda v: off_centre(v, d.centre))
    return plain(d, once.off(once.centre(d.teachers)))


def mirrored_at_gate(d: Deal, e: Embedded) -> Vectors:
    """Uses the mirror image for frames, as for photos."""
    return plain(d, replace(e, gate=e.gate_flip))


def unmirrored(d: Deal, _: Embedded, centre: NDArray[np.float32] | None = None) -> Vectors:
    """Uses no mirror image for photos, as for frames."""
    portrait = off_centre(d.raw.portrait, centre)
    return plain(d, replace(d.raw.off(centre), enrolment=portrait))


def unmirrored_centred(d: Deal, e: Embedded) -> Vectors:
    """Does the same with the mean subtracted."""
    return unmirrored(d, e, d.centre)


def whitened(d: Deal, _: Embedded) -> Vectors:
    """Gives less weight to directions in which photos of one person differ.

    It multiplies centred vectors by the inverse square root of the within-person covariance, shrunk towards a multiple
    of the identity (Ledoit and Wolf, Journal of Multivariate Analysis 88, 2004). A. Hatch et al., "Within-class
    covariance normalization", Interspeech 2006.
    """
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
    """Subtracts half the mean similarity of the attempt's next NEAR in the gallery, against faces that resemble many.

    This is half of CSLS (A. Conneau et al., "Word translation without parallel data", ICLR 2018), without the attempt's
    own best, so that a high similarity does not count against itself.
    """
    similarity = plain(d, e)
    count = min(NEAR, similarity.shape[1] - 1)
    first = np.partition(similarity, -(count + 1), axis=1)[:, -(count + 1) :]
    next_ones = (first.sum(axis=1) - first.max(axis=1)) / max(1, count)
    return _float(similarity - next_ones[:, None] / 2)


def less_template_near(d: Deal, e: Embedded) -> Vectors:
    """Subtracts half the mean similarity of the template's NEAR nearest teachers, the other half of CSLS."""
    near, _ = _most_alike(d.templates(e), _cohort(d, e), NEAR)
    return _float(plain(d, e) - near[None] / 2)


def adaptive_s_norm(d: Deal, e: Embedded) -> Vectors:
    """Normalises by the mean and deviation of the similarities of template and attempt to their nearest teachers.

    P. Matejka et al., "Analysis of score normalization in multilingual speaker recognition", Interspeech 2017.
    """
    cohort = _cohort(d, e)
    middle, spread = _most_alike(d.templates(e), cohort, ADAPTIVE)
    other, other_spread = _most_alike(d.probes(e), cohort, ADAPTIVE)
    s = plain(d, e)
    return _float(((s - middle[None]) / spread[None] + (s - other[:, None]) / other_spread[:, None]) / 2)


def quality_weighted(d: Deal, e: Embedded) -> Vectors:
    """Weights the photos of a template by quality, as frames are."""
    return plain(d, replace(e, enrolment=e.enrolment * np.maximum(e.score, 1e-3)[:, None]))


def best_photo(d: Deal, e: Embedded) -> Vectors:
    """Uses one template per photo; the best counts."""
    every, starts, _ = _by_photo(d, e)
    return _float(np.maximum.reduceat(every, starts, axis=1))


def mean_over_photos(d: Deal, e: Embedded) -> Vectors:
    """Uses one template per photo, and their mean similarity."""
    every, starts, counts = _by_photo(d, e)
    return _float(np.add.reduceat(every, starts, axis=1) / counts[None])


def unweighted_frames(d: Deal, e: Embedded) -> Vectors:
    """Weights all frames equally, whatever their quality."""
    return plain(d, replace(e, score=np.ones_like(e.score)))


def squared_weights(d: Deal, e: Embedded) -> Vectors:
    """Weights frames by the square of their quality."""
    return plain(d, replace(e, score=e.score**2))


def mean_over_frames(d: Deal, e: Embedded) -> Vectors:
    """Fuses no vectors; uses the mean similarity of the frames."""
    return _float(_by_frame(d, e).mean(axis=1))


def best_frame(d: Deal, e: Embedded) -> Vectors:
    """Fuses no vectors; the best frame for each template counts."""
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
    """Returns (teachers, d): a template of all usable photos of each teacher."""
    good = (e.portrait_reason == "") & np.isfinite(e.enrolment[:, 0])
    mine = [e.enrolment[good & (e.person == i)] for i in d.teachers]
    return unit(np.stack([m.mean(axis=0) for m in mine if len(m)]))


def _most_alike(vectors: Vectors, cohort: Vectors, count: int) -> tuple[Vectors, Vectors]:
    """Returns mean and standard deviation of each vector's `count` highest similarities to the cohort."""
    count = min(count, len(cohort))
    similarity = vectors @ cohort.T
    first = np.partition(similarity, -count, axis=1)[:, -count:]
    return first.mean(axis=1), first.std(axis=1)


def _by_photo(d: Deal, e: Embedded) -> tuple[Vectors, NDArray[np.int64], NDArray[np.int64]]:
    """Returns similarities to every template photo, (a, photos), and the start and number of each template's."""
    counts = np.array([len(mine) for mine in d.photos])
    return d.probes(e) @ e.enrolment[np.concatenate(d.photos)].T, np.cumsum(counts) - counts, counts


def _by_frame(d: Deal, e: Embedded) -> Vectors:
    """Returns the similarities of every single frame, (a, frames, n)."""
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
