"""Detects a camera mounted sideways or upside down: faces are found only after its picture is rotated.

Detectors find faces that lean by up to about 45 degrees, so a detected face shows which way up the picture is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.core.types import Face

TURNS = (90, 180, 270)  # degrees clockwise to rotate a picture
EVERY_S = 2.0  # between looks; one costs about 5 ms
TIMES = 3  # looks with a face that must agree in a row
QUIET_S = 600.0  # after a report


def stands_upright(face: Face) -> bool:
    """Whether the mouth is below the eyes, within 45 degrees."""
    points = face.landmarks
    x, y = (points[3] + points[4] - points[0] - points[1]).tolist()
    return abs(math.degrees(math.atan2(x, y))) < 45


@dataclass(frozen=True)
class TurnSigns:
    """What the looks at one camera have found.

    Attributes:
        upright: a face was found without rotating the picture, which ends the search.
        looked_s: when the last look was, in monotonic seconds.
        turn: the rotation that showed a face at the last successful look, in degrees clockwise.
        times: how many looks with a face in a row agreed on it.
    """

    upright: bool = False
    looked_s: float = -EVERY_S
    turn: int = 0
    times: int = 0

    def with_faces(self, faces: Sequence[Face]) -> "TurnSigns":
        """Records the faces found without rotating the picture."""
        return replace(self, upright=True) if any(map(stands_upright, faces)) else self

    def due(self, now_s: float) -> bool:
        """Whether to look again."""
        return not self.upright and now_s - self.looked_s >= EVERY_S

    def with_look(self, now_s: float, turn: int | None) -> "TurnSigns":
        """Records a look. `turn` is the rotation that showed a face, or None if no rotation did."""
        if turn is None:
            return replace(self, looked_s=now_s)
        return replace(self, looked_s=now_s, turn=turn, times=self.times + 1 if turn == self.turn else 1)

    @property
    def sure(self) -> bool:
        """Whether enough looks agree."""
        return self.times >= TIMES

    def reported(self, now_s: float) -> "TurnSigns":
        """Starts again after a report, once QUIET_S has passed."""
        return TurnSigns(looked_s=now_s + QUIET_S - EVERY_S)
