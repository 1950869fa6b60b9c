"""Whose approach it is, and when its evidence is looked at: as early as the false accept rate allows.

Evidence that is tried again and again until it suffices would open too often. So a track is tried at fixed numbers of
usable frames, and the operator's rate is shared out between the tries (a union bound: the sum over all tries of one
approach is at most the rate, however the frames depend on each other).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from app.core.tracks import Scene, Track
from app.core.types import Box, Look, Reason

# After so many usable frames a track is tried. The first frame is tried alone: most people are known by it.
TRIES = (1, 2, 3, 4, 6, 8, 12, 16)
SHARE = 1 / len(TRIES)
RIVAL = 0.85  # a second face this wide, against the nearest, and there is no telling who is at the gate
WAIT_MS = 8000  # somebody who stands there for so long without being known is told so
LEAST_SEEN = 3  # frames: a face for a moment is a passer-by or a detector's fancy, no approach


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


def at_gate(scene: Scene, zone: Zone, width_px: int, height_px: int) -> Track | None:
    """The track of the person at the gate: the widest face in the zone, clearly wider than the next. Or nobody.

    A face behind is narrower, so whoever stands behind is never let in by the one in front, nor the other way round.
    """
    near = sorted(
        (t for t in scene.tracks if zone.holds(t.box, width_px, height_px) and t.box.width_px >= zone.min_face_px),
        key=lambda t: -t.box.width_px,
    )
    if not near or (len(near) > 1 and near[1].box.width_px >= RIVAL * near[0].box.width_px):
        return None
    return near[0]


def due(track: Track) -> bool:
    """Whether the track is to be tried now that it has one more usable sighting."""
    return track.usable in TRIES


def looks(track: Track, faces: int) -> list[Look]:
    """The track as evidence takes it. faces: most faces seen in one frame. Without a usable sighting: why."""
    if track.sightings:
        return [Look(faces, sighting, None) for sighting in track.sightings]
    return [Look(faces, None, Reason.POOR_QUALITY, problems=track.last_quality.problems)]


def is_approach(track: Track, zone: Zone) -> bool:
    """Whether a track that ended, or has waited, deserves a decision: it came near and was no passing fancy."""
    return track.seen >= LEAST_SEEN and track.widest_px >= zone.min_face_px


def waited(track: Track) -> bool:
    return (track.last_at - track.first_at).total_seconds() * 1000 >= WAIT_MS


def crossed(track: Track, width_px: int, height_px: int) -> bool:
    """Whether a track that ended walked past the camera: still growing, or leaving at the picture's edge while near."""
    near = track.box.width_px >= 0.85 * track.widest_px
    x, y = track.box.centre
    margin = track.box.width_px
    edge = min(x, width_px - x) < margin or min(y, height_px - y) < margin
    return near and (track.growth > 0 or edge)


def tailgaters(ended: Iterable[Track], opened_for: frozenset[int], width_px: int, height_px: int) -> list[Track]:
    """Tracks that crossed although no opening was theirs. A hint: the picture shows faces, not feet."""
    return [t for t in ended if t.id not in opened_for and t.seen >= LEAST_SEEN and crossed(t, width_px, height_px)]
