"""Checks now and then whether a camera without faces shows one when its picture is turned."""

from collections.abc import Callable, Sequence

import numpy as np

from app.core.cameras.turned import TURNS, TurnSigns, stands_upright
from app.core.errors import Busy
from app.core.types import Detection, Face, Pixels

LONGEST_PX = 960


class TurnWatch:
    """Watches one camera.

    Args:
        find: Returns every face of a picture.
        on_turn: Called with the degrees by which to turn the picture, once that is certain.
    """

    def __init__(self, find: Callable[[Pixels], Sequence[Face]], on_turn: Callable[[int], None]) -> None:
        self._find = find
        self._on_turn = on_turn
        self._signs = TurnSigns()

    def frame(self, pixels: Pixels, seen: Sequence[Detection], now_s: float) -> None:
        """Called after each frame, with the faces in it. Costs nothing once an upright face was seen."""
        if self._signs.upright:
            return
        self._signs = self._signs.with_faces([each.face for each in seen])
        if not self._signs.due(now_s):
            return
        self._signs = self._signs.with_look(now_s, self._turn(pixels))
        if self._signs.sure:
            self._on_turn(self._signs.turn)
            self._signs = self._signs.reported(now_s)

    def _turn(self, pixels: Pixels) -> int | None:
        step = -(-max(pixels.shape[:2]) // LONGEST_PX)
        small, best, score = pixels[::step, ::step], None, 0.0
        for turn in TURNS:
            try:
                faces = self._find(np.ascontiguousarray(np.rot90(small, -turn // 90)))
            except Busy:
                return None  # somebody at a gate needs the engine
            for face in faces:
                if stands_upright(face) and face.score > score:
                    best, score = turn, face.score
        return best
