"""Finds faces: YuNet on the scaled frame. The chosen face's landmarks are those of its mesh (`face_mesh`).

YuNet: Wu et al., "YuNet: a tiny millisecond-level face detector", Machine Intelligence Research 2023. The network runs
under OpenVINO and is decoded here (after OpenCV's face_detect.cpp): at 320 wide 0.8 ms against 2.0 through
cv2.FaceDetectorYN (2026-11-23).
"""

from collections import OrderedDict
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.adapters.vision.networks import face_mesh
from app.adapters.vision.networks.face_mesh import FaceMesh, FaceMeshNetwork
from app.adapters.vision.networks.runtime import Runner, compile_at, read_network
from app.adapters.vision.photos.scaling import fit, shrink
from app.core.types import Box, Face, Pixels

NETWORKS = ("yunet", "face-mesh")  # artifacts, in the order of the constructor

_STRIDES = (8, 16, 32)
_OVERLAP = 0.3  # of two boxes that overlap this much (IoU) only the better is kept
_MOST_FACES = 64  # a picture of a crowd must not cost more than this many boxes

# Part of the pack's digest: it moves boxes, and so landmarks and vectors.
VERSION = f"yunet-ov-{face_mesh.VERSION}"

# A face must be at least this wide in the searched picture. Of 200 photos' faces before drawn walls 45 % were missed at
# 12 px, 10 % at 18, 4.5 % at 24 (`models.experiments detectors`, 2026-11-26).
SEEN_PX = 18
# The searched picture's largest width. In frames of over 2560 px, faces of 48 px then become narrower than that.
WIDEST_PX = 960
# Frame sizes of common cameras, and the face width they are searched for.
_COMMON = ((720, 1280), (1080, 1920))
_COMMON_FACE_PX = 48
# How many compiled networks of 8 MB each a worker keeps: pictures of ever new shapes must not fill the memory.
# A site has a few kinds of cameras.
_KEPT = 6


class YunetNetwork:
    """The network. `detector` gives one worker its own, compiled for each canvas size (multiples of 32)."""

    def __init__(self, model: bytes, mesh: bytes, *, width_px: int = 320, score: float = 0.6) -> None:
        if width_px < 64:
            raise ValueError("a detection width below 64 px finds nothing")
        self.width_px = width_px
        self.score = score
        self._network = read_network(model, rgb=False)
        self._mesh = FaceMeshNetwork(mesh)

    def searched_px(self, height_px: int, width_px: int, smallest_px: float | None) -> int:
        """The longer side at which a frame is searched for faces of this width."""
        if smallest_px is None:
            return self.width_px
        needed_px = SEEN_PX * max(height_px, width_px) / smallest_px
        return max(self.width_px, min(WIDEST_PX, -(-int(needed_px) // 32) * 32))

    def detector(self) -> "YunetDetector":
        return YunetDetector(self, self._mesh.landmarker())

    def compiled(self, height_px: int, width_px: int) -> Any:
        return compile_at(self._network, height_px=height_px, width_px=width_px, precision="f32")


class YunetDetector:
    """Implements `ports.Detector` for one thread at a time. The networks of the latest canvas sizes are kept.

    Fixed sizes, because switching sizes in one network with free dimensions costs 0.9 ms each time; compiling one takes
    80 ms (2026-11-23), so those of common cameras are made beforehand.
    """

    def __init__(self, network: YunetNetwork, mesh: FaceMesh) -> None:
        self._network = network
        self._mesh = mesh
        self._canvases: OrderedDict[tuple[int, int], _Canvas] = OrderedDict()
        widest = network.width_px
        for height in (widest * 9 // 16, widest * 3 // 4, widest):
            self._canvas_of(height, widest)
        for frame in _COMMON:
            width, height = fit(*frame, network.searched_px(*frame, _COMMON_FACE_PX))
            self._canvas_of(height, width)

    def detect(self, pixels: Pixels, *, smallest_px: float | None = None) -> list[Face]:
        """Every face, in frame pixels, best score first.

        The frame is searched with its longer side at `width_px`, or wider if faces of `smallest_px` need it.
        """
        height, width = pixels.shape[:2]
        small = shrink(pixels, *fit(height, width, self._network.searched_px(height, width, smallest_px)))
        found = self._canvas_of(*small.shape[:2]).run(small, self._network.score)
        return [_face(row, width / small.shape[1], height / small.shape[0]) for row in found]

    def refine(self, pixels: Pixels, face: Face) -> Face:
        """The same face, with landmarks and box by the mesh, or `face` if that sees none there."""
        return self._mesh.refine(pixels, face)

    def _canvas_of(self, height_px: int, width_px: int) -> "_Canvas":
        """The canvas that holds a picture of this size."""
        size = -(-height_px // 32) * 32, -(-width_px // 32) * 32
        if size not in self._canvases:
            self._canvases[size] = _Canvas(self._network.compiled(*size), *size)
            if len(self._canvases) > _KEPT:
                self._canvases.popitem(last=False)
        self._canvases.move_to_end(size)
        return self._canvases[size]


class _Canvas:
    """One worker's network for one canvas size. Warmed up when it is made."""

    def __init__(self, compiled: Any, height_px: int, width_px: int) -> None:
        self._network = Runner(compiled)
        names = {name: i for i, output in enumerate(compiled.outputs) for name in output.names}
        # The outputs of each kind, in the order of the strides.
        self._outputs = {kind: [names[f"{kind}_{s}"] for s in _STRIDES] for kind in ("cls", "obj", "bbox", "kps")}
        # Column, row and stride of each cell, in the order of the outputs.
        self._cells = np.concatenate(
            [
                np.stack(
                    [
                        *np.meshgrid(np.arange(width_px // s), np.arange(height_px // s)),
                        np.full((height_px // s, width_px // s), s),
                    ],
                    axis=-1,
                ).reshape(-1, 3)
                for s in _STRIDES
            ]
        ).astype(np.float32)
        self._network.run()

    def run(self, small: Pixels, score: float) -> NDArray[np.float32]:
        """(n, 15) rows x, y, width, height, ten landmark coordinates, score; best first."""
        height, width = small.shape[:2]
        canvas = self._network.picture[0]
        canvas[:height, :width] = small
        canvas[height:] = 0
        canvas[:height, width:] = 0
        outputs = self._network.run()
        cls, obj, boxes, landmarks = (
            np.concatenate([outputs[i][0] for i in self._outputs[kind]]) for kind in ("cls", "obj", "bbox", "kps")
        )
        scores = np.sqrt(np.clip(cls, 0, 1) * np.clip(obj, 0, 1))[:, 0]
        likely = np.flatnonzero(scores >= score)
        if not likely.size:
            return np.empty((0, 15), dtype=np.float32)
        cells, stride = self._cells[likely, :2], self._cells[likely, 2:]
        box, points = boxes[likely], landmarks[likely]
        extent = np.exp(np.minimum(box[:, 2:], 10)) * stride
        corner = (cells + box[:, :2]) * stride - extent / 2
        rows = np.hstack([corner, extent, (points + np.tile(cells, 5)) * stride, scores[likely, None]])
        rows = rows[np.isfinite(rows).all(axis=1) & (np.ptp(rows[:, 4:14:2], axis=1) > 0.5)]
        kept = (
            cv2.dnn.NMSBoxes(rows[:, :4].tolist(), rows[:, 14].tolist(), score, _OVERLAP, top_k=1024)
            if len(rows)
            else []
        )
        return np.asarray(rows[np.asarray(kept, dtype=np.intp)[:_MOST_FACES]], dtype=np.float32)


def _face(row: NDArray[np.float32], x_ratio: float, y_ratio: float) -> Face:
    x, y, width, height = (float(value) for value in row[:4])
    return Face(
        box=Box(x * x_ratio, y * y_ratio, width * x_ratio, height * y_ratio),
        landmarks=(row[4:14].reshape(5, 2) * np.array([x_ratio, y_ratio], dtype=np.float32)).astype(np.float32),
        score=min(1.0, float(row[14])),
    )
