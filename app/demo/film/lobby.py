"""The lobby before the camera. It is drawn, so no picture of a real place is needed.

The camera stands over the closed glass wings of the turnstile, at head height; everything behind is out of focus.
"""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH_PX, HEIGHT_PX = 1280, 720
# Where parallel lines meet: the camera looks level, so this is also the height of a face of the camera's own size.
HORIZON = (640, 330)
# Upper edge of the glass wings in front of whoever stands at the gate.
WINGS_Y = 545
_WINGS = ((150, 634), (646, 1130))
_RIM_PX = 6
_FROST_PX, _CLEAR, _FROST = 14, np.float32(0.62), np.array([73, 74, 73], np.float32)

Floats = NDArray[np.float32]
Point = tuple[float, float]

_WALL = (395, 200, 885, 432)  # the far wall: left, top, right, bottom
_DAYLIGHT, _PLASTER, _WOOD, _STONE = (238, 232, 222), (196, 202, 206), (92, 128, 166), (150, 154, 158)
_STEEL, _DARK = (148, 146, 142), (62, 58, 54)


@cache
def background() -> Floats:
    """Returns the empty lobby, (720, 1280, 3) float32 BGR, without the gate in front."""
    picture = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    left, top, right, bottom = _WALL
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    frame = [_outward(corner, 4.5) for corner in corners]
    for a, b, colour in ((0, 1, (225, 226, 224)), (1, 2, _PLASTER), (2, 3, _STONE), (3, 0, _DAYLIGHT)):
        _fill(picture, [corners[a], corners[b], frame[b], frame[a]], colour)
    _fill(picture, corners, (176, 180, 176))
    _windows(picture)
    _panels(picture)
    _floor_and_ceiling(picture)
    _far_wall(picture)
    lit = picture.astype(np.float32) * daylight()
    # Out of focus, as a fixed camera set to arm's length sees it; it also takes the drawing's edge off.
    soft = cv2.GaussianBlur(lit, (0, 0), 4.5)
    soft.setflags(write=False)
    return soft.astype(np.float32)


def put_gate_in_front(picture: Floats) -> None:
    """Draws the turnstile over the picture: frosted glass wings, steel rims, a cabinet on each side."""
    below = WINGS_Y - 4 * _FROST_PX
    # What is blurred this far loses nothing at a quarter of its size, and takes a tenth of the time.
    small = cv2.resize(picture[below:], None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), _FROST_PX / 4)
    frosted = cv2.resize(small, (WIDTH_PX, HEIGHT_PX - below))[WINGS_Y - below :] * _CLEAR + _FROST
    for left, right in _WINGS:
        picture[WINGS_Y:, left:right] = frosted[:, left:right]
    layer, cover = _solid_parts()
    rows = picture[WINGS_Y - _RIM_PX :]
    rows *= 1 - cover
    rows += layer


@cache
def _solid_parts() -> tuple[Floats, Floats]:
    """Rims and cabinets from just above the wings downwards: (height, 1280, 3) already covered, (height, 1280, 1)."""
    layer = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    solid = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    for left, right in _WINGS:
        for mask, colour in ((layer, (206, 206, 202)), (solid, (255,))):
            cv2.rectangle(mask, (left, WINGS_Y), (right, WINGS_Y + 6), colour, -1)
    for side in (-1, 1):
        outer, inner, back = (640 + side * x for x in (640, 468, 520))
        shape = np.array([(outer, 560), (back, 560), (inner, 600), (inner, HEIGHT_PX), (outer, HEIGHT_PX)], np.int32)
        top = np.array([(outer, 560), (back, 560), (inner, 600), (outer, 600)], np.int32)
        cv2.fillPoly(solid, [shape], 255)
        cv2.fillPoly(layer, [shape], _DARK)
        cv2.fillPoly(layer, [top], _STEEL)
        cv2.circle(layer, (640 + side * 556, 655), 20, (78, 74, 70), -1)
        cv2.circle(layer, (640 + side * 556, 655), 20, (60, 60, 196), 3)
    rows = slice(WINGS_Y - _RIM_PX, HEIGHT_PX)
    cover = cv2.GaussianBlur(solid[rows], (0, 0), 1.5).astype(np.float32)[..., None] / 255
    return (cv2.GaussianBlur(layer[rows], (0, 0), 1.5) * cover).astype(np.float32), cover.astype(np.float32)


def _windows(picture: NDArray[np.uint8]) -> None:
    """Draws a glass front on the left with the street behind it."""
    depths = np.linspace(1.0, 3.6, 8) ** 1.25 / 3.6**0.25
    for near, far in zip(depths[1:], depths[:-1], strict=True):
        low, high = 418.0, 214.0
        pane = [_outward((395, high), far), _outward((395, high), near), _outward((395, low), near)]
        _fill(picture, [*pane, _outward((395, low), far)], (246, 240, 230))
        street = [_outward((395, 352), far), _outward((395, 346), near), _outward((395, low), near)]
        _fill(picture, [*street, _outward((395, low), far)], (196, 204, 196))
        trees = [_outward((395, 300), far), _outward((395, 296), near), _outward((395, 352), near)]
        _fill(picture, [*trees, _outward((395, 352), far)], (150, 176, 148))
        _line(picture, _outward((395, high), near), _outward((395, low), near), (96, 92, 88), 3 + 2 * near)
        _line(picture, _outward((395, 262), near), _outward((395, 262), far), (110, 106, 102), 3)


def _panels(picture: NDArray[np.uint8]) -> None:
    """Draws wooden slats and two lift doors on the right."""
    low, high = 432.0, 200.0
    for depth in np.linspace(1.0, 4.2, 44):
        shade = tuple(int(c * (0.9 + 0.12 * np.sin(5 * depth))) for c in _WOOD)
        _line(picture, _outward((885, high), depth), _outward((885, low), depth), shade, 9 * depth)
    for far, near in ((1.12, 1.38), (1.6, 2.05)):
        door = [_outward((885, 262), far), _outward((885, 262), near), _outward((885, low), near)]
        _fill(picture, [*door, _outward((885, low), far)], (172, 172, 168))
        middle = (far + near) / 2
        _line(picture, _outward((885, 262), middle), _outward((885, low), middle), (112, 112, 110), 3)
        _line(picture, _outward((885, 254), far), _outward((885, 254), near), (96, 96, 94), 8)


def _floor_and_ceiling(picture: NDArray[np.uint8]) -> None:
    left, top, right, bottom = _WALL
    for x in np.linspace(left, right, 9):
        _line(picture, (x, bottom), _outward((x, bottom), 4.5), (134, 138, 142), 3)
    for depth in (1.15, 1.35, 1.6, 1.95, 2.4, 3.0, 3.6):
        _line(picture, _outward((left, bottom), depth), _outward((right, bottom), depth), (134, 138, 142), 2 * depth)
    for depth in (1.1, 1.45, 1.95):
        for x in (0.28, 0.72):
            a, b = left + (right - left) * (x - 0.09), left + (right - left) * (x + 0.09)
            lamp = [_outward((a, top), depth), _outward((b, top), depth), _outward((b, top), depth * 1.2)]
            _fill(picture, [*lamp, _outward((a, top), depth * 1.2)], (250, 252, 252))


def _far_wall(picture: NDArray[np.uint8]) -> None:
    """Draws a reception desk, a dark board above it and a plant on each side."""
    _fill(picture, [(500, 232), (780, 232), (780, 300), (500, 300)], (98, 84, 58))
    _fill(picture, [(548, 258), (732, 258), (732, 272), (548, 272)], (206, 204, 190))
    _fill(picture, [(520, 378), (760, 378), (760, 432), (520, 432)], (104, 132, 160))
    _fill(picture, [(512, 370), (768, 370), (768, 380), (512, 380)], (216, 218, 216))
    for x in (446, 834):
        _fill(picture, [(x - 15, 400), (x + 15, 400), (x + 11, 434), (x - 11, 434)], (86, 88, 92))
        for dx, dy, size in ((0, -42, 22), (-16, -24, 18), (16, -24, 18), (0, -14, 16)):
            cv2.circle(picture, (x + dx, 400 + dy), size, (84, 122 - dy, 82), -1)


def daylight() -> Floats:
    """Returns the brightness, (1, 1280, 1), higher towards the windows on the left."""
    return np.linspace(1.08, 0.86, WIDTH_PX, dtype=np.float32)[None, :, None]


def _outward(point: Point, depth: float) -> Point:
    """Returns the point moved along its line of sight. depth: 1 at the far wall, larger towards the camera."""
    return HORIZON[0] + (point[0] - HORIZON[0]) * depth, HORIZON[1] + (point[1] - HORIZON[1]) * depth


def _fill(picture: NDArray[np.uint8], points: Sequence[Point], colour: tuple[int, ...]) -> None:
    cv2.fillPoly(picture, [np.round(points).astype(np.int32)], colour, cv2.LINE_AA)


def _line(picture: NDArray[np.uint8], a: Point, b: Point, colour: tuple[int, ...], width_px: float) -> None:
    ends = [(round(p[0]), round(p[1])) for p in (a, b)]
    cv2.line(picture, ends[0], ends[1], colour, max(1, round(width_px)), cv2.LINE_AA)
