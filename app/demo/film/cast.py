"""The cast of the demo: the photos that enrol each person, the others that the gate sees, and the faces in them."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from app.adapters.vision import weights
from app.core.types import Box, Pixels


@dataclass(frozen=True)
class Portrait:
    """One photo at the gate. artifact: its name in `models/artifacts.toml`. face: in the photo's pixels.

    The face stands here and is not looked for, so that the scenes do not depend on the detector they are shown to.
    """

    artifact: str
    face: Box


@dataclass(frozen=True)
class Person:
    """Somebody in public life, named as in the credits of the packages their photos come from.

    number: the employee number, or empty for a stranger. enrolled_with: artifacts; none of them is ever seen at a gate.
    """

    name: str
    number: str = ""
    enrolled_with: tuple[str, ...] = ()


JACINDA = Person("Jacinda Ardern", "E-1001", ("person_b_1",))
EMMANUEL = Person("Emmanuel Macron", "E-1002", ("person_a_1",))
BARACK = Person("Barack Obama", "E-1003", ("obama", "obama2", "obama_partial_face"))
JOE = Person("Joe Biden")
RISHI = Person("Rishi Sunak")
EILEEN = Person("Eileen Collins")
EMPLOYEES = (JACINDA, EMMANUEL, BARACK)

# The expected verdict on each refused photo: a face cut off by the picture's edge would spoil the template.
REFUSED_PHOTOS = {"obama_partial_face": "cut_off"}

JACINDA_SMILING = Portrait("person_b_2", Box(213, 133, 279, 391))
EMMANUEL_LATER = Portrait("person_a_2", Box(202, 166, 319, 418))
BARACK_STANDING = Portrait("obama3", Box(640, 262, 269, 362))
BARACK_YOUNGER = Portrait("impostor_1", Box(223, 170, 238, 323))
JOE_STANDING = Portrait("biden", Box(428, 189, 291, 384))
RISHI_SMILING = Portrait("impostor_2", Box(236, 182, 290, 390))
EILEEN_SUITED = Portrait("astronaut", Box(181, 65, 88, 113))
PORTRAITS = (
    JACINDA_SMILING,
    EMMANUEL_LATER,
    BARACK_STANDING,
    BARACK_YOUNGER,
    JOE_STANDING,
    RISHI_SMILING,
    EILEEN_SUITED,
)


def photo_bytes(artifact: str, cache: Path) -> bytes:
    """Returns the photo as published. Raises WeightsError naming the command that fetches it."""
    return weights.load(artifact, cache)


def photo(artifact: str, cache: Path) -> Pixels:
    """The photo's pixels, BGR. Raises WeightsError."""
    pixels = cv2.imdecode(np.frombuffer(photo_bytes(artifact, cache), dtype=np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError(f"{artifact} is not a picture")
    return pixels.astype(np.uint8, copy=False)
