"""A camera at a gate as the services see it: faces of scripted frames, 25 a second, and what came of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from app.core.approach.tracks import Rules
from app.core.approach.tries import Region
from app.core.errors import NotRecorded
from app.core.events.decision import RecordedDecision
from app.core.gates.gate import Gate
from app.core.types import Box, Detection, Face, Pixels, Quality, QualityProblem, Sample, Vector
from app.services.access.approaches import Approaches, Watch
from tests.services.process import SAME_PERSON, Process

FRAME = timedelta(milliseconds=40)
PICTURE: Pixels = np.zeros((720, 1280, 3), np.uint8)
POOR = (QualityProblem.TURNED_AWAY,)


def face(
    of: Vector | None, width: float = 120, x: float = 640, *, quality: float = 0.9, liveness: float | None = None
) -> Detection:
    """of: whom it shows; None for a face that is turned away."""
    box = Box(x - width / 2, 360 - width / 2, width, width)
    good = Quality(quality) if of is not None else Quality(quality, POOR)
    seen = Face(box, np.zeros((5, 2), np.float32), 0.9)
    return Detection(seen, good) if of is None else Sample(seen, good, of, liveness)


class Stage:
    """The clock of the process runs with the frames."""

    def __init__(self, site: Process, store: Any = None) -> None:
        self.site = site
        self.gate = site.gates.get("lobby-1")
        self.watch = Watch("door", self.gate.id, Region(min_face_px=48))
        self.carried: list[RecordedDecision] = []
        self.hints: list[tuple[str, str]] = []
        self.snapshots: list[Detection] = []
        self.approaches = Approaches(
            store=store or site.store,
            decisions=site.decisions,
            rules=Rules(SAME_PERSON),
            snapshot=self._snapshot,
            carry_out=lambda gate, answer: self.carried.append(answer),
            tailgating=lambda gate, camera: self.hints.append((gate.name, camera)),
        )

    def _snapshot(self, pixels: Pixels, seen: Detection) -> Pixels:
        self.snapshots.append(seen)
        return np.full((1, 1, 3), round(seen.face.box.width_px) % 256, np.uint8)

    def show(self, *faces: Detection, times: int = 1, each: timedelta = FRAME) -> list[RecordedDecision]:
        """The same faces in so many frames."""
        answers: list[RecordedDecision] = []
        for _ in range(times):
            self.site.clock.now += each
            answers += self.approaches.frame(self.watch, faces, PICTURE, self.site.clock.now)
        return answers

    def leave(self) -> list[RecordedDecision]:
        """An empty picture until nobody is awaited any more."""
        return self.show(times=25)

    def now(self, gate: Gate | None = None) -> RecordedDecision:
        return self.approaches.now(self.watch, gate or self.gate, self.site.clock.now)

    @property
    def at(self) -> datetime:
        return self.site.clock.now


def reasons(answers: list[RecordedDecision]) -> list[str]:
    return [answer.reason for answer in answers]


class Unreachable:
    """A database that is gone whenever `gone` says so."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.gone = False
        self.asked = 0

    @contextmanager
    def _through(self, of: str, *args: Any) -> Iterator[Any]:
        self.asked += 1
        if self.gone:
            raise NotRecorded("the database is gone")
        with getattr(self._store, of)(*args) as tx:
            yield tx

    def read(self, within: timedelta | None = None) -> Any:
        return self._through("read", within)

    def write(self, deadline: timedelta | None = None) -> Any:
        return self._through("write", deadline)

    def close(self) -> None:
        self._store.close()
