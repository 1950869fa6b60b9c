"""Judges which faces are good enough to compare, and how much each weighs in a mean.

A bad picture at a gate gives the person a reason to act on. A bad enrolment photo would spoil every later comparison,
so enrolment is stricter.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.core.recognition import alignment
from app.core.recognition.subject import is_phantom
from app.core.types import Face, Pixels, Quality, QualityProblem


@dataclass(frozen=True)
class QualityLimits:
    """The limits beyond which a face is refused, in the units of `Measures`.

    Attributes:
        min_face_px: the narrowest face box, in frame pixels.
        rival_share: a second face with this share of the subject's weight leaves no subject (`recognition.subject`).
        max_clipped: the largest share of dark pixels, and of bright ones.
    """

    min_face_px: float
    rival_share: float
    max_outside: float
    min_sharpness: float
    min_contrast: float
    max_luma: float
    max_clipped: float
    max_yaw: float
    min_pitch: float
    max_pitch: float
    max_roll_deg: float


@dataclass(frozen=True)
class Measures:
    """Measurements of one face.

    Attributes:
        width_px: the width of the box, in frame pixels.
        sharpness: standard deviation of the second difference divided by that of the luma, on the face area of the
            aligned crop, in the softer direction; independent of brightness and contrast.
        contrast: standard deviation of the luma over the face area. Less light takes from it alike for every skin, and
            darker skin has no less of it in the same light; its mean luma is lower, which costs no similarity.
        luma: mean over the face area, 0 to 255.
        dark, bright: share of the face area at or below luma 8, and at or above 250.
        yaw: distance of the nose tip from the middle of the eyes along the eye line, in half eye distances; 0 from the
            front, above 1 if the nose is past an eye.
        pitch: position of the nose tip between the eye line (0) and the mouth line (1); about 0.55 from the front.
        roll_deg: angle of the eye line.
        outside: share of the crop's face area outside the frame. The box does not show this: a detector draws it
            inside the frame even around half a face.
    """

    width_px: float
    sharpness: float
    contrast: float
    luma: float
    dark: float
    bright: float
    yaw: float
    pitch: float
    roll_deg: float
    outside: float


# Blue, green, red weights of BT.601 luma.
LUMA = np.array([0.114, 0.587, 0.299], dtype=np.float32)
# Rows and columns of the 112 x 112 crop that show face in nearly everybody: brow to chin, cheek to cheek.
AREA = (slice(28, 108), slice(20, 92))
# (2, 300): a grid of points over that area; row 0 is x, row 1 is y.
_GRID = np.stack(np.meshgrid(np.linspace(20, 91, 15), np.linspace(28, 107, 20))).reshape(2, -1)


def measure(face: Face, crop: Pixels, frame_shape: tuple[int, ...]) -> Measures:
    """Measures one face.

    Args:
        crop: (112, 112, 3) uint8 BGR, the aligned face.
        frame_shape: (height, width, ...) of the frame the face was found in.
    """
    luma = crop[AREA].astype(np.float32) @ LUMA
    yaw, pitch, roll_deg = _pose(face.landmarks.astype(np.float64))
    return Measures(
        width_px=face.box.width_px,
        sharpness=_sharpness(luma),
        contrast=float(luma.std()),
        luma=float(luma.mean()),
        dark=float((luma <= 8).mean()),
        bright=float((luma >= 250).mean()),
        yaw=yaw,
        pitch=pitch,
        roll_deg=roll_deg,
        outside=_outside(face, frame_shape),
    )


def assess(face: Face, crop: Pixels, frame_shape: tuple[int, ...], limits: QualityLimits) -> Quality:
    """Measures one face and judges it by `limits`; a phantom is turned away. Other arguments are as in `measure`."""
    quality = judge(measure(face, crop, frame_shape), limits)
    return replace(quality, problems=quality.problems or (QualityProblem.TURNED_AWAY,)) if is_phantom(face) else quality


def judge(m: Measures, limits: QualityLimits) -> Quality:
    """Returns the problems by `limits`. The score does not depend on them, so gate and enrolment scores compare."""
    found = {
        QualityProblem.FACE_TOO_SMALL: m.width_px < limits.min_face_px,
        QualityProblem.CUT_OFF: m.outside > limits.max_outside,
        QualityProblem.BLURRED: m.sharpness < limits.min_sharpness,
        # The part of the crop outside the frame is black, which is not darkness.
        QualityProblem.TOO_DARK: m.outside <= limits.max_outside
        and (m.contrast < limits.min_contrast or m.dark > limits.max_clipped),
        QualityProblem.TOO_BRIGHT: m.luma > limits.max_luma or m.bright > limits.max_clipped,
        QualityProblem.TURNED_AWAY: abs(m.yaw) > limits.max_yaw
        or not limits.min_pitch <= m.pitch <= limits.max_pitch
        or abs(m.roll_deg) > limits.max_roll_deg,
    }
    return Quality(score=score(m), problems=tuple(problem for problem, present in found.items() if present))


def score(m: Measures) -> float:
    """Returns 0 to 1, monotone in each measure: a product of ramps from useless (0) to good enough (1)."""
    return float(
        _ramp(m.width_px, 15, 60)
        * _ramp(m.sharpness, 0.01, 0.1)
        * _ramp(m.contrast, 0, 15)
        * _ramp(-m.luma, -250, -200)
        * _ramp(-m.dark, -0.8, 0)
        * _ramp(-m.bright, -0.8, 0)
        * _ramp(-abs(m.yaw), -2.0, -0.3)
        * _ramp(-abs(m.pitch - 0.55), -1.0, -0.2)
        * _ramp(-abs(m.roll_deg), -60, -30)
        * _ramp(-m.outside, -0.5, 0)
    )


def _ramp(value: float, useless: float, perfect: float) -> float:
    return min(1.0, max(0.0, (value - useless) / (perfect - useless)))


def _sharpness(luma: NDArray[np.float32]) -> float:
    """Returns the sharpness of the softer direction, because motion blurs one direction and leaves the other sharp."""
    down = luma[:-2] + luma[2:] - 2 * luma[1:-1]
    across = luma[:, :-2] + luma[:, 2:] - 2 * luma[:, 1:-1]
    # A noise floor of one grey level makes a uniform area blurred rather than undefined.
    return float(min(down.std(), across.std()) / (luma.std() + 1.0))


def _pose(points: NDArray[np.float64]) -> tuple[float, float, float]:
    """Returns (yaw, pitch, roll_deg) as in `Measures`, from (5, 2) landmarks."""
    right_eye, left_eye, nose, *corners = points
    middle = (right_eye + left_eye) / 2
    across = left_eye - right_eye
    eye_distance = max(float(np.hypot(*across)), 1e-6)
    along = across / eye_distance
    down = np.array([-along[1], along[0]])
    mouth_drop = float((np.mean(corners, axis=0) - middle) @ down)
    nose_drop = float((nose - middle) @ down)
    yaw = float((nose - middle) @ along) / (eye_distance / 2)
    # No gate can use a face with its mouth on or above the eye line: report a pitch that no limit allows.
    pitch = nose_drop / mouth_drop if mouth_drop > 0.1 * eye_distance else -10.0
    return yaw, pitch, math.degrees(math.atan2(along[1], along[0]))


def _outside(face: Face, frame_shape: tuple[int, ...]) -> float:
    transform = alignment.matrix(face.landmarks)
    x, y = np.linalg.solve(transform[:, :2], _GRID - transform[:, 2:])
    height, width = frame_shape[:2]
    return float(((x < -1) | (y < -1) | (x > width) | (y > height)).mean())


# Chosen on 5,342 press photos and degraded copies of them, 2026-11-23. In parentheses: mean similarity to another photo
# of the person, which is 0.65 without damage. The gate refuses 3 px of blur (0.54) or 15 px of motion (0.42) on a 94 px
# face, a third of the face cut off (0.50), half of it white (0.45), and a roll beyond 50 degrees (0.49 at 55). A head
# that tilts is turned upright: 0.65 at 25 degrees, 0.63 at 35, 0.61 at 45. Faces
# turned away (yaw 1 to 2) still resemble their owner (0.58, of 12 photos only), so they are compared too. (150 to 500
# people, with the face mesh's landmarks, 2026-11-30; MTCNN's were not measured.)
# Too little light is a lack of contrast: with 15 to 25 grey levels of it the similarity is 0.62, with 10 to 15 0.62,
# 7 to 10 0.59, 5 to 7 0.56, 4 to 5 0.52, 3 to 4 0.49 (130 people in 7 lights with two amounts of noise, 2026-11-30).
GATE = QualityLimits(
    min_face_px=32,
    rival_share=0.8,
    max_outside=0.22,
    min_sharpness=0.032,
    min_contrast=3,
    max_luma=230,
    max_clipped=0.4,
    max_yaw=1.6,
    min_pitch=0.1,
    max_pitch=0.95,
    max_roll_deg=50,
)
# Stricter: a template is made once and used for years, and we can ask the person for a better photo.
ENROLMENT = QualityLimits(
    min_face_px=56,
    rival_share=0.5,
    max_outside=0.05,
    min_sharpness=0.06,
    min_contrast=10,
    max_luma=215,
    max_clipped=0.15,
    max_yaw=0.9,
    min_pitch=0.2,
    max_pitch=0.88,
    max_roll_deg=25,
)
