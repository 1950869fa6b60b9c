"""Fuses the frames of one approach into evidence about one person. A tie or a change of person identifies nobody.

A single frame is noisy. On open-set LFW, the quality-weighted mean of three frames has a tenth of its errors (see
`models/README.md`). Who may pass is decided elsewhere, in `policy`.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.core.recognition import liveness
from app.core.types import Candidate, Evidence, FrameResult, Reason, Vector

# If no frame shows a usable subject, the frame that got furthest through the checks gives the most helpful reason.
FURTHEST = (Reason.POOR_QUALITY, Reason.FACE_TOO_SMALL, Reason.SEVERAL_FACES, Reason.NO_FACE)


def fold(results: Sequence[FrameResult], same_person: float) -> Evidence:
    """Fuses the frames of one approach.

    Frames without a subject are skipped; if no frame has one, the evidence carries the reason. If any two subjects are
    less similar than `same_person`, somebody else stepped in: the reason is AMBIGUOUS and nobody is identified.

    Args:
        results: of the frames, oldest first.
        same_person: the cosine similarity below which two frames show different people, from the pack's calibration.

    Raises:
        ValueError: there are no frames, or an embedding or a liveness score is not finite.
    """
    if not results:
        raise ValueError("evidence needs at least one frame")
    faces = max(result.faces for result in results)
    subjects = [result.subject for result in results if result.subject is not None]
    if not subjects:
        reasons = {result.reason for result in results}
        reason = next((r for r in FURTHEST if r in reasons), Reason.NO_FACE)
        return Evidence(faces=faces, frames_used=0, reason=reason)
    vectors = np.stack([subject.embedding for subject in subjects])
    # Comparisons with NaN are always false, so NaN would count as the same person below.
    if not np.isfinite(vectors).all():
        raise ValueError("an embedding is not finite")
    quality = max(subject.quality.score for subject in subjects)
    if float((vectors @ vectors.T).min()) < same_person:
        return Evidence(faces=faces, frames_used=len(subjects), reason=Reason.AMBIGUOUS, quality=quality)
    score, measured = liveness.fuse([subject.liveness for subject in subjects])
    # A frame of quality 0 still gets some weight: weights that are all zero have no mean.
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
    """Returns the evidence with its nearest employee and the margin to the runner-up. `candidates` come best first."""
    if not candidates:
        return evidence
    best = candidates[0]
    runner_up = candidates[1].similarity if len(candidates) > 1 else -1.0
    return replace(evidence, best=best, margin=best.similarity - runner_up)


def unit(vector: Vector) -> Vector:
    """Scales a vector to length 1. Raises ValueError if it is zero or not finite."""
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length < 1e-6:
        raise ValueError("the vector has no direction")
    scaled: Vector = (vector / length).astype(np.float32)
    return scaled
