"""Measures how well vectors separate people not trained on, in portraits and as a gate camera sees them."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.siamese.augment import gate_view
from models.siamese.crops import Crops, Faces

Vectors = NDArray[np.float32]
Embed = Callable[[Crops], Vectors]  # (n, 112, 112, 3) BGR crops to (n, d) unit vectors

FMRS = (0.1, 0.01, 0.001, 0.0001)
GATE_SEED = 20261124  # validation uses the same gate views in every epoch and run


@dataclass(frozen=True)
class Verification:
    """Verification errors: the false non-match rates at FMRS (ISO/IEC 19795-1), and the equal error rate."""

    mates: int
    strangers: int
    eer: float
    fnmr: tuple[float, ...]

    @property
    def error(self) -> float:
        """The mean of `fnmr` with half a pair added, so that no misses in a thousand is not infinitely good."""
        return (float(np.mean(self.fnmr)) * self.mates + 0.5) / self.mates


@dataclass(frozen=True)
class Judgement:
    """Errors of photo against photo, and of photo against another photo as a gate camera sees it."""

    portraits: Verification
    gate: Verification

    @property
    def error(self) -> float:
        """The quantity that training minimises: the geometric mean, so that no view improves at the other's cost."""
        return float(np.sqrt(self.portraits.error * self.gate.error))

    def row(self) -> dict[str, Any]:
        """Returns the errors, ready for JSON."""
        views = {view: asdict(getattr(self, view)) for view in ("portraits", "gate")}
        for view in views.values():
            view["fnmr"] = list(view["fnmr"])
        return {"error": self.error, **views}


def verification(mates: NDArray[np.floating], strangers: NDArray[np.floating]) -> Verification:
    """Returns the errors from similarities. The threshold at an FMR is the lowest at which no more strangers match.

    Raises:
        ValueError: a sample is empty.
    """
    if not len(mates) or not len(strangers):
        raise ValueError("verification needs pairs of one person and pairs of two people")
    descending = np.sort(strangers)[::-1]
    allowed = [int(fmr * len(strangers)) for fmr in FMRS]
    fnmr = tuple(float((mates <= descending[min(k, len(descending) - 1)]).mean()) for k in allowed)
    levels = np.unique(np.concatenate([mates, strangers]))
    misses = np.searchsorted(np.sort(mates), levels, side="left") / len(mates)
    matches = 1 - np.searchsorted(descending[::-1], levels, side="left") / len(strangers)
    where = int(np.argmin(np.abs(misses - matches)))
    return Verification(len(mates), len(strangers), float((misses[where] + matches[where]) / 2), fnmr)


def gate_views(faces: Faces) -> Crops:
    """Returns each crop as a gate camera might see it."""
    rng = np.random.default_rng(GATE_SEED)
    return np.stack([gate_view(crop, rng) for crop in faces.crops])


def judge(embed: Embed, faces: Faces, views: Crops) -> Judgement:
    """Judges an embedder on these faces. `views` is `gate_views(faces)`, made once."""
    templates, probes = embed(faces.crops), embed(views)
    same = faces.person[:, None] == faces.person[None, :]
    upper = np.triu(np.ones_like(same), 1).astype(bool)
    portraits, gate = templates @ templates.T, templates @ probes.T
    off_diagonal = ~np.eye(len(same), dtype=bool)  # a photo against its own gate view does not count
    return Judgement(
        verification(portraits[same & upper], portraits[~same & upper]),
        verification(gate[same & off_diagonal], gate[~same]),
    )
