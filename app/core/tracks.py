"""Follows people through the frames of one camera, so that an approach is one decision and not one a frame.

Small on purpose: at a gate a handful of faces move little between frames. A face joins the track whose predicted box it
overlaps most, unless the two look like different people; that is what keeps identities apart when paths cross. The
idea is that of SORT (Bewley et al. 2016) with an appearance gate as in DeepSORT (Wojke et al. 2017).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.core.types import Box, Face, Quality, Sighting, Vector

MOST_SIGHTINGS = 8  # what one decision may fold; the best ones are kept


@dataclass(frozen=True, eq=False)
class Seen:
    """One face in one frame. embedding is None for a face that is too small or poor to be compared."""

    face: Face
    quality: Quality
    embedding: Vector | None
    liveness: float | None = None


@dataclass(frozen=True)
class Rules:
    """How faces become tracks.

    least_overlap: intersection over union with the predicted box. reach: how far, in face widths, a face may have
    jumped when the boxes do not overlap (a slow camera). same_person: similarity under which two faces are not one
    person.
    patience_ms: a track not seen for so long has ended (an occlusion shorter than this keeps it).
    """

    same_person: float
    least_overlap: float = 0.15
    reach: float = 0.8
    patience_ms: int = 800


@dataclass(frozen=True, eq=False)
class Track:
    """One person's way through the picture. velocity in pixels a second; sightings: the best usable ones, oldest first.

    widest_px: the widest the face has been; seen: in how many frames; usable: how many of them could be compared.
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
    sightings: tuple[Sighting, ...] = ()
    last_quality: Quality = field(default_factory=lambda: Quality(0.0))

    def predicted(self, at: datetime) -> Box:
        """Where the face should be now if it goes on as it went."""
        seconds = min((at - self.last_at).total_seconds(), 1.0)
        (x, y), width = self.box.centre, max(1.0, self.box.width_px + self.growth * seconds)
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
    """scene: the tracks that live. fresh: ids that got a new usable sighting. ended: tracks that left."""

    scene: Scene
    fresh: frozenset[int]
    ended: tuple[Track, ...]


def step(scene: Scene, faces: Sequence[Seen], at: datetime, rules: Rules) -> Step:
    """The next scene, after a frame taken `at` that showed these faces. Frames come in the order of time."""
    pairs = sorted(
        (
            (affinity, i, j)
            for i, track in enumerate(scene.tracks)
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
    ended: list[Track] = []
    fresh: set[int] = set()
    for i, track in enumerate(scene.tracks):
        if i in of_track:
            face = faces[of_track[i]]
            living.append(_moved(track, face, at))
            if face.embedding is not None:
                fresh.add(track.id)
        elif (at - track.last_at).total_seconds() * 1000 > rules.patience_ms:
            ended.append(track)
        else:
            living.append(track)
    next_id = scene.next_id
    for j, face in enumerate(faces):
        if j not in taken:
            living.append(_born(next_id, face, at))
            if face.embedding is not None:
                fresh.add(next_id)
            next_id += 1
    return Step(Scene(tuple(living), next_id), frozenset(fresh), tuple(ended))


def overlap(a: Box, b: Box) -> float:
    """Intersection over union, 0 to 1."""
    width = min(a.x_px + a.width_px, b.x_px + b.width_px) - max(a.x_px, b.x_px)
    height = min(a.y_px + a.height_px, b.y_px + b.height_px) - max(a.y_px, b.y_px)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a.width_px * a.height_px + b.width_px * b.height_px - shared)


def _affinity(track: Track, seen: Seen, at: datetime, rules: Rules) -> float | None:
    """How well the face continues the track, or None where it cannot be the same person."""
    expected = track.predicted(at)
    shared = overlap(expected, seen.face.box)
    (x, y), (ex, ey) = seen.face.box.centre, expected.centre
    distance = math.hypot(x - ex, y - ey) / max(expected.width_px, 1.0)
    if shared < rules.least_overlap and distance > rules.reach:
        return None
    alike = 0.0
    if seen.embedding is not None and track.sightings:
        alike = float(track.sightings[-1].embedding @ seen.embedding)
        if alike < rules.same_person:
            return None
    return shared - 0.1 * distance + alike


def _born(track_id: int, seen: Seen, at: datetime) -> Track:
    box = seen.face.box
    sightings = _kept((), seen)
    return Track(
        id=track_id,
        box=box,
        first_at=at,
        last_at=at,
        widest_px=box.width_px,
        usable=len(sightings),
        sightings=sightings,
        last_quality=seen.quality,
    )


def _moved(track: Track, seen: Seen, at: datetime) -> Track:
    seconds = max((at - track.last_at).total_seconds(), 1e-3)
    (x, y), (old_x, old_y) = seen.face.box.centre, track.box.centre
    # Half of the old and half of the new: a detector's box trembles.
    velocity = (
        0.5 * track.velocity[0] + 0.5 * (x - old_x) / seconds,
        0.5 * track.velocity[1] + 0.5 * (y - old_y) / seconds,
    )
    return replace(
        track,
        box=seen.face.box,
        last_at=at,
        velocity=velocity,
        growth=0.5 * track.growth + 0.5 * (seen.face.box.width_px - track.box.width_px) / seconds,
        widest_px=max(track.widest_px, seen.face.box.width_px),
        seen=track.seen + 1,
        usable=track.usable + (seen.embedding is not None),
        sightings=_kept(track.sightings, seen),
        last_quality=seen.quality,
    )


def _kept(sightings: tuple[Sighting, ...], seen: Seen) -> tuple[Sighting, ...]:
    """The newest sighting and the best of the others, in the order they were seen."""
    if seen.embedding is None:
        return sightings
    new = Sighting(seen.face, seen.quality, seen.embedding, seen.liveness)
    if len(sightings) < MOST_SIGHTINGS:
        return (*sightings, new)
    worst = min(range(len(sightings)), key=lambda i: sightings[i].quality.score)
    return (*sightings[:worst], *sightings[worst + 1 :], new)
