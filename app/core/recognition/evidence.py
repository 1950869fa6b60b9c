"""Fuses the frames of one approach into evidence about one person. A tie or a change of person identifies nobody.

A single frame is noisy. On open-set LFW, the quality-weighted mean of three frames has a tenth of its errors (see
`models/README.md`). Who may pass is decided elsewhere, in `policy`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.core.recognition import liveness
from app.core.types import Advice, Candidate, Evidence, FrameResult, Reason, Vector

NO_MEAN = 1e-3  # a mean shorter than this has no direction

# If no frame shows a usable subject, the frame that got furthest through the checks gives the most helpful reason.
FURTHEST = (Reason.POOR_QUALITY, Reason.FACE_TOO_SMALL, Reason.SEVERAL_FACES, Reason.NO_FACE)


@dataclass(frozen=True)
class OnePerson:
    """When several frames show one person: the pack's `Calibration.clear` and `Calibration.shows`."""

    clear: float
    shows: Callable[[int], float]


def every_frame(length: float, frames: int) -> float:
    """Counts each frame as a different picture, for a pack that does not say how alike one person's pictures are."""
    return frames


def fold(
    results: Sequence[FrameResult], same_person: float, apart: Callable[[float, int], float] = every_frame
) -> Evidence:
    """Fuses the frames of one approach.

    Frames without a subject are skipped; if no frame has one, the evidence carries the reason. If any two subjects are
    less similar than `same_person`, somebody else may have stepped in: the reason is AMBIGUOUS, and nobody is
    identified unless `settled` finds that each frame shows the best candidate.

    Args:
        results: of the frames, oldest first.
        same_person: the cosine similarity below which two frames show different people, from the pack's calibration.
        apart: how many different pictures so many frames are worth, by the length of their mean (`Tail.apart`).

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
        advice = _mostly([result.advice for result in results if result.reason is Reason.POOR_QUALITY])
        if reason is Reason.POOR_QUALITY and advice is not None:
            reason = Reason(advice)
        return Evidence(faces=faces, frames_used=0, reason=reason)
    vectors = np.stack([subject.embedding for subject in subjects])
    # Comparisons with NaN are always false, so NaN would count as the same person below.
    if not np.isfinite(vectors).all():
        raise ValueError("an embedding is not finite")
    doubtful = least_alike(vectors) < same_person
    score, measured = liveness.fuse([subject.liveness for subject in subjects])
    # A frame of quality 0 still gets some weight: weights that are all zero have no mean.
    weights = np.array([max(subject.quality.score, 1e-3) for subject in subjects], dtype=np.float32)
    mean = weights @ vectors / weights.sum()
    if not np.isfinite(mean).all():
        raise ValueError("a quality is not finite")
    length = float(np.linalg.norm(mean))
    return Evidence(
        faces=faces,
        frames_used=len(subjects),
        reason=Reason.AMBIGUOUS if doubtful else None,
        # Opposite faces have no mean. They are two people, and nobody is searched for.
        embedding=unit(mean) if length > NO_MEAN else None,
        quality=max(subject.quality.score for subject in subjects),
        liveness=score,
        liveness_frames=measured,
        frames=vectors if len(vectors) > 1 else None,
        frames_apart=apart(length, len(vectors)),
        advice=_mostly([subject.quality.advice for subject in subjects]),
    )


def _mostly(advice: Sequence[Advice | None]) -> Advice | None:
    """What at least half of the frames say, if anything."""
    return next((one for one in Advice if 2 * advice.count(one) >= len(advice) > 0), None)


def least_alike(vectors: Vector) -> float:
    """The similarity of the two of (n, d) unit vectors that differ most; 1 for a single one."""
    return float((vectors @ vectors.T).min()) if len(vectors) > 1 else 1.0


def settled(
    evidence: Evidence, template: Callable[[], Vector | None], photos: int, threshold: float, rule: OnePerson
) -> Evidence:
    """Decides whether several frames show the best candidate, or two different people.

    Frames that resemble each other beyond doubt show one person. Otherwise each is compared with all that is known of
    the candidate: the template and the frames that were found to show them before, most alike first. If one of them
    shows somebody else, the evidence is AMBIGUOUS and nobody is identified. So a poor frame of an employee, which is
    unlike another frame, is still like the person.

    Only for a candidate whose fused similarity reaches the threshold: anybody else is refused anyway, and AMBIGUOUS
    stays where two frames differ.

    Args:
        template: reads the best candidate's template, the mean of so many `photos`; only called if there is doubt.
    """
    frames, best = evidence.frames, evidence.best
    if frames is None or evidence.reason not in (None, Reason.AMBIGUOUS):
        return evidence
    if best is not None and best.similarity >= threshold:
        if evidence.reason is None and least_alike(frames) >= rule.clear:
            return evidence
        known = template()
        if known is not None and photos and _all_show(frames, known, photos, rule.shows):
            return replace(evidence, reason=None)
        return _nobody(evidence)
    return evidence if evidence.reason is None else _nobody(evidence)


def _nobody(evidence: Evidence) -> Evidence:
    return replace(evidence, reason=Reason.AMBIGUOUS, best=None, margin=None)


def _all_show(frames: Vector, template: Vector, pictures: int, shows: Callable[[int], float]) -> bool:
    total = template * pictures
    for frame in frames[np.argsort(-(frames @ template))]:
        if not float(unit(total) @ frame) >= shows(pictures):
            return False
        total, pictures = total + frame, pictures + 1
    return True


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
