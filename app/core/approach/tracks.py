"""Follows people through the frames of one camera, so that an approach gives one decision and not one per frame.

Small on purpose: at a gate, a handful of faces move little between frames. A face joins the track whose predicted box
it overlaps most, unless the two look like different people, which keeps identities apart when paths cross. The method
is SORT (Bewley et al. 2016) with an appearance gate as in DeepSORT (Wojke et al. 2017).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from app.core.recognition.subject import is_phantom
from app.core.types import Box, Detection, Quality, Sample, Vector

MOST_SAMPLES = 8  # per decision; the best ones are kept
SMOOTH_S = 0.04  # speeds are smoothed over this time: half old, half new at 25 frames a second
SAME_SIZE = 0.5  # a face less than half as wide as expected is somebody further back
# A face that leaves the picture, or turns far, resembles nobody. Below this quality it may be unlike the track's other
# faces and still continue it, if it is where they were a moment ago, and as wide. Later it is somebody else.
CLEAR = 0.65
SAME_PLACE = 0.3  # intersection over union
SAME_WIDTH = 0.7
MOMENT_S = 0.3


@dataclass(frozen=True)
class Rules:
    """How faces are assigned to tracks.

    Attributes:
        same_person: the cosine similarity below which two faces are different people.
        least_overlap: intersection over union with the predicted box from which distance does not matter.
        reach: how far from the predicted box, in face widths, a face with less overlap may be.
        pace: how much further a face known to be the same person may be, in face widths per second since it was last
            seen, because cameras are slow and lose frames; brisk walking is 9.
        farthest: the limit of `reach` plus `pace`, in face widths.
        patience_ms: a track not seen for this long has ended; it survives shorter occlusions.
    """

    same_person: float
    least_overlap: float = 0.15
    reach: float = 0.8
    pace: float = 9.0
    farthest: float = 4.0
    patience_ms: int = 800


@dataclass(frozen=True, eq=False)
class Track:
    """One person's path through the picture.

    Attributes:
        velocity: of the centre, in pixels per second.
        growth: of the width, in pixels per second.
        widest_px: the widest the face has been.
        seen: the number of frames with the face.
        sure: the number of those that were no phantom (`subject.is_phantom`).
        usable: the number of those in which it could be compared, and was not unlike the ones before; `usable_at` is
            the time of the newest.
        samples: the newest usable one and the best ones before it, oldest first.
    """

    id: int
    box: Box
    first_at: datetime
    last_at: datetime
    velocity: tuple[float, float] = (0.0, 0.0)
    growth: float = 0.0
    widest_px: float = 0.0
    seen: int = 1
    sure: int = 1
    usable: int = 0
    usable_at: datetime | None = None
    samples: tuple[Sample, ...] = ()
    last_quality: Quality = field(default_factory=lambda: Quality(0.0))

    def predicted(self, at: datetime) -> Box:
        """Returns where the face should be at that time if it keeps moving as before."""
        seconds = min(_seconds(self.last_at, at), 1.0)
        (x, y), width = self.box.centre, max(0.5 * self.box.width_px, self.box.width_px + self.growth * seconds)
        height = self.box.height_px * width / self.box.width_px
        x, y = x + self.velocity[0] * seconds, y + self.velocity[1] * seconds
        return Box(x - width / 2, y - height / 2, width, height)


@dataclass(frozen=True, eq=False)
class Scene:
    """All tracks of one camera at one moment. Immutable; `step` returns the next scene."""

    tracks: tuple[Track, ...] = ()
    next_id: int = 1

    @property
    def people(self) -> tuple[Track, ...]:
        """The tracks that are somebody, or might be.

        A track that was never more than a phantom does not count beside a real face that is at least as wide, or was
        there a moment ago. A phantom wider than every face counts: it may be somebody in front who hides their face.
        """
        widest_px = max((track.box.width_px for track in self.tracks if track.sure), default=0.0)
        return tuple(track for track in self.tracks if track.sure or track.box.width_px > widest_px)


@dataclass(frozen=True, eq=False)
class Step:
    """The result of one frame.

    Attributes:
        scene: the tracks that go on.
        faces: the faces of this frame, by track id.
        fresh: the ids of the tracks with a new usable sample.
        ended: the tracks that ended.
    """

    scene: Scene
    faces: Mapping[int, Detection]
    fresh: frozenset[int]
    ended: tuple[Track, ...]

    @property
    def people(self) -> dict[int, Detection]:
        """The faces of this frame that count as somebody's (`Scene.people`), by track id."""
        return {track.id: self.faces[track.id] for track in self.scene.people if track.id in self.faces}


def step(scene: Scene, faces: Sequence[Detection], at: datetime, rules: Rules) -> Step:
    """Returns the scene after a frame with these faces, taken `at`. Frames must come in order of time."""
    # The difference counts in either direction, so that a clock set back does not keep a track alive for an hour. After
    # a longer gap between frames no track goes on: a new approach begins, even if it is the same person.
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
            track = _moved(track, found[track.id], at, rules)
        living.append(track)
    next_id = scene.next_id
    for j, face in enumerate(faces):
        if j not in taken:
            found[next_id] = face
            living.append(_born(next_id, face, at))
            next_id += 1
    known = {track.id: track.usable for track in before}
    fresh = frozenset(track.id for track in living if track.usable > known.get(track.id, 0))
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
    """Returns how well the face continues the track, or None if it cannot be the same person."""
    expected = track.predicted(at)
    alike = 0.0
    reach = rules.reach
    widths = sorted((expected.width_px, seen.face.box.width_px))
    shared = overlap(expected, seen.face.box)
    if isinstance(seen, Sample) and track.samples:
        alike = _likeness(track, seen)
        if alike >= rules.same_person:
            reach = max(reach, min(rules.farthest, reach + rules.pace * _seconds(track.last_at, at)))
        elif (
            seen.quality.score < CLEAR
            and shared >= SAME_PLACE
            and widths[0] >= SAME_WIDTH * widths[1]
            and track.usable_at is not None
            and _seconds(track.usable_at, at) <= MOMENT_S
        ):
            alike = 0.0
        else:
            return None
    (x, y), (ex, ey) = seen.face.box.centre, expected.centre
    distance = math.hypot(x - ex, y - ey) / max(expected.width_px, 1.0)
    if widths[0] < SAME_SIZE * widths[1] or (shared < rules.least_overlap and distance > reach):
        return None
    return shared - 0.1 * distance + alike


def _likeness(track: Track, seen: Sample) -> float:
    return float(_mean(track.samples) @ seen.embedding)


def _mean(samples: tuple[Sample, ...]) -> Vector:
    """Returns the mean direction, so that one bad frame neither ends a track nor lets a look-alike in."""
    total = np.stack([s.embedding for s in samples]).sum(axis=0)
    # Not `evidence.unit`, which raises: an embedding with NaN must not stop the camera; it just matches nobody.
    mean: Vector = (total / max(float(np.linalg.norm(total)), 1e-6)).astype(np.float32)
    return mean


def _seconds(before: datetime, at: datetime) -> float:
    return max(0.0, (at - before).total_seconds())


def _born(track_id: int, seen: Detection, at: datetime) -> Track:
    box = seen.face.box
    samples = _kept((), seen)
    return Track(
        id=track_id,
        box=box,
        first_at=at,
        last_at=at,
        widest_px=box.width_px,
        sure=int(not is_phantom(seen.face)),
        usable=len(samples),
        usable_at=at if samples else None,
        samples=samples,
        last_quality=seen.quality,
    )


def _moved(track: Track, seen: Detection, at: datetime, rules: Rules) -> Track:
    # A detector's box jitters, so speeds are smoothed over time and not over frames: between two frames a millisecond
    # apart, a change of position is jitter and not speed.
    span = _seconds(track.last_at, at) + SMOOTH_S
    keep = SMOOTH_S / span
    (x, y), (old_x, old_y) = seen.face.box.centre, track.box.centre
    width = seen.face.box.width_px
    alike = isinstance(seen, Sample) and (not track.samples or _likeness(track, seen) >= rules.same_person)
    return replace(
        track,
        box=seen.face.box,
        last_at=at,
        velocity=(keep * track.velocity[0] + (x - old_x) / span, keep * track.velocity[1] + (y - old_y) / span),
        growth=keep * track.growth + (width - track.box.width_px) / span,
        widest_px=max(track.widest_px, width),
        seen=track.seen + 1,
        sure=track.sure + (not is_phantom(seen.face)),
        usable=track.usable + alike,
        usable_at=at if alike else track.usable_at,
        samples=_kept(track.samples, seen) if alike else track.samples,
        last_quality=seen.quality,
    )


def _kept(samples: tuple[Sample, ...], seen: Detection) -> tuple[Sample, ...]:
    """Returns the newest sample and the best of those before it, oldest first."""
    if not isinstance(seen, Sample):
        return samples
    if len(samples) < MOST_SAMPLES:
        return (*samples, seen)
    worst = min(range(len(samples)), key=lambda i: samples[i].quality.score)
    return (*samples[:worst], *samples[worst + 1 :], seen)
