"""Follows people through the frames of one camera, so that an approach is one decision and not one a frame.

Small on purpose: at a gate a handful of faces move little between frames. A face joins the track whose predicted box it
overlaps most, unless the two look like different people; that is what keeps identities apart when paths cross. The
idea is that of SORT (Bewley et al. 2016) with an appearance gate as in DeepSORT (Wojke et al. 2017).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from app.core.types import Box, Face, Quality, Sample, Vector

MOST_SIGHTINGS = 8  # what one decision may fold; the best ones are kept
SMOOTH_S = 0.04  # over so long speeds are smoothed: half old and half new at 25 frames a second
SAME_SIZE = 0.5  # a face of less than half the width expected is somebody behind


@dataclass(frozen=True, eq=False)
class Detection:
    """One face in one frame. embedding is None for a face that is too small or poor to be compared."""

    face: Face
    quality: Quality
    embedding: Vector | None
    liveness: float | None = None


@dataclass(frozen=True)
class Rules:
    """How faces become tracks.

    same_person: similarity under which two faces are not one person.
    least_overlap: intersection over union with the predicted box. reach: how far from there, in face widths, a face may
    be whose boxes do not overlap. pace: a face known to be the same person may be further, by so many face widths a
    second since it was last seen (brisk walking is 9), up to `farthest`: cameras are slow, and frames are lost.
    patience_ms: a track not seen for so long has ended (an occlusion shorter than this keeps it).
    """

    same_person: float
    least_overlap: float = 0.15
    reach: float = 0.8
    pace: float = 9.0
    farthest: float = 4.0
    patience_ms: int = 800


@dataclass(frozen=True, eq=False)
class Track:
    """One person's way through the picture. sightings: the newest usable one and the best before it, oldest first.

    velocity in pixels a second; growth: of the width, likewise. widest_px: the widest the face has been; seen: in how
    many frames; usable: how many of them could be compared; usable_at: when the newest of those was taken.
    """

    id: int
    box: Box
    first_at: datetime
    last_at: datetime
    velocity: tuple[float, float] = (0.0, 0.0)
    growth: float = 0.0
    widest_px: float = 0.0
    seen: int = 1
    usable: int = 0
    usable_at: datetime | None = None
    sightings: tuple[Sample, ...] = ()
    last_quality: Quality = field(default_factory=lambda: Quality(0.0))

    def predicted(self, at: datetime) -> Box:
        """Where the face should be now if it goes on as it went."""
        seconds = min(_seconds(self.last_at, at), 1.0)
        (x, y), width = self.box.centre, max(0.5 * self.box.width_px, self.box.width_px + self.growth * seconds)
        height = self.box.height_px * width / self.box.width_px
        x, y = x + self.velocity[0] * seconds, y + self.velocity[1] * seconds
        return Box(x - width / 2, y - height / 2, width, height)


@dataclass(frozen=True, eq=False)
class Scene:
    """All tracks of one camera at one moment. Immutable: `step` makes the next."""

    tracks: tuple[Track, ...] = ()
    next_id: int = 1


@dataclass(frozen=True, eq=False)
class Step:
    """scene: the tracks that live. faces: of this frame, by track id. fresh: ids that got a new usable sighting.
    ended: tracks that left."""

    scene: Scene
    faces: Mapping[int, Detection]
    fresh: frozenset[int]
    ended: tuple[Track, ...]


def step(scene: Scene, faces: Sequence[Detection], at: datetime, rules: Rules) -> Step:
    """The next scene, after a frame taken `at` that showed these faces. Frames come in the order of time."""
    # Either way: a clock that was set back must not keep somebody standing there for an hour. And nobody is continued
    # after frames were missing for longer: what comes then is a new approach, though it be the same person.
    patience = timedelta(milliseconds=rules.patience_ms)
    ended = tuple(track for track in scene.tracks if abs(at - track.last_at) > patience)
    before = [track for track in scene.tracks if track not in ended]
    pairs = sorted(
        (
            (affinity, i, j)
            for i, track in enumerate(before)
            for j, face in enumerate(faces)
            if (affinity := _affinity(track, face, at, rules)) is not None
        ),
        key=lambda pair: -pair[0],
    )
    of_track: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in pairs:
        if i not in of_track and j not in taken:
            of_track[i] = j
            taken.add(j)
    living: list[Track] = []
    found: dict[int, Detection] = {}
    for i, track in enumerate(before):
        if i in of_track:
            found[track.id] = faces[of_track[i]]
            track = _moved(track, found[track.id], at)
        living.append(track)
    next_id = scene.next_id
    for j, face in enumerate(faces):
        if j not in taken:
            found[next_id] = face
            living.append(_born(next_id, face, at))
            next_id += 1
    fresh = frozenset(track_id for track_id, face in found.items() if face.embedding is not None)
    return Step(Scene(tuple(living), next_id), found, fresh, ended)


def overlap(a: Box, b: Box) -> float:
    """Intersection over union, 0 to 1."""
    width = min(a.x_px + a.width_px, b.x_px + b.width_px) - max(a.x_px, b.x_px)
    height = min(a.y_px + a.height_px, b.y_px + b.height_px) - max(a.y_px, b.y_px)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a.width_px * a.height_px + b.width_px * b.height_px - shared)


def _affinity(track: Track, seen: Detection, at: datetime, rules: Rules) -> float | None:
    """How well the face continues the track, or None where it cannot be the same person."""
    expected = track.predicted(at)
    alike = 0.0
    reach = rules.reach
    if seen.embedding is not None and track.sightings:
        alike = float(_mean(track.sightings) @ seen.embedding)
        if not alike >= rules.same_person:
            return None
        reach = max(reach, min(rules.farthest, reach + rules.pace * _seconds(track.last_at, at)))
    widths = sorted((expected.width_px, seen.face.box.width_px))
    (x, y), (ex, ey) = seen.face.box.centre, expected.centre
    distance = math.hypot(x - ex, y - ey) / max(expected.width_px, 1.0)
    shared = overlap(expected, seen.face.box)
    if widths[0] < SAME_SIZE * widths[1] or (shared < rules.least_overlap and distance > reach):
        return None
    return shared - 0.1 * distance + alike


def _mean(sightings: tuple[Sample, ...]) -> Vector:
    """The direction of all of them: one bad frame neither ends a track nor lets a look-alike in."""
    total = np.stack([s.embedding for s in sightings]).sum(axis=0)
    # Not `evidence.unit`, which raises: an embedding that is not a number must not end the watch, it is just nobody's.
    mean: Vector = (total / max(float(np.linalg.norm(total)), 1e-6)).astype(np.float32)
    return mean


def _seconds(before: datetime, at: datetime) -> float:
    return max(0.0, (at - before).total_seconds())


def _born(track_id: int, seen: Detection, at: datetime) -> Track:
    box = seen.face.box
    sightings = _kept((), seen)
    return Track(
        id=track_id,
        box=box,
        first_at=at,
        last_at=at,
        widest_px=box.width_px,
        usable=len(sightings),
        usable_at=at if sightings else None,
        sightings=sightings,
        last_quality=seen.quality,
    )


def _moved(track: Track, seen: Detection, at: datetime) -> Track:
    # A detector's box trembles, so speeds are smoothed over time, not over frames: of two frames that arrive within a
    # millisecond the difference in place is trembling and no speed.
    span = _seconds(track.last_at, at) + SMOOTH_S
    keep = SMOOTH_S / span
    (x, y), (old_x, old_y) = seen.face.box.centre, track.box.centre
    width = seen.face.box.width_px
    return replace(
        track,
        box=seen.face.box,
        last_at=at,
        velocity=(keep * track.velocity[0] + (x - old_x) / span, keep * track.velocity[1] + (y - old_y) / span),
        growth=keep * track.growth + (width - track.box.width_px) / span,
        widest_px=max(track.widest_px, width),
        seen=track.seen + 1,
        usable=track.usable + (seen.embedding is not None),
        usable_at=track.usable_at if seen.embedding is None else at,
        sightings=_kept(track.sightings, seen),
        last_quality=seen.quality,
    )


def _kept(sightings: tuple[Sample, ...], seen: Detection) -> tuple[Sample, ...]:
    """The newest sighting and the best of those before it, in the order they were seen."""
    if seen.embedding is None:
        return sightings
    new = Sample(seen.face, seen.quality, seen.embedding, seen.liveness)
    if len(sightings) < MOST_SIGHTINGS:
        return (*sightings, new)
    worst = min(range(len(sightings)), key=lambda i: sightings[i].quality.score)
    return (*sightings[:worst], *sightings[worst + 1 :], new)
