"""The five landmarks of a face that was found, at any angle of the head: MediaPipe's face mesh, turned upright.

Kartynnik et al., "Real-time facial surface geometry from monocular video on mobile GPUs", 2019. A detector's own
landmarks hardly follow a head that tilts: of a true 30 degrees YuNet reports 12. The mesh follows, best when the head
is upright in its crop; so it looks again with the tilt that it found taken out.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from app.adapters.vision.networks.runtime import Runner, compile_at, read_network
from app.core.approach.tracks import overlap
from app.core.types import Box, Face, Pixels

VERSION = "mesh-1"  # part of the pack's digest: it moves landmarks, and so vectors
CROP_PX = 192  # height and width of the network's input

# The mesh's points that are nearest to a detector's: the corners of each eye, the tip of the nose and the point above
# it, the corners of the mouth. In the order of `Face.landmarks`.
_PAIRS = np.array([[33, 133], [362, 263], [1, 4], [61, 61], [291, 291]])
# How much wider than the face a crop is, as in MediaPipe's own graph (face_landmark_front_cpu).
_MARGIN = 1.5
# The first look begins with the detector's own tilt, doubled: of a true 20, 30 and 45 degrees it reports 5, 12 and 20.
_DETECTED = 2.0
# A head upright within this is not looked at again.
_UPRIGHT_DEG = 8.0
_MOST_LOOKS = 4
_LOGIT_SHOWN = 0.0  # below, the network takes it for more likely that it was shown no face
# Shared with the detector's box, at least (IoU). Of 478 faces at 0 to 55 degrees none had less than 0.47.
_SAME_FACE = 0.4
_BOX, _BOX_SHIFT = np.array([0.97, 1.069]), np.array([0.007, -0.046])


class FaceMeshNetwork:
    """The network, compiled once a worker. Raises WeightsError: the bytes are not a network OpenVINO reads."""

    def __init__(self, model: bytes) -> None:
        self._network = read_network(model, rgb=True, scale=(255, 255, 255), layout="NHWC")

    def landmarker(self) -> "FaceMesh":
        """One worker's own."""
        return FaceMesh(Runner(compile_at(self._network, height_px=CROP_PX, width_px=CROP_PX, precision="f32")))


class FaceMesh:
    """For one thread at a time."""

    def __init__(self, network: Runner) -> None:
        self._network = network

    def refine(self, pixels: Pixels, face: Face) -> Face:
        """The same face with landmarks and a box from the mesh.

        Where the mesh sees another face, `face` itself; where it sees none, `face` as not confirmed.
        """
        centre, side = np.array(face.box.centre), _MARGIN * max(face.box.width_px, face.box.height_px)
        roll_deg = _DETECTED * _roll_deg(face.landmarks)
        for _ in range(_MOST_LOOKS):
            mesh = self._look(pixels, centre, side, roll_deg)
            if mesh is None:
                return replace(face, confirmed=False)
            landmarks = mesh[_PAIRS].mean(axis=1)
            found_deg = _roll_deg(landmarks)
            turned = abs(found_deg - roll_deg) > _UPRIGHT_DEG
            roll_deg = found_deg
            upright = mesh @ _rotation(-roll_deg).T
            low, high = upright.min(axis=0), upright.max(axis=0)
            centre, side = (low + high) / 2 @ _rotation(roll_deg).T, _MARGIN * float(max(high - low))
            if not turned:
                break
        box = _box(centre, high - low)
        # Liveness judges the detector's box: another face's landmarks must not be embedded under it.
        return Face(box, landmarks.astype(np.float32), face.score) if overlap(box, face.box) >= _SAME_FACE else face

    def _look(
        self, pixels: Pixels, centre: NDArray[np.float64], side_px: float, roll_deg: float
    ) -> NDArray[np.float64] | None:
        """(468, 2) in frame pixels, from a square crop of this side, turned by the roll; None if it shows no face."""
        if not (np.isfinite([*centre, roll_deg]).all() and side_px >= 1):
            return None
        turned = _rotation(roll_deg) * (side_px / CROP_PX)  # from the crop's pixels to the frame's
        corner = centre - turned @ np.full(2, CROP_PX / 2)
        cv2.warpAffine(
            pixels,
            np.column_stack([turned, corner]),
            (CROP_PX, CROP_PX),
            dst=self._network.picture[0],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        points, shown = (output.ravel() for output in self._network.run()[:2])
        if not shown[0] > _LOGIT_SHOWN or not np.isfinite(points).all():
            return None
        mesh = points.reshape(-1, 3)[:, :2].astype(np.float64)
        return np.asarray(mesh @ turned.T + corner)


def _roll_deg(landmarks: NDArray[np.floating]) -> float:
    x, y = landmarks[1] - landmarks[0]
    return float(np.degrees(np.arctan2(y, x)))


def _rotation(degrees: float) -> NDArray[np.float64]:
    """Turns (x, y) clockwise as a picture is seen, since y points down."""
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    return np.array([[cosine, -sine], [sine, cosine]])


def _box(centre: NDArray[np.float64], extent: NDArray[np.float64]) -> Box:
    """The box that YuNet gives an upright face with this mesh (medians of 80 faces; widths differ by 4 %)."""
    width, height = _BOX * extent
    middle = centre + _BOX_SHIFT * extent
    return Box(float(middle[0] - width / 2), float(middle[1] - height / 2), float(width), float(height))
