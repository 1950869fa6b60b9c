"""Finds the person at the gate in a frame, or the reason there is none, within bounds of time and memory.

Decoding and inference happen under a lease of one engine, so as many frames are in work as there are engines, and what
waits too long is refused instead of answered late.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from threading import get_ident
from time import monotonic

import numpy as np

from app.core.errors import BadInput, Busy
from app.core.ports.recognition import Aligner, Cropper, Decoder, Detector, Embedder, Liveness
from app.core.recognition import subject
from app.core.recognition.advice import advise
from app.core.recognition.exposure import evened
from app.core.recognition.quality import GATE, Measures, QualityLimits, assess, judge, measure
from app.core.types import Box, Detection, Face, FrameResult, Pixels, Quality, QualityProblem, Reason, Sample
from app.services.recognition.engine_pool import EnginePool

SNAPSHOT_HEIGHT_PX = 240
ROUGHLY = 0.85
LONGEST_LOOK_S = 0.2  # that is expected; a tenth of how long a picture is fresh
SURVEY_WAIT_S = 0.3  # a survey comes again soon; people at gates need the engines


@dataclass(frozen=True)
class Engine:
    """What one request uses while it looks; one thread at a time. liveness: None without its weights."""

    detector: Detector
    embedder: Embedder
    liveness: Liveness | None = None

    def alive(self, pixels: Pixels, found: Face, wanted: bool) -> float | None:
        return self.liveness.score(pixels, found.box) if wanted and self.liveness is not None else None


@dataclass(frozen=True)
class Inspection:
    """How good one picture is. reason: why it has no subject; otherwise box (its pixels), measures and quality."""

    width_px: int
    height_px: int
    faces: int
    box: Box | None = None
    measures: Measures | None = None
    quality: Quality | None = None
    reason: Reason | None = None


@dataclass(frozen=True)
class SurveyedFace:
    """A face of a frame, compared to nobody: where it is, and what makes it hard to recognise."""

    box: Box
    quality: Quality


class Recognition:
    """Looks at frames; threads may share it. affordable: raises for frames that cost too much to decode."""

    def __init__(
        self,
        *,
        decode: Decoder,
        engines: Sequence[Engine],
        align: Aligner,
        crop: Cropper | None = None,
        affordable: Callable[..., None] = lambda *frames: None,
        pack_digest: str,
        precision: str,
        max_wait_s: float = 1.0,
        snapshot_height_px: int = SNAPSHOT_HEIGHT_PX,
    ) -> None:
        if not engines:
            raise ValueError("recognition needs at least one engine")
        self.pack_digest = pack_digest
        self.precision = precision
        self.engines = len(engines)
        self.liveness_works = all(engine.liveness is not None for engine in engines)
        self._decode = decode
        self._height_px = snapshot_height_px
        self._align = align
        self._crop = crop
        self._affordable = affordable
        self._pool = EnginePool(engines, max_wait_s)
        self._look_s = 0.0

    def look(
        self, pixels: Pixels, *, limits: QualityLimits = GATE, flip: bool = False, liveness: bool = False
    ) -> FrameResult:
        """Finds the face at the gate in (height, width, 3) uint8 BGR and embeds that one only.

        flip: average with the mirror image, as templates are made; twice the embedding time. liveness: score it too,
        where the weights are here.

        Raises:
            Busy: no engine became free within `max_wait_s`.
        """
        with self._pool.lease() as engine:
            return self._look(engine, pixels, limits, flip, liveness)

    def look_bytes(
        self, data: bytes, *, limits: QualityLimits = GATE, flip: bool = False, patient: bool = False
    ) -> FrameResult:
        """`look` at an encoded picture. Raises Busy, and BadInput or TooLarge of the decoder.

        patient: waits for an engine for as long as it takes, behind everybody who is not; for work in the background.
        """
        with self._pool.lease(patient=patient) as engine:
            return self._look(engine, self._decode(data), limits, flip, False)

    def looks(
        self,
        frames: Sequence[bytes],
        *,
        limits: QualityLimits = GATE,
        flip: bool = False,
        liveness: bool = False,
        who: Hashable = None,
        within_s: float | None = None,
    ) -> list[FrameResult]:
        """Returns one result for each encoded frame, in order. Raises as `look_bytes`.

        who: takes turns with the others, frame by frame; all waits together are as long as one may be. A batch of crops
        would take as long as the crops one by one. within_s: how long the pictures are fresh. What would be stale by
        its end is refused as Busy before it is looked at, so that an engine works for somebody else.
        """
        self._affordable(*frames)
        found, left_s, began = list[FrameResult](), self._pool.max_wait_s, monotonic()
        for number, frame in enumerate(frames):
            asked = monotonic()
            wait_s = left_s
            if within_s is not None:
                needed_s = (len(frames) - number + 1) * self._look_s  # and as long again as one, for the record
                wait_s = min(left_s, within_s - (asked - began) - needed_s)
                if wait_s <= 0:
                    raise Busy("too_busy", "the pictures would be too old once it is their turn; try again in a second")
            with self._pool.lease(who, max_wait_s=wait_s) as engine:
                started = monotonic()
                left_s -= started - asked
                found.append(self._look(engine, self._decode(frame), limits, flip, liveness))
                self._took(monotonic() - started)
        return found

    def _took(self, look_s: float) -> None:
        """Follows how long a look takes. A single slow one must not have everybody refused, so it is bounded."""
        self._look_s += (min(look_s, LONGEST_LOOK_S) - self._look_s) / 8

    def inspect(self, data: bytes, *, limits: QualityLimits) -> Inspection:
        """Measures how good a picture is, without comparing it to anybody. Raises as `look_bytes`."""
        with self._pool.lease() as engine:
            pixels = self._decode(data)
            height, width = pixels.shape[:2]
            faces = engine.detector.detect(pixels, smallest_px=limits.min_face_px)
            faces, found = _chosen(engine, pixels, faces, replace(limits, min_face_px=0))
            if isinstance(found, Reason):
                return Inspection(width, height, len(faces), reason=found)
            face = engine.detector.refine(pixels, faces[found])
            measures = measure(face, self._align(pixels, face.landmarks), pixels.shape)
            return Inspection(width, height, len(faces), face.box, measures, judge(measures, limits))

    def see(
        self,
        pixels: Pixels,
        *,
        region: Box,
        most: int,
        limits: QualityLimits = GATE,
        flip: bool = False,
        liveness: bool = False,
    ) -> list[Detection]:
        """Every face in a region of a frame, widest first; the `most` widest are embedded if they are good enough.

        liveness: of the widest alone that is no phantom, for no other can be the person at the gate.

        region: in frame pixels; only there is searched. Boxes and landmarks come back in frame pixels. Raises Busy.
        """
        _check(pixels)
        rows = _span(region.y_px, region.y_px + region.height_px, pixels.shape[0])
        columns = _span(region.x_px, region.x_px + region.width_px, pixels.shape[1])
        with self._pool.lease(get_ident()) as engine:  # each camera has a thread
            found = engine.detector.detect(pixels[rows, columns], smallest_px=limits.min_face_px)
            faces = sorted((_shifted(f, columns.start, rows.start) for f in found), key=lambda f: -f.box.width_px)
            seen = list[Detection]()
            for face in faces:
                nearest = all(subject.is_phantom(one.face) for one in seen)
                seen.append(self._seen(engine, pixels, face, len(seen) < most, limits, flip, liveness and nearest))
            return seen

    def survey(self, pixels: Pixels, *, smallest_px: float, most: int) -> list[SurveyedFace]:
        """The widest faces of a frame, judged as at a gate whatever their width. For who mounts a camera. Raises Busy.

        smallest_px: a narrower face may be missed. most: how many faces.
        """
        _check(pixels)
        limits = replace(GATE, min_face_px=0)
        with self._pool.lease(Recognition.survey, max_wait_s=SURVEY_WAIT_S) as engine:  # all surveys share one turn
            found = engine.detector.detect(pixels, smallest_px=smallest_px)
            widest = sorted(found, key=lambda face: -face.box.width_px)[:most]
            faces = [engine.detector.refine(pixels, face) for face in widest]
        return [
            SurveyedFace(face.box, assess(face, self._align(pixels, face.landmarks), pixels.shape, limits))
            for face in faces
        ]

    def _seen(
        self,
        engine: Engine,
        pixels: Pixels,
        found: Face,
        compare: bool,
        limits: QualityLimits,
        flip: bool,
        liveness: bool,
    ) -> Detection:
        # The first look at a large frame is rough; only the second can tell that a face is a little too narrow.
        if not compare or found.box.width_px < ROUGHLY * limits.min_face_px:
            return Detection(found, Quality(0.0, (QualityProblem.FACE_TOO_SMALL,)))
        face = engine.detector.refine(pixels, found)
        crop = self._align(pixels, face.landmarks)
        quality = replace(assess(face, crop, pixels.shape, limits), advice=advise(pixels, face, crop))
        if not quality.good:
            return Detection(face, quality)
        embedding = engine.embedder.embed([self._fed(pixels, face, crop)], flip=flip)[0]
        return Sample(face, quality, embedding, engine.alive(pixels, found, liveness))

    def _fed(self, pixels: Pixels, face: Face, aligned: Pixels) -> Pixels:
        """The embedder's input: the aligned crop that quality was judged on, in even light, or the pack's own."""
        return evened(aligned) if self._crop is None else self._crop(pixels, face)

    def _look(self, engine: Engine, pixels: Pixels, limits: QualityLimits, flip: bool, liveness: bool) -> FrameResult:
        _check(pixels)
        found = engine.detector.detect(pixels, smallest_px=limits.min_face_px)
        faces, chosen = _chosen(engine, pixels, found, limits)
        if isinstance(chosen, Reason):
            problems = (QualityProblem.FACE_TOO_SMALL,) if chosen is Reason.FACE_TOO_SMALL else ()
            return FrameResult(len(faces), None, chosen, snapshot(pixels, None, self._height_px), problems)
        face = engine.detector.refine(pixels, faces[chosen])
        crop = self._align(pixels, face.landmarks)
        quality = replace(assess(face, crop, pixels.shape, limits), advice=advise(pixels, face, crop))
        view, count = snapshot(pixels, face.box, self._height_px), len(faces)
        if not quality.good:
            return FrameResult(count, None, _reason(quality), view, quality.problems, quality.advice)
        fed, alive = self._fed(pixels, face, crop), engine.alive(pixels, faces[chosen], liveness)
        return FrameResult(count, Sample(face, quality, engine.embedder.embed([fed], flip=flip)[0], alive), None, view)


def _chosen(
    engine: Engine, pixels: Pixels, faces: list[Face], limits: QualityLimits
) -> tuple[list[Face], int | Reason]:
    """The faces, and which is at the gate. Where several might be, phantoms beside a wider face are left out."""
    width_px, share = pixels.shape[1], limits.rival_share
    chosen = subject.choose(faces, width_px, min_face_px=limits.min_face_px, rival_share=share)
    if chosen is not Reason.SEVERAL_FACES:
        return faces, chosen
    sure_px = max((face.box.width_px for face in faces if face.score >= subject.SURE_SCORE), default=0.0)
    people = [
        face
        for face in faces
        if face.score >= subject.SURE_SCORE
        or face.box.width_px > sure_px
        or not subject.is_phantom(engine.detector.refine(pixels, face))
    ]
    return people, subject.choose(people, width_px, min_face_px=limits.min_face_px, rival_share=share)


def _shifted(face: Face, x_px: int, y_px: int) -> Face:
    box = replace(face.box, x_px=face.box.x_px + x_px, y_px=face.box.y_px + y_px)
    return replace(face, box=box, landmarks=face.landmarks + np.array([x_px, y_px], dtype=np.float32))


def snapshot(pixels: Pixels, box: Box | None, height_px: int = SNAPSHOT_HEIGHT_PX) -> Pixels:
    """A copy for the record, at most so high: the face with as much again around it, or the whole frame.

    Every n-th pixel, not a filter: it is for eyes, and costs microseconds.
    """
    if box is not None:
        x, y = box.centre
        half = max(box.width_px, box.height_px)
        pixels = pixels[_span(y - half, y + half, pixels.shape[0]), _span(x - half, x + half, pixels.shape[1])]
    step = -(-pixels.shape[0] // height_px)
    return pixels[::step, ::step].copy()


def _span(low: float, high: float, length: int) -> slice:
    start = min(max(0, int(low)), length - 1)
    return slice(start, max(start + 1, min(length, int(high))))


def _reason(quality: Quality) -> Reason:
    return Reason.FACE_TOO_SMALL if quality.problems == (QualityProblem.FACE_TOO_SMALL,) else Reason.POOR_QUALITY


def _check(pixels: Pixels) -> None:
    if pixels.ndim != 3 or pixels.shape[2] != 3 or min(pixels.shape[:2]) < 1 or pixels.dtype.name != "uint8":
        raise BadInput("not_an_image", f"a frame is (height, width, 3) uint8, not {pixels.shape} {pixels.dtype}")
