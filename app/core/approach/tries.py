"""Decides who is at the gate, and when to try their evidence: as early as the false accept rate allows.

Trying evidence again and again until it suffices gives more false accepts than trying it once. So the number of tries
is bounded, each try gets a share of the operator's rate, and the intervals between tries grow. The frames of one
approach resemble each other, so one more frame adds little chance of a mistake.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, repeat

from app.core.approach.tracks import Scene, Track, overlap
from app.core.types import Box, FrameResult, Pixels, Reason, Sample

# The counts of usable frames, from the first try on, at which a person is tried. The first frame is tried alone, which
# is enough for most people. The last try is ten seconds later at 25 frames a second.
TRIES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
# The share of the rate for each try. A sixteenth would be right for independent tries, but those of one approach are
# correlated. Simulated with 9,400 strangers' approaches of 256 frames against 1,000 employees, at a rate of 0.1 %, for
# frames as similar as a good camera gives (0.92 between distant frames) and as a poor clip gave (0.72); 2026-11-23:
#   share  false accepts (0.92 / 0.72)  employees never let in  let in at the first frame
#   1/12   0.02 % / 0.01 %              7.3 % / 9.4 %           91 % / 74 %
#   1/3    0.04 % / 0.05 %              4.7 % / 5.4 %           94 % / 83 %
#   1/2    0.07 % / 0.06 %              4.3 % / 3.9 %           95 % / 86 %
#   1      0.12 % / 0.13 %              3.4 % / 2.8 %           96 % / 89 %
# All sixteen tries together make 1.2 to 3 times as many mistakes as the first alone, hence a third.
SHARE = 1 / 3
RIVAL = 0.85  # if a second face is at least this share as wide as the nearest, nobody can tell who is at the gate
COVERED = 0.3  # a lost face that overlaps a visible one this much is hidden behind it, or was the same face
MISMATCH_TRIES = 6  # half a second of usable frames, of the five seconds that a badge waits for its holder
WAIT_MS = 8000  # somebody who waits this long unrecognised gets an answer
LEAST_SEEN = 3  # frames; a face seen for less is a passer-by or a false detection, not an approach
GROWING = 0.1  # of the face width per second; less is jitter


def poll_share(polls: int) -> float:
    """Returns the share of the rate for a person's n-th poll.

    The whole rate for the first 16 polls, then falling as 1 / n squared, so that the sum over an approach is bounded
    however often the hardware polls.
    """
    return min(1.0, (16 / polls) ** 2)


@dataclass(frozen=True)
class Region:
    """The part of the picture at the gate (shares of width and height, 0 to 1), and the narrowest face that counts."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0
    min_face_px: float = 48.0

    def __post_init__(self) -> None:
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1 and self.min_face_px > 0):
            raise ValueError(f"not a region: {self}")

    def holds(self, box: Box, width_px: int, height_px: int) -> bool:
        """Whether the centre of the box is in the region, in a frame of this size."""
        x, y = box.centre[0] / width_px, box.centre[1] / height_px
        return self.left <= x <= self.right and self.top <= y <= self.bottom


@dataclass(frozen=True, eq=False)
class AtGate:
    """Who is at the gate. At most one field is set; neither if nobody is near or the nearest face is briefly hidden.

    Attributes:
        person: the person at the gate, visible in this frame.
        rivals: everybody who might be, if they cannot be told apart.
    """

    person: Track | None = None
    rivals: tuple[Track, ...] = ()


def at_gate(
    scene: Scene, region: Region, width_px: int, height_px: int, at: datetime, let_in: frozenset[int] = frozenset()
) -> AtGate:
    """Returns the person with the widest face in the region, if it is clearly wider than the next.

    A face further back is narrower, so nobody gets in on the face of the person in front of or behind them.
    Somebody not seen at this moment keeps their place, so that a missed detection does not put the next person in it.
    They lose it if somebody steps in front of them or the gate has opened for them.

    Args:
        at: the time of this frame.
        let_in: the ids of the tracks that the gate has opened for.
    """
    near = [
        t for t in scene.people if region.holds(t.box, width_px, height_px) and t.box.width_px >= region.min_face_px
    ]
    seen = [t for t in near if t.last_at == at]
    hidden = [
        t for t in near if t.last_at != at and t.id not in let_in and all(overlap(t.box, s.box) < COVERED for s in seen)
    ]
    nearest = sorted((*seen, *hidden), key=lambda t: -t.box.width_px)
    if not nearest:
        return AtGate()
    rivals = tuple(t for t in nearest if t.box.width_px >= RIVAL * nearest[0].box.width_px)
    if len(rivals) > 1:
        return AtGate(rivals=rivals)
    return AtGate(nearest[0] if nearest[0].last_at == at else None)


def due(track: Track, tries: int, tried_from: int | None) -> bool:
    """Whether to try the track now that it has one more usable sample.

    Args:
        tries: how often it has been tried.
        tried_from: its number of usable samples at the first try, or None before that. Everything seen before, while
            the person waited behind somebody, thus counts as one.
    """
    if tries >= len(TRIES):
        return False
    return tried_from is None or track.usable - tried_from + 1 >= TRIES[tries]


def is_another_holder(reason: Reason, tries: int) -> bool:
    """Whether a badge's holder was looked for so often that the answer is: this is somebody else."""
    return reason is Reason.CREDENTIAL_MISMATCH and tries >= MISMATCH_TRIES


def frame_results(track: Track, faces: int, same_person: float, views: Sequence[Pixels] = ()) -> list[FrameResult]:
    """Returns the track as input for `evidence.fold`, oldest first.

    It holds the newest sample and those earlier ones that resemble it and each other, so the evidence is about the
    person who is there now. Without a usable sample, it is one result with the reason.

    Args:
        faces: the most faces seen in one frame of the track.
        same_person: the cosine similarity from which two samples show one person.
        views: pictures for the record, best first; the newest frame carries the best.
    """
    if not track.samples:
        last = track.last_quality
        return [FrameResult(faces, None, Reason.POOR_QUALITY, next(iter(views), None), last.problems, last.advice)]
    chosen: list[Sample] = []
    for sample in reversed(track.samples):
        if all(float(sample.embedding @ other.embedding) >= same_person for other in chosen):
            chosen.append(sample)
    shown = zip(chosen, chain(views, repeat(None)), strict=False)
    return [FrameResult(faces, sample, None, picture) for sample, picture in shown][::-1]


def is_approach(frames_near: int) -> bool:
    """Whether somebody who left or waited was near for long enough to get a decision."""
    return frames_near >= LEAST_SEEN


def waited(near_since: datetime, at: datetime) -> bool:
    """Whether somebody has waited so long that they get an answer."""
    return (at - near_since).total_seconds() * 1000 >= WAIT_MS


def crossed(track: Track, width_px: int, height_px: int) -> bool:
    """Whether an ended track walked past the camera: it was near, and still growing or at the edge of the picture."""
    near = track.box.width_px >= 0.85 * track.widest_px
    x, y = track.box.centre
    margin = track.box.width_px
    edge = min(x, width_px - x) < margin or min(y, height_px - y) < margin
    return near and (track.growth > GROWING * track.box.width_px or edge)


def is_another(track: Track, of: Sequence[Sample], same_person: float) -> bool:
    """Whether the track certainly shows somebody else than the samples do. Without usable frames it is not certain."""
    if not track.samples or not of:
        return False
    return max(float(a.embedding @ b.embedding) for a in track.samples for b in of) < same_person
