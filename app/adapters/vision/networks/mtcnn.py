"""Finds faces with MTCNN under OpenVINO: three networks, each checking what the previous one proposes.

Zhang et al., "Joint face detection and alignment using multitask cascaded convolutional networks", IEEE Signal
Processing Letters 23(10), 2016; steps, thresholds and rounding as facenet-pytorch 2.5.3 (`detect_face.py`, MIT).
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.adapters.vision.networks.runtime import compile_stack
from app.adapters.vision.photos.scaling import fit, shrink
from app.core.types import Box, Face, Pixels

# Part of the pack's digest.
VERSION = "mtcnn-ov-1"
NETWORKS = ("mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet")
THRESHOLDS = (0.6, 0.7, 0.7)
FACTOR = 0.709  # between two sizes of the pyramid
SEEN_PX = 20  # the narrowest face to find, in the searched picture
WIDEST_PX = 960  # the longest side of the searched picture
_MOST = 2000  # proposals per size of the pyramid; a hostile picture must not cost more
_MOST_FACES = 64

Array = NDArray[np.float32]


class MtcnnNetworks:
    """The three networks; `detector()` compiles them for one worker.

    `detector` raises WeightsError for what is no network.
    """

    def __init__(self, models: tuple[bytes, bytes, bytes], *, width_px: int = 320) -> None:
        self.width_px = width_px
        self._models = models

    def detector(self) -> "MtcnnDetector":
        return MtcnnDetector([compile_stack(model).create_infer_request() for model in self._models], self.width_px)


class MtcnnDetector:
    """Implements `ports.Detector` for one thread at a time. Warmed up when it is made."""

    def __init__(self, requests: list[Any], width_px: int) -> None:
        self._pnet, self._rnet, self._onet = requests
        self._width_px = width_px
        self.detect(np.zeros((width_px * 9 // 16, width_px, 3), dtype=np.uint8))

    def detect(self, pixels: Pixels, *, smallest_px: float | None = None) -> list[Face]:
        """Every face, in frame pixels, best score first; searched with the longer side at `width_px`, or wider where
        faces of `smallest_px` need it."""
        height, width = pixels.shape[:2]
        searched_px = self._width_px
        if smallest_px is not None:
            searched_px = max(searched_px, min(WIDEST_PX, int(SEEN_PX * max(height, width) / smallest_px) + 1))
        small = shrink(pixels, *fit(height, width, searched_px))
        ratio = np.array([width / small.shape[1], height / small.shape[0]], dtype=np.float32)
        rgb: Pixels = np.ascontiguousarray(small[..., ::-1])
        boxes = self._propose(rgb)
        if len(boxes):
            boxes, _ = self._judge(rgb, self._rnet, 24, boxes, THRESHOLDS[1])
        if not len(boxes):
            return []
        boxes, points = self._judge(rgb, self._onet, 48, boxes, THRESHOLDS[2])
        found = sorted(zip(boxes, points, strict=True), key=lambda pair: -pair[0][4])[:_MOST_FACES]
        return [_face(box, landmarks, ratio) for box, landmarks in found if np.ptp(landmarks[:, 0]) > 0.5]

    def refine(self, pixels: Pixels, face: Face) -> Face:
        """The face, found again in its surroundings scaled so that it is 96 px wide, or `face` if that fails."""
        side = 2 * max(face.box.width_px, face.box.height_px)
        x, y = face.box.centre
        left, top = max(0, round(x - side / 2)), max(0, round(y - side / 2))
        region = pixels[top : max(top, round(y + side / 2)), left : max(left, round(x + side / 2))]
        if min(region.shape[:2]) < SEEN_PX:
            return face
        corner = np.array([left, top], dtype=np.float32)
        candidates = [
            Face(
                Box(f.box.x_px + left, f.box.y_px + top, f.box.width_px, f.box.height_px), f.landmarks + corner, f.score
            )
            for f in self.detect(region, smallest_px=SEEN_PX * max(region.shape[:2]) / 192)
        ]
        old = _corners(face.box)
        same = [(float(_overlaps(old, _corners(c.box)[None], smaller=False)[0]), c) for c in candidates]
        return max((s for s in same if s[0] >= 0.4), key=lambda s: s[0], default=(0.0, face))[1]

    def _propose(self, rgb: Pixels) -> Array:
        """(n, 5) square boxes x, y, right, bottom, score: every size of the pyramid through the first network."""
        height, width = rgb.shape[:2]
        scale, found = 12.0 / SEEN_PX, [np.empty((0, 9), dtype=np.float32)]
        while min(height, width) * scale >= 12:
            size = (int(width * scale + 1), int(height * scale + 1))
            face, shift = _run(self._pnet, _input(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)[None]))
            rows, columns = np.nonzero(face[0, 1] >= THRESHOLDS[0])
            cells = np.stack([columns, rows], axis=1).astype(np.float32) * 2
            boxes = np.hstack(
                [
                    np.floor((cells + 1) / scale),
                    np.floor((cells + 12) / scale),
                    face[0, 1, rows, columns][:, None],
                    shift[0][:, rows, columns].T,
                ]
            ).astype(np.float32)
            boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")[:_MOST]]
            found.append(boxes[_distinct(boxes, 0.5)])
            scale *= FACTOR
        boxes = np.concatenate(found)
        boxes = boxes[_distinct(boxes, 0.7)]
        extent = boxes[:, 2:4] - boxes[:, :2]
        moved = boxes[:, :4] + boxes[:, 5:9] * np.tile(extent, 2)
        return _squared(np.hstack([moved, boxes[:, 4:5]]))

    def _judge(self, rgb: Pixels, request: Any, side: int, boxes: Array, least: float) -> tuple[Array, Array]:
        """The boxes that the network accepts as faces, adjusted, and their (n, 5, 2) landmarks if it gives any."""
        height, width = rgb.shape[:2]
        cut = np.trunc(boxes[:, :4]).astype(int)
        cut[:, :2] = np.maximum(cut[:, :2], 1)
        cut[:, 2:] = np.minimum(cut[:, 2:], (width, height))
        whole = (cut[:, 3] > cut[:, 1] - 1) & (cut[:, 2] > cut[:, 0] - 1)
        boxes, cut = boxes[whole], cut[whole]
        if not len(boxes):
            return np.empty((0, 5), dtype=np.float32), np.empty((0, 5, 2), dtype=np.float32)
        crops = np.stack(
            [
                cv2.resize(rgb[y - 1 : bottom, x - 1 : right], (side, side), interpolation=cv2.INTER_AREA)
                for x, y, right, bottom in cut
            ]
        )
        face, shift, *landmarks = _run(request, _input(crops))
        good = face[:, 1] > least
        boxes = np.hstack([boxes[good, :4], face[good, 1:2]]).astype(np.float32)
        shift, extent = shift[good], boxes[:, 2:4] - boxes[:, :2] + 1
        moved = np.hstack([boxes[:, :4] + shift * np.tile(extent, 2), boxes[:, 4:5]]).astype(np.float32)
        if not landmarks:
            kept = _distinct(boxes, 0.7)
            return _squared(moved[kept]), np.empty((len(kept), 5, 2), dtype=np.float32)
        points = landmarks[0][good].reshape(-1, 2, 5).transpose(0, 2, 1)
        points = points * extent[:, None, :] + boxes[:, None, :2] - 1
        kept = _distinct(moved, 0.7, smaller=True)
        return moved[kept], points[kept].astype(np.float32)


def _input(crops: NDArray[Any]) -> Array:
    return np.ascontiguousarray(((crops.astype(np.float32) - 127.5) / 128).transpose(0, 3, 1, 2))


def _run(request: Any, batch: Array) -> list[Array]:
    request.infer({0: batch}, share_inputs=True)
    return [np.array(output.data, dtype=np.float32) for output in request.output_tensors]


def _squared(boxes: Array) -> Array:
    extent = boxes[:, 2:4] - boxes[:, :2]
    side = extent.max(axis=1, keepdims=True) if len(boxes) else extent[:, :1]
    corner = boxes[:, :2] + extent / 2 - side / 2
    return np.hstack([corner, corner + side, boxes[:, 4:5]]).astype(np.float32)


def _distinct(boxes: Array, most: float, *, smaller: bool = False) -> list[int]:
    """Greedy: the best box, then the best of those that overlap it by at most `most`, and so on."""
    left, kept = np.argsort(-boxes[:, 4], kind="stable"), []
    while left.size:
        best, left = left[0], left[1:]
        kept.append(int(best))
        left = left[_overlaps(boxes[best], boxes[left], smaller=smaller) <= most]
    return kept


def _overlaps(box: Array, others: Array, *, smaller: bool) -> Array:
    """Intersection over union, or over the smaller of both."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:4], others[:, 2:4])
    shared = np.prod(np.maximum(0, high - low), axis=1)
    area, areas = float(np.prod(box[2:4] - box[:2])), np.prod(others[:, 2:4] - others[:, :2], axis=1)
    whole = np.minimum(area, areas) if smaller else area + areas - shared
    return np.asarray(shared / np.maximum(whole, 1e-6), dtype=np.float32)


def _corners(box: Box) -> Array:
    right, bottom = box.x_px + box.width_px, box.y_px + box.height_px
    return np.array([box.x_px, box.y_px, right, bottom], dtype=np.float32)


def _face(box: Array, landmarks: Array, ratio: Array) -> Face:
    x, y, right, bottom = (float(value) for value in box[:4] * np.tile(ratio, 2))
    return Face(Box(x, y, right - x, bottom - y), (landmarks * ratio).astype(np.float32), min(1.0, float(box[4])))
