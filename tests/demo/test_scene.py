"""A frame shows what its description says: who, where, how large; the same one every time."""

import cv2
import numpy as np
import pytest

from app.adapters.vision import weights
from app.adapters.vision.networks import yunet
from app.core.types import Pixels
from app.demo.film import lobby
from app.demo.film.cast import EMMANUEL_LATER, EMPLOYEES, JACINDA_SMILING, PORTRAITS, Portrait
from app.demo.film.scene import AGAINST_THE_LIGHT, DAY, EVENING, SUNNY, Frame, Light, PlacedFigure, Studio
from app.settings import read_settings


@pytest.fixture(scope="module")
def detector() -> yunet.YunetDetector:
    finder, mesh = (weights.load(name, read_settings().cache) for name in yunet.NETWORKS)
    return yunet.YunetNetwork(finder, mesh).detector()


def test_frames_are_what_a_camera_sends(studio: Studio) -> None:
    data = studio.shoot(Frame((PlacedFigure(JACINDA_SMILING, 120),)), seed=1)
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert decoded.shape == (lobby.HEIGHT_PX, lobby.WIDTH_PX, 3)
    assert decoded.dtype == np.uint8


def test_equal_descriptions_give_equal_frames_in_any_studio(studio: Studio) -> None:
    frame = Frame((PlacedFigure(JACINDA_SMILING, 120, 0.4, roll_deg=7, yaw_deg=-6),), EVENING)
    first = studio.shoot(frame, seed=3)
    assert studio.shoot(frame, seed=3) == first
    assert Studio(studio._photo).shoot(frame, seed=3) == first
    assert studio.shoot(frame, seed=4) != first


def test_figures_do_not_change_the_lobby(studio: Studio) -> None:
    before = studio.draw(Frame(), seed=0)
    studio.draw(Frame((PlacedFigure(EMMANUEL_LATER, 200),)), seed=0)
    assert np.array_equal(studio.draw(Frame(), seed=0), before)


@pytest.mark.parametrize("light", [DAY, EVENING, AGAINST_THE_LIGHT, SUNNY], ids=["day", "evening", "against", "sunny"])
def test_empty_lobby_has_no_face(studio: Studio, detector: yunet.YunetDetector, light: Light) -> None:
    assert detector.detect(studio.draw(Frame(light=light))) == []


@pytest.mark.parametrize("face_px", [62, 120, 250])
@pytest.mark.parametrize("portrait", PORTRAITS, ids=lambda portrait: portrait.artifact)
def test_face_is_where_and_as_large_as_described(
    studio: Studio, detector: yunet.YunetDetector, portrait: Portrait, face_px: float
) -> None:
    standing = PlacedFigure(portrait, face_px, 0.45, roll_deg=-5, yaw_deg=5)
    _assert_found(studio.draw(Frame((standing,))), studio, standing, detector)


def test_face_tilts_with_its_head(studio: Studio, detector: yunet.YunetDetector) -> None:
    for roll_deg in (-14, 14):
        standing = PlacedFigure(JACINDA_SMILING, 160, 0.5, roll_deg=roll_deg)
        _assert_found(studio.draw(Frame((standing,))), studio, standing, detector)
        offset = studio.face_of(standing).centre[0] - lobby.WIDTH_PX / 2
        assert offset * roll_deg > 0


def test_figure_at_the_edge_is_clipped(studio: Studio) -> None:
    for x in (0.0, 1.0):
        assert studio.draw(Frame((PlacedFigure(JACINDA_SMILING, 200, x),))).shape == (720, 1280, 3)


def test_enrolment_photos_are_not_shown_at_the_gate() -> None:
    enrolled = {name for person in EMPLOYEES for name in person.enrolled_with}
    assert enrolled
    assert not enrolled & {portrait.artifact for portrait in PORTRAITS}


def _assert_found(picture: Pixels, studio: Studio, standing: PlacedFigure, detector: yunet.YunetDetector) -> None:
    found = [detector.refine(picture, face) for face in detector.detect(picture)]
    assert len(found) == 1
    meant, seen = studio.face_of(standing), found[0].box
    assert seen.width_px == pytest.approx(meant.width_px, rel=0.2)
    assert seen.centre == pytest.approx(meant.centre, abs=0.2 * meant.width_px)
