"""Folds the frames of one approach into evidence about one person. Ties and changes of identity give nobody.

One frame is noisy; the quality-weighted mean of three has, on open-set LFW, a tenth of its errors (the figures
stand in the README). Nothing here knows who may pass: that is `policy`.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.core.recognition import liveness
from app.core.types import Candidate, Evidence, FrameResult, Reason, Vector

# Where no frame shows a usable subject, the reason of the frame that came furthest is the one that helps.
FURTHEST = (Reason.POOR_QUALITY, Reason.FACE_TOO_SMALL, Reason.SEVERAL_FACES, Reason.NO_FACE)


def fold(looks: Sequence[FrameResult], same_person: float) -> Evidence:
    """Fuses the looks of one approach, oldest first.

    same_person: the cosine similarity under which two frames show different people (calibrated, from the manifest).
    Frames without a subject are passed over; if all are, the evidence carries the reason. If any two subjects are
    less alike than `same_person`, the reason is AMBIGUOUS: somebody else stepped in, and nobody is identified.
    Raises ValueError for no looks at all, and for an embedding or a liveness that is not finite.
    """
    if not looks:
        raise ValueError("evidence needs at least one frame")
    faces = max(look.faces for look in looks)
    subjects = [look.subject for look in looks if look.subject is not None]
    if not subjects:
        reasons = {look.reason for look in looks}
        reason = next((r for r in FURTHEST if r in reasons), Reason.NO_FACE)
        return Evidence(faces=faces, frames_used=0, reason=reason)
    vectors = np.stack([subject.embedding for subject in subjects])
    # NaN compares false with everything, so it would pass for the same person.
    if not np.isfinite(vectors).all():
        raise ValueError("an embedding that is not finite is nobody's face")
    quality = max(subject.quality.score for subject in subjects)
    if float((vectors @ vectors.T).min()) < same_person:
        return Evidence(faces=faces, frames_used=len(subjects), reason=Reason.AMBIGUOUS, quality=quality)
    score, measured = liveness.fuse([subject.liveness for subject in subjects])
    # A frame of quality 0 still counts a little: all-zero weights have no mean.
    weights = np.array([max(subject.quality.score, 1e-3) for subject in subjects], dtype=np.float32)
    return Evidence(
        faces=faces,
        frames_used=len(subjects),
        reason=None,
        embedding=unit(weights @ vectors),
        quality=quality,
        liveness=score,
        liveness_frames=measured,
    )


def against(evidence: Evidence, candidates: Sequence[Candidate]) -> Evidence:
    """The evidence with its nearest employee and the margin to the runner-up. candidates: best first."""
    if not candidates:
        return evidence
    best = candidates[0]
    runner_up = candidates[1].similarity if len(candidates) > 1 else -1.0
    return replace(evidence, best=best, margin=best.similarity - runner_up)


def unit(vector: Vector) -> Vector:
    """The vector at length 1. Raises ValueError for one that has no direction (zero or not finite)."""
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length < 1e-6:
        raise ValueError("a vector without direction is nobody's face")
    scaled: Vector = (vector / length).astype(np.float32)
    return scaled
