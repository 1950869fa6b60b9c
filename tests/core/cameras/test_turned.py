"""A camera counts as rotated if several looks agree, but never after an upright face."""

import math

import numpy as np
import pytest

from app.core.cameras.turned import EVERY_S, QUIET_S, TIMES, TurnSigns, stands_upright
from app.core.types import Box, Face

UPRIGHT = np.array([[-1, -1], [1, -1], [0, 0], [-1, 1], [1, 1]], np.float32)


def face(degrees: float) -> Face:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return Face(Box(0, 0, 9, 9), (UPRIGHT @ np.array([[c, s], [-s, c]], np.float32)).astype(np.float32), 0.9)


@pytest.mark.parametrize(
    ("degrees", "upright"), [(0, True), (30, True), (-40, True), (60, False), (90, False), (180, False)]
)
def test_upright_faces_are_recognised(degrees: float, upright: bool) -> None:
    assert stands_upright(face(degrees)) is upright


def test_consistent_turn_is_reported_periodically() -> None:
    signs = TurnSigns().with_faces([face(90)])
    now = 1000.0
    for turn in (90, None, 180, 90, None, 90):
        assert signs.due(now) and not signs.sure
        signs = signs.with_look(now, turn)
        assert not signs.due(now + EVERY_S / 2)
        now += EVERY_S
    for _ in range(TIMES - 2):
        signs = signs.with_look(now, 90)
    assert signs.sure and signs.turn == 90
    signs = signs.reported(now)
    assert not signs.sure and not signs.due(now + QUIET_S - 1) and signs.due(now + QUIET_S)


def test_one_upright_face_ends_the_search() -> None:
    signs = TurnSigns().with_look(0.0, 90).with_faces([face(90), face(10)])
    assert not signs.due(1e9)
