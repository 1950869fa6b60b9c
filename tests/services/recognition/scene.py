"""A frame with faces in it, and recognition with a stand-in for each model."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.core.errors import BadInput
from app.core.recognition import alignment
from app.core.types import Box, Face, Pixels
from app.services.recognition.recognition import Engine, Recognition
from tests.waiting import eventually


def face(x: float, y: float, width: float) -> Face:
    scale = width / 72
    landmarks = alignment.TEMPLATE * scale + (x - 56 * scale, y - 56 * scale)
    return Face(Box(x - width / 2, y - width * 0.65, width, width * 1.3), landmarks.astype(np.float32), 0.9)


@dataclass
class FakeDetector:
    faces: list[Face] = field(default_factory=list)
    refined: list[Face] = field(default_factory=list)

    def detect(self, pixels: Pixels, *, smallest_px: float | None = None) -> list[Face]:
        return self.faces

    def refine(self, pixels: Pixels, face: Face) -> Face:
        self.refined.append(face)
        return face


@dataclass
class FakeEmbedder:
    """Counts what it embeds; can be held to keep its engine leased."""

    embedded: list[bool] = field(default_factory=list)
    started: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    held: bool = False

    def embed(self, crops: Sequence[Pixels], *, flip: bool) -> NDArray[np.float32]:
        self.embedded += [flip] * len(crops)
        self.started.set()
        if self.held:
            eventually(self.go_on)
        return np.eye(len(crops), 128, dtype=np.float32)


def textured(pixels: Pixels, landmarks: NDArray[np.float32]) -> Pixels:
    rng = np.random.default_rng(0)
    return np.repeat(np.kron(rng.integers(60, 190, (28, 28)), np.ones((4, 4)))[..., None], 3, axis=2).astype(np.uint8)


def dark(pixels: Pixels, landmarks: NDArray[np.float32]) -> Pixels:
    return (textured(pixels, landmarks) // 20).astype(np.uint8)


def decode(data: bytes) -> Pixels:
    if data == b"broken":
        raise BadInput("truncated_image", "send it again")
    return np.zeros((720, 1280, 3), dtype=np.uint8)


@dataclass
class FakeLiveness:
    """Scores a face by its width."""

    scored: list[Box] = field(default_factory=list)

    def score(self, pixels: Pixels, box: Box) -> float:
        self.scored.append(box)
        return box.width_px / 1000


@dataclass
class Scene:
    faces: list[Face]
    align: object = textured
    liveness: FakeLiveness | None = None
    detector: FakeDetector = field(init=False)
    embedder: FakeEmbedder = field(default_factory=FakeEmbedder)

    def __post_init__(self) -> None:
        self.detector = FakeDetector(self.faces)

    def recognition(self, max_wait_s: float = 0.01) -> Recognition:
        return Recognition(
            decode=decode,
            engines=[Engine(self.detector, self.embedder, self.liveness)],
            align=self.align,  # type: ignore[arg-type]
            pack_digest="d",
            precision="f32",
            max_wait_s=max_wait_s,
        )


FRAME = np.zeros((720, 1280, 3), dtype=np.uint8)
