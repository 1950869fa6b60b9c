"""The detectors that are compared, each at several search widths, and what each finds in the same pictures."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.adapters.vision import weights
from app.adapters.vision.networks.mtcnn import NETWORKS, MtcnnNetworks
from app.adapters.vision.networks.yunet import YunetNetwork
from app.core.ports.recognition import Detector
from app.core.types import Box, Face, Pixels

Kind = Literal["yunet", "mtcnn"]
LABELS: dict[Kind, str] = {"yunet": "YuNet", "mtcnn": "MTCNN"}
WIDTHS_PX: dict[Kind, tuple[int, ...]] = {"yunet": (160, 320, 480, 640), "mtcnn": (320, 640)}
Embed = Callable[[Pixels, NDArray[np.float32]], NDArray[np.float32]]  # a picture and five landmarks to a unit vector


@dataclass(frozen=True)
class Finder:
    """One detector that searches pictures with their longer side at `width_px`; smaller ones are never enlarged."""

    kind: Kind
    width_px: int
    detector: Detector


@dataclass(frozen=True, eq=False)
class Shown:
    """What a picture shows. photo: which photo it was made of. matrix: (2, 3), from that photo's pixels to its own.
    centre: where the face truly is, in its pixels. face_px: how wide the face was rendered; 0: as the photo has it."""

    photo: int
    matrix: NDArray[np.float64]
    centre: tuple[float, float]
    face_px: int = 0


@dataclass(frozen=True, eq=False)
class Picture:
    pixels: Pixels
    shown: Shown


@dataclass(frozen=True, eq=False)
class Findings:
    """What one finder found in n pictures. The second axis: 0 as first found, 1 after the second look (`refine`).

    points: (n, 2, 5, 2) landmarks of the true face in the picture's pixels; NaN where it was missed. vectors: (n, 2, d)
    of it; NaN likewise, or where nothing was embedded. others: (n,) boxes beside it. ms: (n, 2) for all it took.
    """

    points: NDArray[np.float64]
    vectors: NDArray[np.float32]
    others: NDArray[np.int64]
    ms: NDArray[np.float64]


def open_finders(cache: Path, kinds: Iterable[Kind]) -> list[Finder]:
    """Every detector at each of its widths, one thread each. Raises WeightsError: says what to fetch."""
    found: list[Finder] = []
    for kind in kinds:
        for width in WIDTHS_PX[kind]:
            if kind == "yunet":
                detector: Detector = YunetNetwork(weights.load("yunet", cache), width_px=width).detector()
            else:
                first, second, third = (weights.load(name, cache) for name in NETWORKS)
                detector = MtcnnNetworks((first, second, third), width_px=width).detector()
            found.append(Finder(kind, width, detector))
    return found


def distinct(finders: Sequence[Finder], longest_px: int) -> list[Finder]:
    """Without those that would search pictures of that side at the same size as a narrower one."""
    return [
        f
        for f in finders
        if not any(other.kind == f.kind and longest_px <= other.width_px < f.width_px for other in finders)
    ]


def stands_for(finder: Finder, among: Iterable[Finder]) -> Finder:
    """Who searched as this one would have, after `distinct`: itself, or the widest of its kind."""
    mine = [f for f in among if f.kind == finder.kind]
    return next((f for f in mine if f.width_px == finder.width_px), max(mine, key=lambda f: f.width_px))


def find(
    pictures: Iterable[Picture], finders: Sequence[Finder], embed: Embed | None, clock: Callable[[], float]
) -> tuple[list[Shown], dict[Finder, Findings]]:
    """Every finder looks at every picture, in turns, so that whatever else the machine does slows all of them.

    The true face is the best-scored box that holds `shown.centre`. clock: seconds.
    """
    shown: list[Shown] = []
    rows: dict[Finder, list[tuple[Any, ...]]] = {finder: [] for finder in finders}
    for i, picture in enumerate(pictures):
        shown.append(picture.shown)
        # Nobody always goes first, when the picture is not yet in the processor's cache, whatever else goes in turns.
        for at in np.random.default_rng(i).permutation(len(finders)):
            finder = finders[at]
            rows[finder].append(_look(finder.detector, picture, embed, clock))
    vectors = (found[1] for of in rows.values() for found, *_ in of if found and found[1])
    size = len(next(vectors, [[0.0]])[0])
    return shown, {finder: _findings(of, size) for finder, of in rows.items()}


def _look(detector: Detector, picture: Picture, embed: Embed | None, clock: Callable[[], float]) -> tuple[Any, ...]:
    began = clock()
    faces = detector.detect(picture.pixels)
    seen = clock()
    face = next((f for f in faces if holds(f.box, picture.shown.centre)), None)
    if face is None:
        return None, len(faces), seen - began, np.nan
    again = clock()
    fine = detector.refine(picture.pixels, face)
    refined = clock()
    looks = (face, fine)
    vectors = [embed(picture.pixels, f.landmarks) for f in looks] if embed else None
    return (looks, vectors), len(faces) - 1, seen - began, seen - began + refined - again


def _findings(rows: Sequence[tuple[Any, ...]], size: int) -> Findings:
    points = np.full((len(rows), 2, 5, 2), np.nan)
    vectors = np.full((len(rows), 2, size), np.nan, dtype=np.float32)
    for i, (found, *_) in enumerate(rows):
        if found is not None:
            looks: tuple[Face, Face] = found[0]
            points[i] = [face.landmarks for face in looks]
            if found[1]:
                vectors[i] = found[1]
    others = np.array([row[1] for row in rows], dtype=np.int64)
    return Findings(points, vectors, others, 1000 * np.array([row[2:] for row in rows], dtype=np.float64))


def holds(box: Box, point: tuple[float, float]) -> bool:
    """Whether the point lies inside the box."""
    across, down = point[0] - box.x_px, point[1] - box.y_px
    return 0 <= across <= box.width_px and 0 <= down <= box.height_px
