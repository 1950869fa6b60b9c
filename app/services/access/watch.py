"""What happens in front of one camera: who is in view, how far each approach is, and for whom the gate is open."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

from app.core.approach import tries as approach
from app.core.approach.group import GONE, Denial, Group
from app.core.approach.tracks import Scene, Track, overlap
from app.core.approach.tries import AtGate, Region
from app.core.errors import NotRecorded
from app.core.types import FrameResult, Pixels, Reason, Sample

logger = logging.getLogger(__name__)

APART = timedelta(milliseconds=200)  # frames nearer to each other show the same, so only the better one is kept
AT_ONCE = timedelta(seconds=2)  # an older picture opens nothing
SAME_PLACE = 0.3  # of the face's box; somebody never seen well who is found again here has not moved
PASSAGES_KEPT = timedelta(seconds=10)  # after its end: a tailgater is noticed only when their track ends


@dataclass(eq=False)
class Visit:
    """How far one track's approach has come; forgotten with the track.

    Attributes:
        near_since, near: since when, and in how many frames, the person was at the gate or beside somebody there.
        alone: whether the person was at the gate without a rival at least once.
        together: the most who were near at once, this one counted.
        faces: the most in one frame.
        tries, tried_from: see `approach.due`.
        spoofs: how many of them looked like a picture held up. spoof: the last one's liveness, and of how many frames.
        denial: the one that the approach got, or that of the same people before, which it would only repeat.
        too_late: the answer was recorded too late to be carried out; the approach gets no other.
        pin_asked_at: when the person was last asked for their PIN.
        beside: tracks in view together with this one after they were let in, so they are other people.
    """

    near_since: datetime | None = None
    near: int = 0
    alone: bool = False
    together: int = 0
    faces: int = 0
    tries: int = 0
    tried_from: int | None = None
    spoofs: int = 0
    spoof: tuple[float | None, int] = (None, 0)
    denial: Denial | None = None
    let_in: bool = False
    too_late: bool = False
    pin_asked_at: datetime | None = None
    beside: set[int] = field(default_factory=set)
    views: list["View"] = field(default_factory=list)

    def wants(self, rank: tuple[float, ...], at: datetime, most: int) -> bool:
        """Whether a view of that rank would be kept; asked before it is copied from the frame."""
        near = [view.rank for view in self.views if abs(at - view.at) < APART]
        worst = self.views[-1].rank if len(self.views) >= most else ()
        return rank > max(near, default=worst)

    def keep(self, view: "View", most: int) -> None:
        """Keeps the view beside those from other moments, best first. The first usable view drops all others."""
        others = [v for v in self.views if abs(view.at - v.at) >= APART and v.rank[0] >= view.rank[0]]
        self.views = sorted([*others, view], key=lambda v: v.rank, reverse=True)[:most]


@dataclass(frozen=True, eq=False)
class View:
    """A face and its surroundings, for the record. rank: whether it is usable, then how good it is."""

    rank: tuple[float, ...]
    at: datetime
    pixels: Pixels


@dataclass(eq=False)
class Passage:
    """An opening while it lasts.

    Attributes:
        track_id: the track that was let in; None if a poll opened.
        samples: what the track showed.
        event_id: the event; None if it was recorded too late, so the gate stayed shut.
    """

    employee_id: str | None
    track_id: int | None
    samples: tuple[Sample, ...]
    since: datetime
    until: datetime
    camera: str = ""
    event_id: str | None = None
    hinted: bool = False

    @property
    def opened(self) -> bool:
        """Whether the gate opened; it did not if the event was recorded too late."""
        return self.event_id is not None

    def lasts(self, at: datetime) -> bool:
        return self.since <= at < self.until


@dataclass(eq=False)
class Openings:
    """For whom one gate just opened, by any of its cameras or by a poll.

    deciding: held from reading these until the event is recorded, so that a second way to the same opening sees it.
    """

    deciding: Lock = field(default_factory=Lock, repr=False)
    _recent: list[Passage] = field(default_factory=list)

    def add(self, passage: Passage) -> None:
        self._recent = [*(p for p in self._recent if p.until > passage.since), passage]

    def of(self, employee_id: str | None, at: datetime) -> list[Passage]:
        """This employee's openings that still last, newest first. Another camera's frame may be a moment older."""
        found = [p for p in self._recent if employee_id is not None and p.employee_id == employee_id]
        return [p for p in reversed(found) if p.since - AT_ONCE <= at < p.until]


@dataclass(frozen=True, eq=False)
class TurnedAway:
    """Somebody who was denied: their track, which has ended, and the denial."""

    track: Track
    denial: Denial

    def is_(self, track: Track, same_person: float) -> bool:
        """Whether the track is the same person, found again within moments."""
        if not track.first_at < self.track.last_at + GONE:
            return False
        if track.samples and self.track.samples:
            return not approach.is_another(track, self.track.samples, same_person)
        # Somebody whose face is never seen well, or not any more, and who stands where they stood.
        return not track.samples and overlap(track.box, self.track.box) >= SAME_PLACE


@dataclass(frozen=True, eq=False)
class LatestFrame:
    """What the newest frame showed. Immutable and replaced as a whole, so other threads read it without a lock."""

    scene: Scene
    at: datetime
    width_px: int
    height_px: int
    faces: int
    person: AtGate
    views: Mapping[int, Sequence[Pixels]]

    def looks(self, same_person: float) -> list[FrameResult]:
        """What the frame shows of the person at the gate, or why it shows nobody. same_person: a similarity."""
        person = self.person.person
        if person is None:
            reason = Reason.FACE_TOO_SMALL if self.faces else Reason.NO_FACE
            return [FrameResult(self.faces, None, Reason.SEVERAL_FACES if self.person.rivals else reason)]
        if person.usable_at != self.at:
            # The track's earlier frames may show somebody whom this person has stepped in front of.
            person = replace(person, samples=())
        return approach.frame_results(person, self.faces, same_person, self.views.get(person.id, ()))


@dataclass(eq=False)
class Watch:
    """What happens in front of one camera. Only the camera's thread changes it; other threads may read `latest`.

    asks_liveness: whether the gate asked for liveness when somebody was last tried.
    """

    camera: str
    gate_id: str
    region: Region
    latest: LatestFrame | None = None
    visits: dict[int, Visit] = field(default_factory=dict)
    passages: list[Passage] = field(default_factory=list)
    turned_away: list[TurnedAway] = field(default_factory=list)
    group: Group | None = None
    unrecorded: bool = False
    asks_liveness: bool = True
    polls: dict[int, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def busy(self) -> bool:
        """Whether anybody is in view, so that every frame counts."""
        return self.latest is not None and bool(self.latest.scene.tracks)

    def opened(self, passage: Passage) -> None:
        """Called by the camera's thread, or by one that answers polls."""
        with self._lock:
            kept = [p for p in self.passages if p.until + PASSAGES_KEPT > passage.since]
            self.passages = [*kept, passage]

    def polled(self, track_id: int) -> int:
        """Counts a poll for this track and returns how many there were. Ended tracks are forgotten."""
        with self._lock:
            living = {t.id for t in self.latest.scene.tracks} if self.latest else set()
            self.polls = {i: n for i, n in self.polls.items() if i in living}
            self.polls[track_id] = self.polls.get(track_id, 0) + 1
            return self.polls[track_id]

    def visit_of(self, track: Track | None) -> Visit | None:
        return None if track is None else self.visits.get(track.id)

    def was_let_in(self, track: Track, visit: Visit, same_person: float) -> bool:
        """Whether this track is somebody for whom the gate is open, seen too poorly to be recognised."""
        return bool(track.samples) and any(
            p.lasts(track.last_at) and not is_another(p, track, visit, same_person) for p in self.passages if p.samples
        )

    def is_phantom(self, track: Track) -> bool:
        """Whether the track was never surely a face, and the gate stood open: it is a hand or hair of who passed."""
        return not track.sure and any(p.lasts(track.last_at) for p in self.passages)

    def was_denied(self, track: Track, at: datetime, same_person: float) -> Denial | None:
        """The denial of somebody who was denied a moment ago and whom this track shows; None for all others."""
        for one in reversed(self.turned_away):
            if one.denial.is_recent(at) and one.is_(track, same_person):
                return one.denial
        return None

    def denied_together(self, track: Track, visit: Visit, at: datetime, same_person: float) -> Denial | None:
        """The recorded denial of a group that is still there, if this track can be one of them."""
        group = self.group
        if visit.alone or group is None or group.gone(at) or not group.holds(track, visit.together, same_person):
            return None
        return group.denial

    def denied(self, track: Track, visit: Visit, denial: Denial, near: Sequence[Track]) -> None:
        """Notes a recorded denial. near: who is at the gate or was a moment ago, for a denial of several people."""
        visit.denial = denial
        if not visit.alone:
            group = self.group or Group(denial, 0, {}, track.last_at)
            self.group = group.with_(denial, visit.together, near)

    def tailgates(self, track: Track, visit: Visit, same_person: float) -> bool:
        """Whether somebody who was not let in crossed while the gate was open for another. True once an opening."""
        latest = self.latest
        if visit.let_in or latest is None or not approach.crossed(track, latest.width_px, latest.height_px):
            return False
        for passage in self.passages:
            standing_open = passage.opened and passage.lasts(track.last_at) and not passage.hinted
            if standing_open and is_another(passage, track, visit, same_person):
                passage.hinted = True
                return True
        return False

    def refused(self, track: Track, denial: Denial) -> None:
        """Notes that the track of somebody who was denied has ended."""
        kept = [one for one in self.turned_away if one.track.last_at + GONE > track.last_at]
        self.turned_away = [*kept, TurnedAway(track, denial)]

    def complain(self, error: NotRecorded) -> None:
        """Logs an outage once, not at every frame."""
        if not self.unrecorded:
            logger.error('decision_not_recorded camera=%s why="%s" gate=stays_shut', self.camera, error)
        self.unrecorded = True

    @property
    def let_in(self) -> frozenset[int]:
        """Ids of the tracks in view for which the gate has opened."""
        return frozenset(i for i, visit in self.visits.items() if visit.let_in)


def is_another(passage: Passage, track: Track, visit: Visit, same_person: float) -> bool:
    """Whether the track surely shows somebody else than the one the gate was opened for."""
    return passage.track_id in visit.beside or approach.is_another(track, passage.samples, same_person)
