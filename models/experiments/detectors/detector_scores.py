"""Scores each detector in a scene: misses, false faces, time, landmark error, and the effect on comparison.

All shares are of the scene's pictures. A missed face counts as a miss in every pair that needs it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.accuracy.intervals import over_people, wilson
from models.experiments.detectors.finders import LABELS, Finder, Findings, Kind, stands_for
from models.experiments.detectors.landmarks import Points, disagreement
from models.experiments.detectors.scenes import Scene

FMR = 1e-3
BASE: tuple[Kind, int, bool] = ("yunet", 320, True)  # the least that the product does


@dataclass(frozen=True, eq=False)
class Compared:
    """Faces compared with photos of the same people.

    Attributes:
        missed, tries: (people,), pairs of one person below the threshold, and all of them.
        threshold: None if there are too few pairs of strangers to measure FMR.
    """

    missed: NDArray[np.float64]
    tries: NDArray[np.float64]
    impostors: int
    threshold: float | None

    @property
    def fnmr(self) -> float | None:
        """The share of missed pairs."""
        return None if self.threshold is None or not self.tries.sum() else float(self.missed.sum() / self.tries.sum())


@dataclass(frozen=True)
class Score:
    """One detector at one width, with or without the second look, in one scene.

    Attributes:
        others: boxes other than the true face, per picture.
        ms, ms_ratio: the median time, and its ratio to the base's in this run.
        own, both: landmark errors as in `Scene`, as (median, 95th percentile) in eye distances.
        fnmr: at FMR 0.1 %, misses included.
        more: fnmr minus that of the base on the same pairs.
        fnmr_people95, more_people95: 95 % intervals from resampling people.
    """

    kind: Kind
    width_px: int
    refined: bool
    face_px: int
    pictures: int
    missed: int
    missed_wilson95: list[float] | None
    others: float
    ms: float | None
    ms_ratio: float | None
    own: list[float] | None
    both: list[float] | None
    fnmr: float | None
    fnmr_people95: list[float] | None
    more: float | None
    more_people95: list[float] | None
    mated: int
    impostors: int

    @property
    def label(self) -> str:
        return f"{LABELS[self.kind]} {self.width_px}"

    @property
    def base(self) -> bool:
        return (self.kind, self.width_px, self.refined) == BASE

    def row(self) -> dict[str, Any]:
        return asdict(self)


def scores(scene: Scene, album: Scene, person: NDArray[np.int64], rng_seed: int) -> list[Score]:
    """Scores every detector in a scene, comparing its faces with the photos of `album` as it embeds them.

    Args:
        person: (photos,), the index of the person on each.
    """
    people = int(person.max()) + 1
    at = (next(f for f in scene.findings if (f.kind, f.width_px) == BASE[:2]), BASE[2])
    compared = {
        (f, refined): compare(
            found.vectors[:, int(refined)], scene.photo, album.findings[stands_for(f, album.findings)], refined, person
        )
        for f, found in scene.findings.items()
        for refined in (False, True)
    }
    usual, usual_ms = compared[at], _median_ms(scene.findings[at[0]], at[1])
    return [
        _score(scene, f, refined, of, usual, usual_ms, people, np.random.default_rng(rng_seed))
        for (f, refined), of in compared.items()
    ]


def compare(
    vectors: NDArray[np.float32],
    photo: NDArray[np.int64],
    album: Findings,
    refined: bool,
    person: NDArray[np.int64],
) -> Compared:
    """Compares each face, (n, d), with every photo except the one it was made from.

    Unlike in `models.accuracy.comparison`, a missed face or photo counts as a missed pair, or a detector that misses
    the difficult faces would look best.
    """
    gallery = album.vectors[:, int(refined)]
    similarity = vectors @ gallery.T  # NaN if either was missed
    same = person[photo][:, None] == person[None]
    strangers = similarity[~same]
    strangers = strangers[np.isfinite(strangers)]
    mated = same & (photo[:, None] != np.arange(len(person))[None])
    whose = np.broadcast_to(person[photo][:, None], same.shape)[mated]
    people = int(person.max()) + 1
    tries = np.bincount(whose, minlength=people).astype(float)
    if not len(strangers):  # nobody was found at all
        return Compared(tries, tries, 0, np.inf)
    allowed = int(FMR * len(strangers))
    if not allowed:
        return Compared(np.zeros(people), tries, len(strangers), None)
    # The similarity that `allowed` pairs of strangers exceed.
    limit = float(np.partition(strangers, -allowed - 1)[-allowed - 1])
    missed = np.bincount(whose, weights=~(similarity[mated] > limit), minlength=people).astype(float)
    return Compared(missed, tries, len(strangers), limit)


def _score(
    scene: Scene,
    finder: Finder,
    refined: bool,
    of: Compared,
    usual: Compared,
    usual_ms: float | None,
    people: int,
    rng: np.random.Generator,
) -> Score:
    found = scene.findings[finder]
    second = int(refined)
    missed = int(np.isnan(found.points[:, 0, 0, 0]).sum())
    ms = _median_ms(found, refined)
    fnmr = more = interval = more_interval = None
    if of.fnmr is not None and usual.fnmr is not None:
        fnmr, more = of.fnmr, of.fnmr - usual.fnmr
        interval = _interval(of.missed, of.tries, people, rng)
        more_interval = _interval(of.missed - usual.missed, of.tries, people, rng)
    return Score(
        kind=finder.kind,
        width_px=finder.width_px,
        refined=refined,
        face_px=scene.face_px,
        pictures=len(scene.photo),
        missed=missed,
        missed_wilson95=wilson(missed, len(scene.photo)),
        others=float(found.others.mean()),
        ms=ms,
        ms_ratio=ms / usual_ms if ms and usual_ms else None,
        own=_quantiles(scene.own[finder][:, second]),
        both=_quantiles(scene.both[finder][:, second]) if scene.both else None,
        fnmr=fnmr,
        fnmr_people95=interval,
        more=more,
        more_people95=more_interval,
        mated=int(of.tries.sum()),
        impostors=of.impostors,
    )


def disagreements(scene: Scene) -> dict[str, Any] | None:
    """Returns the distance of the two detectors' refined landmarks where both found the face, in eye distances.

    `rest` is the distance without the offset common to all pictures. Returns None with only one detector.
    """
    widest = {f.kind: of.points[:, 1] for f, of in sorted(scene.findings.items(), key=lambda pair: pair[0].width_px)}
    if len(widest) < 2:
        return None
    apart, rest = disagreement(widest["mtcnn"], widest["yunet"])
    known = int(np.isfinite(apart).sum())
    return {"face_px": scene.face_px, "pictures": known, "apart": _quantiles(apart), "rest": _quantiles(rest)}


def _interval(
    counts: NDArray[np.float64], tries: NDArray[np.float64], people: int, rng: np.random.Generator
) -> list[float] | None:
    def share(drawn: NDArray[np.float64]) -> float:
        return float(drawn @ counts / (drawn @ tries)) if drawn @ tries else float("nan")

    return over_people(people, share, rng)


def _median_ms(found: Findings, refined: bool) -> float | None:
    """Returns the median time: with the second look over pictures with the face found, otherwise over all."""
    ms = found.ms[:, int(refined)]
    return float(np.median(ms[np.isfinite(ms)])) if np.isfinite(ms).any() else None


def _quantiles(errors: Points | Sequence[float]) -> list[float] | None:
    known = np.asarray(errors)[np.isfinite(errors)]
    return [float(q) for q in np.quantile(known, (0.5, 0.95))] if len(known) else None
