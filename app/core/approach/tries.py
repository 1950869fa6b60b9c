"""Whose approach it is, and when its evidence is looked at: as early as the false accept rate allows.

Evidence that is tried again and again until it suffices opens more often than evidence tried once. So the number of
tries is bounded, each gets a share of the operator's rate, and they come at growing distances: the frames of one
approach resemble each other, and the next one hardly adds a chance to be mistaken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, repeat

from app.core.approach.tracks import Scene, Track, overlap
from app.core.types import Box, FrameResult, Pixels, Reason, Sample

# A person at the gate is tried at so many usable frames, counted from the first try. The first frame is tried alone:
# most people are known by it. The last lies ten seconds later at 25 frames a second.
TRIES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
# Of the rate, for each try. A sixteenth would hold for tries that have nothing to do with each other; those of one
# approach do. Played with 9,400 strangers' approaches of 256 frames against 1,000 employees, at a rate of 0.1 %, for
# frames as alike as a good camera gives them (similarity 0.92 far apart) and as a poor clip did (0.72); 2026-11-23:
#   share  false accepts (0.92 / 0.72)  employees never let in  let in at the first frame
#   1/12   0.02 % / 0.01 %              7.3 % / 9.4 %           91 % / 74 %
#   1/3    0.04 % / 0.05 %              4.7 % / 5.4 %           94 % / 83 %
#   1/2    0.07 % / 0.06 %              4.3 % / 3.9 %           95 % / 86 %
#   1      0.12 % / 0.13 %              3.4 % / 2.8 %           96 % / 89 %
# All sixteen tries are mistaken 1.2 to 3 times as often as the first alone, hence a third.
SHARE = 1 / 3
RIVAL = 0.85  # a second face this wide, against the nearest, and there is no telling who is at the gate
COVERED = 0.3  # a face that was lost, this much under one that is seen, is behind it or was it
WAIT_MS = 8000  # somebody who stands there for so long without being known is told so
LEAST_SEEN = 3  # frames: a face for a moment is a passer-by or a detector's fancy, no approach
GROWING = 0.1  # of its width a second: less is trembling


def poll_share(polls: int) -> float:
    """What is left of the rate for a person's n-th poll: whole for the first 16, then falling as 1 / n squared, so that
    the sum over an approach is bounded however often the hardware asks."""
    return min(1.0, (16 / polls) ** 2)


@dataclass(frozen=True)
class Zone:
    """Where in the picture the gate is (shares of width and height, 0 to 1), and how wide a face there must be."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0
    min_face_px: float = 48.0

    def __post_init__(self) -> None:
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1 and self.min_face_px > 0):
            raise ValueError(f"not a zone: {self}")

    def holds(self, box: Box, width_px: int, height_px: int) -> bool:
        """Whether the middle of the box lies in the zone of a frame of this size."""
        x, y = box.centre[0] / width_px, box.centre[1] / height_px
        return self.left <= x <= self.right and self.top <= y <= self.bottom


@dataclass(frozen=True, eq=False)
class AtGate:
    """person: who is at the gate, seen in this frame. rivals: all who are, where there is no telling. At most one of
    both is set; neither, where nobody is near or the nearest is hidden for a moment."""

    person: Track | None = None
    rivals: tuple[Track, ...] = ()


def at_gate(
    scene: Scene, zone: Zone, width_px: int, height_px: int, at: datetime, let_in: frozenset[int] = frozenset()
) -> AtGate:
    """The person with the widest face in the zone, if it is clearly wider than the next.

    A face behind is narrower, so whoever stands behind is never let in by the one in front, nor the other way round.
    Who is not seen `at` this moment still stands where they were, lest a face that the detector misses make room for
    the next; but not if somebody stepped before them, or if the gate has opened for them (let_in: those tracks' ids).
    """
    near = [t for t in scene.tracks if zone.holds(t.box, width_px, height_px) and t.box.width_px >= zone.min_face_px]
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
    """Whether the track is to be tried now that it has one more usable sighting.

    tries: how often it was. tried_from: its usable sightings at the first try, or None before it; what was seen of
    somebody who waited behind another counts as one.
    """
    if tries >= len(TRIES):
        return False
    return tried_from is None or track.usable - tried_from + 1 >= TRIES[tries]


def looks(track: Track, faces: int, same_person: float, views: Sequence[Pixels] = ()) -> list[FrameResult]:
    """The track as evidence takes it, oldest first. faces: most faces seen in one frame of it. views: pictures for the
    record, best first; the newest frame carries the best.

    The newest sighting is always in it, and of the others those that look like it and like each other: the evidence is
    about whoever stands there now. Without a usable sighting: why.
    """
    if not track.sightings:
        return [FrameResult(faces, None, Reason.POOR_QUALITY, next(iter(views), None), track.last_quality.problems)]
    chosen: list[Sample] = []
    for sighting in reversed(track.sightings):
        if all(float(sighting.embedding @ other.embedding) >= same_person for other in chosen):
            chosen.append(sighting)
    shown = zip(chosen, chain(views, repeat(None)), strict=False)
    return [FrameResult(faces, sighting, None, picture) for sighting, picture in shown][::-1]


def is_approach(frames_near: int) -> bool:
    """Whether somebody who left, or has waited, deserves a decision: they were near, and no passing fancy."""
    return frames_near >= LEAST_SEEN


def waited(near_since: datetime, at: datetime) -> bool:
    return (at - near_since).total_seconds() * 1000 >= WAIT_MS


def crossed(track: Track, width_px: int, height_px: int) -> bool:
    """Whether a track that ended walked past the camera: still growing, or leaving at the picture's edge while near."""
    near = track.box.width_px >= 0.85 * track.widest_px
    x, y = track.box.centre
    margin = track.box.width_px
    edge = min(x, width_px - x) < margin or min(y, height_px - y) < margin
    return near and (track.growth > GROWING * track.box.width_px or edge)


def is_another(track: Track, of: Sequence[Sample], same_person: float) -> bool:
    """Whether the track surely shows somebody else than those sightings do: no usable frames are no proof."""
    if not track.sightings or not of:
        return False
    return max(float(a.embedding @ b.embedding) for a in track.sightings for b in of) < same_person
