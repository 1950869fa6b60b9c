"""Frames of faces, one after the other, and the tracks that come of them."""

from datetime import timedelta

import numpy as np

from app.core.approach.tracks import Rules, Scene, Step, Track, step
from app.core.types import Box, Detection, Face, Quality, Sample, Vector
from tests.fakes import NOW

RULES = Rules(same_person=0.36)
FRAME_S = 0.04


def face(
    x: float, width: float = 100, *, y: float = 300, of: Vector | None = None, quality: float = 0.9, tag: float = 0
) -> Detection:
    """A face whose middle is at (x, y). of: whom it shows; None for one that cannot be compared."""
    box = Box(x - width / 2, y - width * 0.65, width, width * 1.3)
    seen = Face(box, np.full((5, 2), tag, np.float32), 0.9)
    return Detection(seen, Quality(quality)) if of is None else Sample(seen, Quality(quality), of)


class Film:
    """Frames one after the other, and what became of the tracks."""

    def __init__(self, fps: float = 25, rules: Rules = RULES) -> None:
        self.scene, self.at, self.fps, self.rules = Scene(), NOW, fps, rules
        self.ended: list[Track] = []
        self.last: Step | None = None

    def show(self, *faces: Detection, after_s: float | None = None) -> Step:
        self.at += timedelta(seconds=1 / self.fps if after_s is None else after_s)
        self.last = step(self.scene, faces, self.at, self.rules)
        self.scene = self.last.scene
        self.ended += self.last.ended
        return self.last

    def ids(self) -> list[int]:
        return [t.id for t in self.scene.tracks]

    def id_of(self, seen: Detection) -> int:
        assert self.last is not None
        return next(i for i, one in self.last.faces.items() if one is seen)

    def track(self, track_id: int) -> Track:
        return next(t for t in self.scene.tracks if t.id == track_id)
