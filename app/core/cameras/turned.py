"""Whether a camera is mounted on its side or upside down: its faces are found only when its picture is turned.

Detectors find faces that lean by up to about 45 degrees, so a face tells how its picture stands.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.core.types import Face

TURNS = (90, 180, 270)  # degrees clockwise by which a picture is turned
EVERY_S = 2.0  # a look costs some 5 ms
TIMES = 3  # looks that must agree
QUIET_S = 600.0  # after it was said


def stands_upright(face: Face) -> bool:
    """Whether its mouth is below its eyes, give or take 45 degrees. Landmarks: two eyes, nose, two mouth corners."""
    points = face.landmarks
    x, y = (points[3] + points[4] - points[0] - points[1]).tolist()
    return abs(math.degrees(math.atan2(x, y))) < 45


@dataclass(frozen=True)
class TurnSigns:
    """upright: a face was found as the picture comes; nothing more is looked for then. turn, times: what was found."""

    upright: bool = False
    looked_s: float = -EVERY_S
    turn: int = 0
    times: int = 0

    def with_faces(self, faces: Sequence[Face]) -> "TurnSigns":
        return replace(self, upright=True) if any(map(stands_upright, faces)) else self

    def due(self, now_s: float) -> bool:
        return not self.upright and now_s - self.looked_s >= EVERY_S

    def with_look(self, now_s: float, turn: int | None) -> "TurnSigns":
        """turn: by which faces were found, None where none was."""
        if turn is None:
            return replace(self, looked_s=now_s)
        return replace(self, looked_s=now_s, turn=turn, times=self.times + 1 if turn == self.turn else 1)

    @property
    def sure(self) -> bool:
        return self.times >= TIMES

    def said(self, now_s: float) -> "TurnSigns":
        return TurnSigns(looked_s=now_s + QUIET_S - EVERY_S)
