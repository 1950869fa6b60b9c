"""From one frame to the sighting of the person at the gate, or the reason there is none; bounded in time and memory.

Decoding and inference happen under a lease of one engine, so as many frames are in work as there are engines, and what
waits too long is refused instead of answered late.
"""

import queue
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from app.core import subject
from app.core.errors import BadInput, Busy
from app.core.ports import Aligner, Decoder, Detector, Embedder
from app.core.quality import GATE, QualityLimits, assess
from app.core.tracks import Seen
from app.core.types import Box, Face, Look, Pixels, Quality, QualityProblem, Reason, Sighting

SNAPSHOT_HEIGHT_PX = 240
ROUGHLY = 0.85


@dataclass(frozen=True)
class Engine:
    """What one request holds while it looks: both serve one thread at a time."""

    detector: Detector
    embedder: Embedder


class Recognition:
    """Looks at frames. Safe to share between threads."""

    def __init__(
        self,
        *,
        decode: Decoder,
        engines: Sequence[Engine],
        align: Aligner,
        pack_digest: str,
        precision: str,
        max_wait_s: float = 1.0,
    ) -> None:
        if not engines:
            raise ValueError("recognition needs at least one engine")
        self.pack_digest = pack_digest
        self.precision = precision
        self.engines = len(engines)
        self._decode = decode
        self._align = align
        self._max_wait_s = max_wait_s
        # Last in, first out: the engine used last has its buffers in the cache.
        self._idle: queue.LifoQueue[Engine] = queue.LifoQueue()
        for engine in engines:
            self._idle.put(engine)

    def look(self, pixels: Pixels, *, limits: QualityLimits = GATE, flip: bool = False) -> Look:
        """Finds the face at the gate in (height, width, 3) uint8 BGR and embeds it, and no other.

        flip: average with the mirror image, as templates are made; twice the embedding time.

        Raises:
            Busy: no engine became free within `max_wait_s`.
        """
        with self._lease() as engine:
            return self._look(engine, pixels, limits, flip)

    def look_bytes(self, data: bytes, *, limits: QualityLimits = GATE, flip: bool = False) -> Look:
        """`look` at an encoded picture. Raises Busy, and BadInput or TooLarge of the decoder."""
        return self.looks([data], limits=limits, flip=flip)[0]

    def looks(self, frames: Sequence[bytes], *, limits: QualityLimits = GATE, flip: bool = False) -> list[Look]:
        """One look for each encoded frame, in order, under one lease. Raises as `look_bytes`.

        One frame after the other: a batch of crops takes as long as the crops one by one.
        """
        with self._lease() as engine:
            return [self._look(engine, self._decode(frame), limits, flip) for frame in frames]

    def see(
        self, pixels: Pixels, *, region: Box, most: int, limits: QualityLimits = GATE, flip: bool = False
    ) -> list[Seen]:
        """Every face in a region of a frame, widest first; the `most` widest are embedded if they are good enough.

        region: in frame pixels; only there is searched. Boxes and landmarks come back in frame pixels. Raises Busy.
        """
        _check(pixels)
        rows = _span(region.y_px, region.y_px + region.height_px, pixels.shape[0])
        columns = _span(region.x_px, region.x_px + region.width_px, pixels.shape[1])
        with self._lease() as engine:
            found = engine.detector.detect(pixels[rows, columns], smallest_px=limits.min_face_px)
            faces = sorted((_shifted(f, columns.start, rows.start) for f in found), key=lambda f: -f.box.width_px)
            return [self._seen(engine, pixels, face, i < most, limits, flip) for i, face in enumerate(faces)]

    def _seen(
        self, engine: Engine, pixels: Pixels, face: Face, compare: bool, limits: QualityLimits, flip: bool
    ) -> Seen:
        # The first look at a large frame is rough: only the second can say that a face is a little too narrow.
        if not compare or face.box.width_px < ROUGHLY * limits.min_face_px:
            return Seen(face, Quality(0.0, (QualityProblem.FACE_TOO_SMALL,)), None)
        face = engine.detector.refine(pixels, face)
        crop = self._align(pixels, face.landmarks)
        quality = assess(face, crop, pixels.shape, limits)
        if not quality.good:
            return Seen(face, quality, None)
        return Seen(face, quality, engine.embedder.embed([crop], flip=flip)[0])

    @contextmanager
    def _lease(self) -> Iterator[Engine]:
        try:
            engine = self._idle.get(timeout=self._max_wait_s)
        except queue.Empty:
            raise Busy("too_busy", "every recognition engine is in use; try again in a second") from None
        try:
            yield engine
        finally:
            self._idle.put(engine)

    def _look(self, engine: Engine, pixels: Pixels, limits: QualityLimits, flip: bool) -> Look:
        _check(pixels)
        faces = engine.detector.detect(pixels, smallest_px=limits.min_face_px)
        chosen = subject.choose(faces, pixels.shape[1], min_face_px=limits.min_face_px, rival_share=limits.rival_share)
        if isinstance(chosen, Reason):
            problems = (QualityProblem.FACE_TOO_SMALL,) if chosen is Reason.FACE_TOO_SMALL else ()
            return Look(len(faces), None, chosen, snapshot(pixels, None), problems)
        face = engine.detector.refine(pixels, faces[chosen])
        crop = self._align(pixels, face.landmarks)
        quality = assess(face, crop, pixels.shape, limits)
        view = snapshot(pixels, face.box)
        if not quality.good:
            return Look(len(faces), None, _reason(quality), view, quality.problems)
        embedding = engine.embedder.embed([crop], flip=flip)[0]
        return Look(len(faces), Sighting(face, quality, embedding, liveness=None), None, view)


def _shifted(face: Face, x_px: int, y_px: int) -> Face:
    box = replace(face.box, x_px=face.box.x_px + x_px, y_px=face.box.y_px + y_px)
    return Face(box, face.landmarks + np.array([x_px, y_px], dtype=np.float32), face.score)


def snapshot(pixels: Pixels, box: Box | None) -> Pixels:
    """A copy for the record, at most 240 px high: the face with as much again around it, or the whole frame.

    Every n-th pixel, not a filter: it is for eyes, and costs microseconds.
    """
    if box is not None:
        x, y = box.centre
        half = max(box.width_px, box.height_px)
        pixels = pixels[_span(y - half, y + half, pixels.shape[0]), _span(x - half, x + half, pixels.shape[1])]
    step = -(-pixels.shape[0] // SNAPSHOT_HEIGHT_PX)
    return pixels[::step, ::step].copy()


def _span(low: float, high: float, length: int) -> slice:
    start = min(max(0, int(low)), length - 1)
    return slice(start, max(start + 1, min(length, int(high))))


def _reason(quality: Quality) -> Reason:
    only_small = quality.problems == (QualityProblem.FACE_TOO_SMALL,)
    return Reason.FACE_TOO_SMALL if only_small else Reason.POOR_QUALITY


def _check(pixels: Pixels) -> None:
    if pixels.ndim != 3 or pixels.shape[2] != 3 or min(pixels.shape[:2]) < 1 or pixels.dtype.name != "uint8":
        raise BadInput("not_an_image", f"a frame is (height, width, 3) uint8, not {pixels.shape} {pixels.dtype}")
