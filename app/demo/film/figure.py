"""A person cut out of a portrait, to be placed in scenes.

The cut follows the silhouette (GrabCut), because a face in a feathered oval looks like no visitor and its halo is what
a detector would see first.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.types import Box, Pixels

# Face width of every figure, in its own pixels: the largest a scene shows, so that nothing is blown up twice.
FACE_PX = 260
# Face width at which the silhouette is found: GrabCut takes 0.1 s there and 2 s at full size.
_CUT_PX = 56
_GRABCUT_ROUNDS = 4
# Half the window's width, and its height over the face, in face widths and face heights.
_BESIDE, _ABOVE = 2.3, 0.75

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Figure:
    """pixels: (height, width, 3) float32 BGR, 0 to 255. alpha: (height, width) float32, 0 to 1. face: in its pixels."""

    pixels: Floats
    alpha: Floats
    face: Box


def cut_out(photo: Pixels, face: Box) -> Figure:
    """Returns the person with this face, from the head to the edge of the photo."""
    scale = min(1.0, FACE_PX / face.width_px)
    x = face.centre[0]
    left, right = max(0, x - _BESIDE * face.width_px), min(photo.shape[1], x + _BESIDE * face.width_px)
    top = max(0, face.y_px - _ABOVE * face.height_px)
    window = photo[round(top) :, round(left) : round(right)]
    pixels = _resized(window.astype(np.float32), scale)
    shifted = Box(
        (face.x_px - round(left)) * scale,
        (face.y_px - round(top)) * scale,
        face.width_px * scale,
        face.height_px * scale,
    )
    return Figure(pixels, _silhouette(pixels, shifted), shifted)


def scaled(figure: Figure, face_px: float) -> Figure:
    """Returns the figure scaled so that its face is `face_px` wide."""
    ratio = face_px / figure.face.width_px
    face = figure.face
    return Figure(
        _resized(figure.pixels, ratio),
        _resized(figure.alpha, ratio),
        Box(face.x_px * ratio, face.y_px * ratio, face.width_px * ratio, face.height_px * ratio),
    )


def shortened(figure: Figure, height_px: int) -> Figure:
    """The figure's upper `height_px` rows."""
    return Figure(figure.pixels[:height_px], figure.alpha[:height_px], figure.face)


def lengthened(figure: Figure, height_px: int) -> Figure:
    """Returns the figure lengthened to `height_px`. Portraits end at the chest, so the lowest clothing is stretched."""
    height = len(figure.alpha)
    if height >= height_px:
        return shortened(figure, height_px)
    keep = height - max(4, height // 12)

    # One even cloth further down: a tie drawn out to the hip is what gives the trick away.
    weight = figure.alpha[keep:, :, None] + 1e-3
    sigma = 0.35 * figure.face.width_px
    cloth = _blurred(figure.pixels[keep:] * weight, sigma) / _blurred(weight, sigma)[..., None]
    # By the face and not by the length: somebody who comes nearer wears the same clothes all the way.
    rows = np.arange(height_px - keep, dtype=np.float32)
    even = _smooth(rows / (0.6 * figure.face.width_px))[:, None, None]
    hem = _stretched(figure.pixels[keep:], height_px - keep) * (1 - even) + _stretched(cloth, height_px - keep) * even
    alpha = _stretched(figure.alpha[keep:], height_px - keep)
    return Figure(
        np.concatenate([figure.pixels[:keep], hem]), np.concatenate([figure.alpha[:keep], alpha]), figure.face
    )


def _silhouette(pixels: Floats, face: Box) -> Floats:
    """Returns the person's alpha, (height, width), with an edge as soft as about a fiftieth of the face."""
    ratio = _CUT_PX / face.width_px
    small = cv2.resize(pixels, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA).astype(np.uint8)
    marks = _prior(small.shape[:2], face, ratio)
    # GrabCut draws its first clusters by chance; the demo must be the same every time.
    cv2.setRNGSeed(1)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(small, marks, (0, 0, 0, 0), *models, _GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    person = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    opened = cv2.morphologyEx(person, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)).astype(np.uint8)
    _, labels = cv2.connectedComponents(_shouldered(closed, face, ratio))
    middle = labels[round(face.centre[1] * ratio), round(face.centre[0] * ratio)]
    soft = _blurred((labels == middle).astype(np.float32), 1.1)
    alpha = cv2.resize(soft, pixels.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    # Half a small pixel inwards: the rim of the cut still shows the photo's own background.
    return np.asarray(np.clip((alpha - 0.45) / 0.4, 0, 1), dtype=np.float32)


def _shouldered(person: NDArray[np.uint8], face: Box, ratio: float) -> NDArray[np.uint8]:
    """Returns the mask with round shoulders where the photo's edge cut them square. Head, neck and chest stay."""
    radius = _CUT_PX // 3
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    padded = cv2.copyMakeBorder(person, 0, 2 * radius, 0, 0, cv2.BORDER_REPLICATE)
    padded = cv2.copyMakeBorder(padded, 0, 0, 2 * radius, 2 * radius, cv2.BORDER_CONSTANT, value=0)
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, disc)
    opened = opened[: person.shape[0], 2 * radius : 2 * radius + person.shape[1]]
    ys, xs = np.mgrid[: person.shape[0], : person.shape[1]]
    kept = (ys < (face.y_px + 1.1 * face.height_px) * ratio) | (np.abs(xs - face.centre[0] * ratio) < 0.55 * _CUT_PX)
    return np.where(kept, person, opened).astype(np.uint8)


def _prior(shape: tuple[int, ...], face: Box, ratio: float) -> NDArray[np.uint8]:
    """Returns the areas that are certainly and probably the person, by the proportions of head and shoulders."""
    ys, xs = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    x = (xs - face.centre[0] * ratio) / (face.width_px * ratio)
    y = (ys - (face.y_px + face.height_px) * ratio) / (face.height_px * ratio)  # 0 at the chin, 1 a face lower
    marks = np.full(shape, cv2.GC_PR_BGD, np.uint8)
    shoulders = np.interp(y, [0.0, 0.1, 0.3, 0.7], [0.3, 0.6, 1.2, 1.6])
    hair = (x / 0.75) ** 2 + ((y + 0.6) / 0.85) ** 2 < 1
    marks[hair | ((y > 0) & (np.abs(x) < shoulders))] = cv2.GC_PR_FGD
    # A white collar before a white wall is no wall.
    core = np.interp(y, [0.1, 0.25, 0.5, 0.9], [0.25, 0.5, 0.6, 0.9])
    inner = (x / 0.45) ** 2 + ((y + 0.5) / 0.55) ** 2 < 1
    marks[inner | ((y > -0.2) & (np.abs(x) < core))] = cv2.GC_FGD
    outer = np.interp(y, [-0.3, 0.3, 0.6], [1.05, 1.3, 2.15])
    marks[(np.abs(x) > outer) | (y < -1.55)] = cv2.GC_BGD
    return marks


def _resized(layer: Floats, ratio: float) -> Floats:
    how = cv2.INTER_AREA if ratio < 1 else cv2.INTER_CUBIC
    size = max(1, round(layer.shape[1] * ratio)), max(1, round(layer.shape[0] * ratio))
    return np.clip(cv2.resize(layer, size, interpolation=how), 0, 255).astype(np.float32)


def _blurred(layer: Floats, sigma: float) -> Floats:
    return cv2.GaussianBlur(layer, (0, 0), sigma).astype(np.float32, copy=False)


def _stretched(layer: Floats, height_px: int) -> Floats:
    return cv2.resize(layer, (layer.shape[1], height_px), interpolation=cv2.INTER_LINEAR).astype(np.float32)


def _smooth(value: Floats) -> Floats:
    t = np.clip(value, 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)
