"""Which of the faces in a frame belongs to the person at the gate, or that nobody can tell.

A turnstile has a line: whoever is nearest and in the middle stands at it, people behind look smaller. Where two are
equally near, the gate must not pick one of them, so that is a reason and not a guess.
"""

from collections.abc import Sequence

from app.core.types import Face, Reason

# A face at the left or right edge counts half of one as wide in the middle.
EDGE_DISCOUNT = 0.5


def weight(face: Face, frame_width_px: int) -> float:
    """How much a face is the one at the gate: its width, discounted by its distance from the vertical centre line."""
    if frame_width_px <= 0:
        raise ValueError("a frame has a width")
    half = frame_width_px / 2
    distance = min(abs(face.box.centre[0] - half) / half, 1.0)
    return face.box.width_px * (1 - EDGE_DISCOUNT * distance)


def choose(faces: Sequence[Face], frame_width_px: int, *, min_face_px: float, rival_share: float = 0.8) -> int | Reason:
    """The index of the face at the gate, or NO_FACE, SEVERAL_FACES or FACE_TOO_SMALL.

    The heaviest by `weight` is the subject unless another has at least `rival_share` of that weight. Everything lighter
    is a bystander and ignored. Size is asked last: two equally far people are several, not small. The order of `faces`
    does not matter; an exact tie is SEVERAL_FACES.
    """
    if not faces:
        return Reason.NO_FACE
    weights = [weight(face, frame_width_px) for face in faces]
    best = max(range(len(faces)), key=weights.__getitem__)
    if any(w >= rival_share * weights[best] for index, w in enumerate(weights) if index != best):
        return Reason.SEVERAL_FACES
    if faces[best].box.width_px < min_face_px:
        return Reason.FACE_TOO_SMALL
    return best
