"""One studio a session: cutting people out takes longer than drawing them."""

import cv2
import numpy as np
import pytest

from app.core.types import Pixels
from app.demo.film.scene import Studio
from tests.photos import photo


def pixels_of(artifact: str) -> Pixels:
    return cv2.imdecode(np.frombuffer(photo(artifact), np.uint8), cv2.IMREAD_COLOR).astype(np.uint8)


@pytest.fixture(scope="session")
def studio() -> Studio:
    return Studio(pixels_of)
