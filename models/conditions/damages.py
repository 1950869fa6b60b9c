"""What a lobby does to a picture of a face: distance, compression, blur, light, noise, tilt, and what people wear.

Each takes a photo, its face and a generator of random numbers, and returns another photo. All are drawn, not filmed.
"""

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from app.adapters.vision.photos.jpeg import encode_jpeg
from app.core.types import Face, Pixels

Damage = Callable[[Pixels, Face, np.random.Generator], Pixels]
JPEG_QUALITY = 90  # of every picture that has no other
SENSOR_NOISE = 2.0  # grey levels, in whatever light


def _pixels(values: NDArray[np.floating]) -> Pixels:
    return np.asarray(np.clip(np.rint(values), 0, 255), dtype=np.uint8)


def none(photo: Pixels, face: Face, rng: np.random.Generator) -> Pixels:
    return photo


def width(photo: Pixels, face: Face, rng: np.random.Generator, *, px: float) -> Pixels:
    """The photo shrunk or enlarged until the face is so wide."""
    ratio = px / face.box.width_px
    how = cv2.INTER_AREA if ratio < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(photo, None, fx=ratio, fy=ratio, interpolation=how), dtype=np.uint8)


def motion(photo: Pixels, face: Face, rng: np.random.Generator, *, share: float) -> Pixels:
    """Moved sideways by this share of the face's width while the picture was taken."""
    length = max(1, round(share * face.box.width_px))
    return np.asarray(cv2.blur(photo, (length, 1)), dtype=np.uint8)


def focus(photo: Pixels, face: Face, rng: np.random.Generator, *, share: float) -> Pixels:
    """Blurred by a Gaussian with this share of the face's width as its standard deviation."""
    return np.asarray(cv2.GaussianBlur(photo, (0, 0), share * face.box.width_px), dtype=np.uint8)


def gamma(photo: Pixels, face: Face, rng: np.random.Generator, *, power: float) -> Pixels:
    return _pixels(255 * (photo / 255.0) ** power)


def noise(photo: Pixels, face: Face, rng: np.random.Generator, *, levels: float) -> Pixels:
    return _pixels(photo + rng.normal(0, levels, photo.shape))


def light(photo: Pixels, face: Face, rng: np.random.Generator, *, gain: float) -> Pixels:
    """Less light, and the sensor's noise as ever."""
    return _pixels(photo * gain + rng.normal(0, SENSOR_NOISE, photo.shape))


def roll(photo: Pixels, face: Face, rng: np.random.Generator, *, degrees: float) -> Pixels:
    """Tilted to either side about the middle of the face."""
    height, wide = photo.shape[:2]
    turned = cv2.getRotationMatrix2D(face.box.centre, degrees * float(rng.choice([-1, 1])), 1.0)
    return np.asarray(cv2.warpAffine(photo, turned, (wide, height), borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)


def _frame_of(face: Face) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The middle between the eyes, the way from the right eye to the left, and that to the mouth."""
    right, left, _, *mouth = face.landmarks.astype(np.float64)
    middle = (right + left) / 2
    return middle, left - right, np.mean(mouth, axis=0) - middle


def _filled(photo: Pixels, points: NDArray[np.float64], colour: tuple[int, int, int], amount: float = 1.0) -> Pixels:
    """The convex hull of the points in one colour; its edge is soft. amount: 1 hides what is below."""
    cover = np.zeros(photo.shape[:2], np.float32)
    cv2.fillConvexPoly(cover, cv2.convexHull(np.rint(points).astype(np.int32)), 1.0)
    cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), 1.0))[..., None] * amount
    return _pixels(photo * (1 - cover) + np.array(colour, np.float32) * cover)


def mask(photo: Pixels, face: Face, rng: np.random.Generator) -> Pixels:
    """A surgical mask, from the bridge of the nose to below the chin."""
    middle, across, down = _frame_of(face)
    sides = [(-0.95, 0.35), (-0.3, 0.28), (0.0, 0.22), (0.3, 0.28), (0.95, 0.35), (0.85, 1.15), (0.4, 1.75), (0.0, 1.9)]
    points = [middle + x * across + y * down for x, y in (*sides, (-0.4, 1.75), (-0.85, 1.15))]
    return _filled(photo, np.array(points), (225, 215, 195))


def sunglasses(photo: Pixels, face: Face, rng: np.random.Generator) -> Pixels:
    """Two dark glasses and a bridge."""
    middle, across, down = _frame_of(face)
    outline = np.array([(-0.36, -0.2), (0.36, -0.2), (0.32, 0.24), (-0.26, 0.28)])
    for eye in (-0.5, 0.5):
        points = [middle + (eye + x) * across + y * down for x, y in outline]
        photo = _filled(photo, np.array(points), (28, 24, 24), 0.93)
    bridge = [middle + x * across + y * down for x, y in ((-0.2, -0.12), (0.2, -0.12), (0.2, -0.02), (-0.2, -0.02))]
    return _filled(photo, np.array(bridge), (28, 24, 24))


def _head(photo: Pixels, face: Face) -> NDArray[np.float32]:
    """(h, w, 1), 1 on head and shoulders and 0 around them, with a soft edge."""
    cover = np.zeros(photo.shape[:2], np.float32)
    (x, y), w, h = face.box.centre, face.box.width_px, face.box.height_px
    cv2.ellipse(cover, (round(x), round(y - 0.1 * h)), (round(0.72 * w), round(0.85 * h)), 0, 0, 360, 1.0, -1)
    cv2.ellipse(cover, (round(x), round(y + 2.0 * h)), (round(1.5 * w), round(1.4 * h)), 0, 0, 360, 1.0, -1)
    return np.asarray(cv2.GaussianBlur(cover, (0, 0), 0.05 * w), dtype=np.float32)[..., None]


def backlight(photo: Pixels, face: Face, rng: np.random.Generator, *, gain: float, glare: float = 0.12) -> Pixels:
    """A bright window behind: the face gets this share of its light, with a veil of the window's over it."""
    cover = _head(photo, face)
    lit = photo * gain * cover + (photo * 0.25 + 200) * (1 - cover)
    veil = cv2.GaussianBlur(np.asarray(lit, np.float32), (0, 0), 0.6 * face.box.width_px)
    return _pixels(lit * (1 - glare) + veil * glare + rng.normal(0, SENSOR_NOISE, photo.shape))


def side_light(photo: Pixels, face: Face, rng: np.random.Generator, *, darkest: float) -> Pixels:
    """Light from one side: across the face it falls to this share."""
    x = (np.arange(photo.shape[1]) - face.box.centre[0]) / face.box.width_px * float(rng.choice([-1, 1]))
    share = darkest + (1 - darkest) / (1 + np.exp(8 * x))
    return _pixels(photo * share[None, :, None] + rng.normal(0, SENSOR_NOISE, photo.shape))


def compressed(photo: Pixels, quality: int = JPEG_QUALITY) -> bytes:
    """As a camera or a phone sends it."""
    if quality == JPEG_QUALITY:
        return encode_jpeg(photo)
    written, data = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not written:
        raise ValueError("the picture cannot be written as JPEG")
    return bytes(data)


def _each(damage: Callable[..., Pixels], name: str, **values: tuple[float, ...]) -> dict[str, Damage]:
    ((argument, all_values),) = values.items()
    return {f"{name} {value:g}": partial(damage, **{argument: value}) for value in all_values}


CONDITIONS: dict[str, Damage] = {
    "as it is": none,
    **_each(width, "width px", px=(112, 96, 64, 48, 40, 32)),
    **_each(motion, "motion blur, of the width", share=(0.05, 0.1, 0.15)),
    **_each(focus, "focus blur, of the width", share=(0.01, 0.02, 0.03)),
    **_each(gamma, "gamma", power=(0.5, 2, 3)),
    **_each(noise, "noise, grey levels", levels=(5, 10, 20)),
    **_each(light, "light, share", gain=(0.45, 0.3, 0.18, 0.1, 0.05)),
    **_each(roll, "roll, degrees", degrees=(10, 20, 30, 45)),
    "surgical mask": mask,
    "sunglasses": sunglasses,
    **_each(backlight, "backlight, share", gain=(0.4, 0.2, 0.1)),
    **_each(side_light, "side light, share", darkest=(0.3, 0.1)),
}
JPEG_QUALITIES = {f"JPEG quality {quality}": quality for quality in (50, 30, 15, 8)}
