"""Faces that are drawn: each person has features of their own, each photo another light. No weights, no network."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.siamese.crops import Faces


def drawn_faces(people: int, photos: int, seed: int = 7) -> Faces:
    rng = np.random.default_rng(seed)
    crops = []
    for _ in range(people):
        features = rng.random(9)
        crops += [face(features, rng) for _ in range(photos)]
    names = tuple(f"Person_{i:03d}" for i in range(people))
    return Faces(names, np.repeat(np.arange(people), photos), np.stack(crops))


def face(features: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A crop with eyes, nose and mouth where the gate's frame has them."""
    skin, hair, iris = (60 + 180 * features[i : i + 3] for i in (0, 3, 6))
    picture = np.full((112, 112, 3), rng.uniform(60, 180, 3), dtype=np.float32)
    cv2.ellipse(picture, (56, 66), (round(30 + 12 * features[0]), 46), 0, 0, 360, skin.tolist(), -1)
    cv2.ellipse(
        picture, (56, 26), (round(34 + 10 * features[1]), round(12 + 14 * features[2])), 0, 0, 360, hair.tolist(), -1
    )
    for x in (38, 74):
        cv2.circle(picture, (x, 52), round(3 + 4 * features[3]), (245, 245, 245), -1)
        cv2.circle(picture, (x, 52), round(2 + 2 * features[3]), iris.tolist(), -1)
    cv2.ellipse(
        picture, (56, 92), (round(8 + 14 * features[4]), round(2 + 5 * features[5])), 0, 0, 360, (60, 60, 170), -1
    )
    lit = picture * rng.uniform(0.8, 1.2) + rng.normal(0, 5, picture.shape)
    return np.asarray(np.clip(lit, 0, 255), dtype=np.uint8)
