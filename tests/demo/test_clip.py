"""The live camera's clip shows the walks as they are written, moves like a picture does, and is always the same."""

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from app.adapters.vision import weights
from app.adapters.vision.networks import yunet
from app.core.types import Box
from app.demo.film import clip, lobby
from app.demo.film.scene import Studio
from app.demo.film.walks import FPS, LENGTH_S, WALKS, scene
from app.settings import read_settings

TWO_SECONDS = 2 * FPS


@pytest.fixture(scope="module")
def detector() -> yunet.YunetDetector:
    finder, mesh = (weights.load(name, read_settings().cache) for name in yunet.NETWORKS)
    return yunet.YunetNetwork(finder, mesh).detector()


def decoded(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        assert container.streams.video[0].average_rate == FPS
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def test_film_is_reproducible_and_no_picture_repeats(studio: Studio, tmp_path: Path) -> None:
    progress: list[int] = []
    for name in ("one", "two"):
        clip.film(studio, tmp_path / name, TWO_SECONDS, lambda: progress.append(1))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert len(progress) == 2 * TWO_SECONDS
    pictures = decoded(tmp_path / "one")
    assert len(pictures) == TWO_SECONDS
    assert pictures[0].shape == (lobby.HEIGHT_PX, lobby.WIDTH_PX, 3)
    # The first half second is an empty lobby: only the sensor's noise tells its pictures apart.
    assert scene(0.4).people == ()
    assert min(float((a != b).mean()) for a, b in pairwise(pictures)) > 0.02


def test_another_studio_draws_the_same_picture(studio: Studio) -> None:
    number = round(2.5 * FPS)
    assert np.array_equal(clip.picture(Studio(studio._photo), number), clip.picture(studio, number))


@pytest.mark.parametrize("at_s", [0.2, 2.0, 3.4, 5.2, 8.2, 12.4, 15.3, 18.6, 20.0, LENGTH_S - 0.2])
def test_faces_are_where_the_walks_say(studio: Studio, detector: yunet.YunetDetector, at_s: float) -> None:
    number = round(at_s * FPS)
    meant = [studio.face_of(standing) for standing in scene(number / FPS).people]
    whole = [face for face in meant if face.x_px >= 0 and face.x_px + face.width_px <= lobby.WIDTH_PX]
    # Searched at a quarter of its width, the picture shows a face of 40 px in one frame and not in the next.
    sure = [face for face in whole if face.width_px > 45]
    picture = clip.picture(studio, number)
    found = [detector.refine(picture, face).box for face in detector.detect(picture)]
    assert len(sure) <= len(found) <= len(whole)
    for box in found:
        assert any(_agree(box, face) for face in whole)
    for face in sure:
        assert any(_agree(box, face) for box in found)


def test_approaching_figure_grows_smoothly(studio: Studio) -> None:
    jacinda = WALKS[0]
    faces = [
        studio.face_of(standing).width_px
        for number in range(round(jacinda.comes_s * FPS) + 1, round(3.8 * FPS))
        if (standing := jacinda.standing(number / FPS))
    ]
    growth = [b / a for a, b in pairwise(faces)]
    assert len(growth) > 2 * FPS
    assert min(growth) > 1
    assert max(growth) < 1.15


def _agree(found: Box, meant: Box) -> bool:
    away = max(abs(a - b) for a, b in zip(found.centre, meant.centre, strict=True))
    return away < 0.25 * meant.width_px and abs(found.width_px / meant.width_px - 1) < 0.25
