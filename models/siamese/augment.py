"""Turns a portrait into what a gate camera might see: pure effects on one crop, and a random mixture of them.

Each effect takes (height, width, 3) uint8 BGR and returns the same shape; `strength` is from 0 (almost none) to 1.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.recognition.alignment import SIZE_PX, TEMPLATE
from app.core.types import Pixels

Effect = Callable[[Pixels, float, np.random.Generator], Pixels]


def motion_blur(crop: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Blurs along a line of up to 15 px in any direction, as if somebody walked while the shutter was open."""
    length = 3 + 12 * strength
    angle = rng.uniform(0, np.pi)
    size = 2 * int(np.ceil(length / 2)) + 1
    kernel = np.zeros((size, size), dtype=np.float32)
    centre = size // 2
    for t in np.linspace(-length / 2, length / 2, 4 * size):
        kernel[round(centre + t * np.sin(angle)), round(centre + t * np.cos(angle))] = 1
    return _bytes(cv2.filter2D(crop, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE))


def defocus(crop: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Defocuses with a disc of 1 to 4 px radius."""
    radius = 1 + 3 * strength
    reach = int(np.ceil(radius))
    ys, xs = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(xs, ys), 0, 1).astype(np.float32)
    return _bytes(cv2.filter2D(crop, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE))


def exposure(crop: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Under- or overexposes by up to 1.2 stops, with a random contrast curve and white balance."""
    stops = rng.choice([-1.0, 1.0]) * (0.2 + strength)
    gamma = np.exp(rng.uniform(-0.3, 0.3) * strength)
    white = np.exp(rng.uniform(-0.12, 0.12, 3) * strength)
    table = (np.arange(256) / 255)[:, None] ** gamma * 2.0**stops * white
    levels = _bytes(255 * table)
    return np.ascontiguousarray(np.stack([levels[:, c][crop[..., c]] for c in range(3)], axis=-1))


def side_light(crop: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Lights the face from one side, as from a window."""
    angle = rng.uniform(0, 2 * np.pi)
    ys, xs = np.mgrid[: crop.shape[0], : crop.shape[1]]
    along = (np.cos(angle) * (xs / crop.shape[1] - 0.5) + np.sin(angle) * (ys / crop.shape[0] - 0.5)) * 2
    return _bytes(crop * (1 + (0.2 + 0.6 * strength) * along)[..., None])


def small_face(crop: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Reduces the face to 60 down to 20 px wide and enlarges it again, as if it were far away."""
    ratio = (60 - 40 * strength) / SIZE_PX
    size = max(8, round(crop.shape[1] * ratio)), max(8, round(crop.shape[0] * ratio))
    small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    return _bytes(cv2.resize(small, crop.shape[1::-1], interpolation=cv2.INTER_LINEAR))


def compression(crop: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Compresses as JPEG at quality 60 down to 15."""
    quality = round(60 - 45 * strength)
    done, data = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("the crop cannot be encoded as JPEG")
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)


def sensor_noise(crop: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Adds the noise of a cheap sensor in a dim lobby: sigma 3 to 18 levels, stronger in dark parts."""
    sigma = (3 + 15 * strength) * (1.3 - crop.astype(np.float32) / 255)
    return _bytes(crop + rng.standard_normal(crop.shape, dtype=np.float32) * sigma)


def mask(crop: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Covers mouth and chin with a mask or scarf of one colour, up to the nose as `strength` grows."""
    scale = crop.shape[0] / SIZE_PX
    nose, left, right = TEMPLATE[2], TEMPLATE[3], TEMPLATE[4]
    top = nose[1] + (1 - strength) * 0.5 * (left[1] - nose[1]) + rng.uniform(-2, 2)
    edge = rng.uniform(6, 16)
    outline = np.array(
        [
            [left[0] - 22, top + edge], [nose[0], top - 4], [right[0] + 22, top + edge],
            [right[0] + 18, SIZE_PX], [left[0] - 18, SIZE_PX],
        ]
    )  # fmt: skip
    colour = rng.uniform(20, 240, 3)
    painted = crop.copy()
    cv2.fillPoly(painted, [np.round(outline * scale).astype(np.int32)], colour.tolist(), lineType=cv2.LINE_AA)
    folds = cv2.resize(rng.uniform(-12, 12, (6, 6)).astype(np.float32), crop.shape[1::-1])
    worn = (painted != crop).any(axis=-1, keepdims=True)
    return np.where(worn, _bytes(painted + folds[..., None]), crop)


def jitter(crop: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Shifts, turns and scales slightly, because landmarks are never found in exactly the same place."""
    angle, size = rng.uniform(-6, 6) * strength, np.exp(rng.uniform(-0.06, 0.06) * strength)
    centre = (crop.shape[1] / 2, crop.shape[0] / 2)
    matrix = cv2.getRotationMatrix2D(centre, angle, size)
    matrix[:, 2] += rng.uniform(-3, 3, 2) * strength * crop.shape[0] / SIZE_PX
    return _bytes(cv2.warpAffine(crop, matrix, crop.shape[1::-1], borderMode=cv2.BORDER_REPLICATE))


# The probability of each effect, in the order in which they affect a picture: person, light, lens, sensor, codec.
EFFECTS: dict[str, tuple[Effect, float]] = {
    "jitter": (jitter, 0.6),
    "mask": (mask, 0.1),
    "side_light": (side_light, 0.2),
    "exposure": (exposure, 0.4),
    "motion_blur": (motion_blur, 0.15),
    "defocus": (defocus, 0.15),
    "small_face": (small_face, 0.25),
    "sensor_noise": (sensor_noise, 0.25),
    "compression": (compression, 0.3),
}


def gate_view(crop: Pixels, rng: np.random.Generator) -> Pixels:
    """Applies a random few of EFFECTS, and mirrors half of the time."""
    if rng.random() < 0.5:
        crop = np.ascontiguousarray(crop[:, ::-1])
    for effect, chance in EFFECTS.values():
        if rng.random() < chance:
            crop = effect(crop, float(rng.random()), rng)
    return crop


def contact_sheet(crops: NDArray[np.uint8], rng: np.random.Generator, columns: int = 6) -> Pixels:
    """Draws an overview: a row per effect from weak to strong, the mixture in the last row, a column per crop."""
    chosen = [crops[i % len(crops)] for i in range(columns)]
    rows = [_labelled("as cropped", chosen)]
    for name, (effect, _) in EFFECTS.items():
        rows.append(_labelled(name, [effect(c, i / (columns - 1), rng) for i, c in enumerate(chosen)]))
    rows.append(_labelled("mixture", [gate_view(c, rng) for c in chosen]))
    return np.concatenate(rows)


def _labelled(name: str, crops: list[Pixels]) -> Pixels:
    label = np.full((crops[0].shape[0], 130, 3), 255, dtype=np.uint8)
    cv2.putText(label, name, (4, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (0, 0, 0), 1, cv2.LINE_AA)
    return np.concatenate([label, *crops], axis=1)


def _bytes(pixels: NDArray[Any]) -> Pixels:
    return np.asarray(np.clip(np.rint(pixels), 0, 255), dtype=np.uint8)
