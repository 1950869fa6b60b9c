"""Makes the test pictures: photos as they are, and the same people small in large frames, each with the truth.

The face is at the centre of a photo, as in LFW, whose photos were cropped around it. For a rendered frame, the map from
the photo is known exactly, so landmarks found in the full-size photo show where they must be.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from app.adapters.vision.photos.image import decode
from app.core.types import Box, Pixels
from models.data.dataset import LabelledPhoto
from models.experiments.detectors.finders import Embed, Finder, Findings, Kind, Picture, Shown, find, holds
from models.experiments.detectors.landmarks import Points, copy, error, mapped, mapped_back
from models.experiments.two_steps.frames import placed, visitor

FRAME_PX = (1280, 720)
FACES_PX = (40, 48, 60, 90)  # a gate refuses below 48 (FACEGATE_MIN_FACE_PX)
HARSH = 0.5  # an overexposed face does not test a detector
_AS_IT_IS = np.eye(2, 3)


@dataclass(frozen=True, eq=False)
class Scene:
    """n pictures of one kind.

    Attributes:
        face_px: the width of the face in a frame; 0 for photos.
        photo: (n,), the photo of each picture.
        own: per finder, (n, 2), the landmark error relative to the same detector: on a moved copy for a photo, at full
            size for a frame.
        both: per finder, (n, 2), the error relative to the mean of all detectors at full size; empty for photos or with
            a single detector.
    """

    face_px: int
    photo: NDArray[np.int64]
    findings: dict[Finder, Findings]
    own: dict[Finder, Points]
    both: dict[Finder, Points]


def portraits(
    photos: Sequence[LabelledPhoto],
    finders: Sequence[Finder],
    embed: Embed,
    seed: int,
    console: Console,
    clock: Callable[[], float],
) -> Scene:
    """Runs the finders on every photo, and again on a moved copy of each."""
    _, findings = find(_photos(track(photos, "photos", console=console)), finders, embed, clock)
    copies = _copies(track(photos, "moved copies", console=console), seed)
    shown, again = find(copies, finders, None, clock)
    own = {}
    for f in finders:
        back = [mapped_back(points, of.matrix) for points, of in zip(again[f].points, shown, strict=True)]
        own[f] = error(np.stack(back), findings[f].points)
    return Scene(0, np.arange(len(photos)), findings, own, {})


def full_size(album: Scene) -> dict[Kind, Points]:
    """Returns each detector's refined landmarks in the photos, (photos, 5, 2), at its largest width."""
    widest = {f.kind: f for f in sorted(album.findings, key=lambda f: f.width_px)}
    return {kind: album.findings[f].points[:, 1] for kind, f in widest.items()}


def frames(
    photos: Sequence[LabelledPhoto],
    truth: dict[Kind, Points],
    finders: Sequence[Finder],
    embed: Embed,
    seed: int,
    console: Console,
    clock: Callable[[], float],
) -> list[Scene]:
    """Runs the finders on a frame of each photo at each of FACES_PX.

    Args:
        truth: per detector, (photos, 5, 2) from `full_size`. Photos in which one of them found nobody are skipped.
    """
    seen = track(photos, description="frames", console=console)
    cutter = max((f for f in finders if f.kind == "yunet"), key=lambda f: f.width_px)
    shown, findings = find(_frames(seen, truth, cutter, seed), finders, embed, clock)
    return [_scene(face_px, shown, findings, truth) for face_px in FACES_PX]


def _scene(face_px: int, shown: Sequence[Shown], findings: dict[Finder, Findings], truth: dict[Kind, Points]) -> Scene:
    here = [i for i, of in enumerate(shown) if of.face_px == face_px]
    expected = {
        kind: np.array([mapped(points[shown[i].photo], shown[i].matrix) for i in here]).reshape(-1, 1, 5, 2)
        for kind, points in truth.items()
    }
    mean = np.mean(list(expected.values()), axis=0)
    part = {f: Findings(of.points[here], of.vectors[here], of.others[here], of.ms[here]) for f, of in findings.items()}
    own = {f: error(of.points, expected[f.kind]) for f, of in part.items()}
    both = {f: error(of.points, mean) for f, of in part.items()} if len(truth) > 1 else {}
    return Scene(face_px, np.array([shown[i].photo for i in here], dtype=np.int64), part, own, both)


def _photos(photos: Iterable[LabelledPhoto]) -> Iterator[Picture]:
    for i, photo in enumerate(photos):
        pixels = _read(photo)
        yield Picture(pixels, Shown(i, _AS_IT_IS, _middle(pixels)))


def _copies(photos: Iterable[LabelledPhoto], seed: int) -> Iterator[Picture]:
    for picture in _photos(photos):
        i, (x, y) = picture.shown.photo, picture.shown.centre
        moved, matrix = copy(picture.pixels, np.random.default_rng((seed, 1, i)))
        x, y = matrix @ (x, y, 1)
        yield Picture(moved, Shown(i, matrix, (float(x), float(y))))


def _frames(photos: Iterable[LabelledPhoto], truth: dict[Kind, Points], cutter: Finder, seed: int) -> Iterator[Picture]:
    """Yields frames photo by photo, all widths together, because cutting out is slower than placing."""
    for picture in _photos(photos):
        i = picture.shown.photo
        faces = cutter.detector.detect(picture.pixels)
        face = next((f for f in faces if holds(f.box, picture.shown.centre)), None)
        expected = np.mean([points[i] for points in truth.values()], axis=0)
        if face is None or not np.isfinite(expected).all():
            continue
        who = visitor(picture.pixels, face.box)
        for k, face_px in enumerate(FACES_PX):
            made = placed(who, face_px, np.random.default_rng((seed, 2, i, k)), FRAME_PX, HARSH)
            matrix = _then(_between(face.box, who.face), made.matrix)
            x, y = mapped(expected, matrix).mean(axis=0)
            yield Picture(made.pixels, Shown(i, matrix, (float(x), float(y)), face_px))


def _between(before: Box, after: Box) -> Points:
    """Returns the (2, 3) map from one box to the other, which is what cutting out did to the photo's pixels."""
    ratio = after.width_px / before.width_px
    # As in resizing, pixel coordinates are at pixel centres and box coordinates at pixel edges.
    half = (ratio - 1) / 2
    shift = (after.x_px - ratio * before.x_px + half, after.y_px - ratio * before.y_px + half)
    return np.array([[ratio, 0, shift[0]], [0, ratio, shift[1]]], dtype=np.float64)


def _then(first: Points, second: Points) -> Points:
    return np.asarray(second @ np.vstack([first, [0, 0, 1]]), dtype=np.float64)


def _read(photo: LabelledPhoto) -> Pixels:
    return decode(photo.path.read_bytes())


def _middle(pixels: Pixels) -> tuple[float, float]:
    return (pixels.shape[1] - 1) / 2, (pixels.shape[0] - 1) / 2
