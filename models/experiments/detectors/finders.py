"""Runs the detectors, each at several search widths, on the same pictures."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.adapters.vision import weights
from app.adapters.vision.networks import yunet
from app.adapters.vision.networks.mtcnn import NETWORKS, MtcnnNetworks
from app.core.ports.recognition import Detector
from app.core.types import Box, Face, Pixels

Kind = Literal["yunet", "mtcnn"]
LABELS: dict[Kind, str] = {"yunet": "YuNet", "mtcnn": "MTCNN"}
WIDTHS_PX: dict[Kind, tuple[int, ...]] = {"yunet": (160, 320, 480, 640), "mtcnn": (320, 640)}
Embed = Callable[[Pixels, NDArray[np.float32]], NDArray[np.float32]]  # picture, five landmarks -> unit vector


@dataclass(frozen=True)
class Finder:
    """One detector that searches pictures resized to `width_px` on the longer side, but never enlarged."""

    kind: Kind
    width_px: int
    detector: Detector


@dataclass(frozen=True, eq=False)
class Shown:
    """The truth about a picture.

    Attributes:
        photo: the photo it was made from.
        matrix: (2, 3), from that photo's pixels to this picture's.
        centre: the true centre of the face, in pixels.
        face_px: the rendered width of the face; 0 for an unchanged photo.
    """

    photo: int
    matrix: NDArray[np.float64]
    centre: tuple[float, float]
    face_px: int = 0


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture and the truth about it."""

    pixels: Pixels
    shown: Shown


@dataclass(frozen=True, eq=False)
class Findings:
    """The results of one finder on n pictures. On the second axis, 0 is the first result, 1 that of `refine`.

    Attributes:
        points: (n, 2, 5, 2), landmarks of the true face in pixels; NaN if it was missed.
        vectors: (n, 2, d), its embeddings; NaN if it was missed or not embedded.
        others: (n,), the number of other boxes.
        ms: (n, 2), the time it took.
    """

    points: NDArray[np.float64]
    vectors: NDArray[np.float32]
    others: NDArray[np.int64]
    ms: NDArray[np.float64]


def open_finders(cache: Path, kinds: Iterable[Kind]) -> list[Finder]:
    """Opens every detector at each of its widths, on one thread. Raises WeightsError, which says what to fetch."""
    found: list[Finder] = []
    for kind in kinds:
        for width in WIDTHS_PX[kind]:
            if kind == "yunet":
                finder, mesh = (weights.load(name, cache) for name in yunet.NETWORKS)
                detector: Detector = yunet.YunetNetwork(finder, mesh, width_px=width).detector()
            else:
                first, second, third = (weights.load(name, cache) for name in NETWORKS)
                detector = MtcnnNetworks((first, second, third), width_px=width).detector()
            found.append(Finder(kind, width, detector))
    return found


def distinct(finders: Sequence[Finder], longest_px: int) -> list[Finder]:
    """Drops finders that would search pictures of this size exactly like a narrower one."""
    return [
        f
        for f in finders
        if not any(other.kind == f.kind and longest_px <= other.width_px < f.width_px for other in finders)
    ]


def stands_for(finder: Finder, among: Iterable[Finder]) -> Finder:
    """Returns the finder that stands for this one after `distinct`: itself, or the widest of its kind."""
    mine = [f for f in among if f.kind == finder.kind]
    return next((f for f in mine if f.width_px == finder.width_px), max(mine, key=lambda f: f.width_px))


def find(
    pictures: Iterable[Picture], finders: Sequence[Finder], embed: Embed | None, clock: Callable[[], float]
) -> tuple[list[Shown], dict[Finder, Findings]]:
    """Runs every finder on every picture in alternation, so that other load on the machine slows all of them equally.

    The true face is the box with the best score that contains `shown.centre`.

    Args:
        clock: returns seconds.
    """
    shown: list[Shown] = []
    rows: dict[Finder, list[tuple[Any, ...]]] = {finder: [] for finder in finders}
    for i, picture in enumerate(pictures):
        shown.append(picture.shown)
        # In random order, because the first finder meets a picture that is not yet in the processor's cache.
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
    """Whether the box contains the point."""
    across, down = point[0] - box.x_px, point[1] - box.y_px
    return 0 <= across <= box.width_px and 0 <= down <= box.height_px
