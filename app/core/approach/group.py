"""Recognises a denial that is already recorded: the same people are still there, for the same reason.

A camera in a corridor sees groups all day. Whoever is lost from sight and found again, and each further member of the
group, would otherwise be an event of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.core.approach.tracks import Track
from app.core.approach.tries import is_another
from app.core.types import Reason, Sample

# Nobody is near for longer than this: the group has gone. Shorter, they only looked away or were hidden.
GONE = timedelta(seconds=3)
# A face too poor to compare may belong to somebody new, so the denial is recorded again after this long.
AGAIN = timedelta(minutes=5)
MOST_PEOPLE = 16  # whose samples are kept; the newest


@dataclass(frozen=True)
class Denial:
    """A denial of an approach as it was recorded. reason: None if nobody knows whether it was."""

    reason: Reason | None
    at: datetime

    def covers(self, reason: Reason, at: datetime) -> bool:
        """Whether a denial for this reason at this time repeats it, if it is about the same people."""
        return reason is self.reason and self.is_recent(at)

    def is_recent(self, at: datetime) -> bool:
        """Whether the log has said it lately enough."""
        return abs(at - self.at) < AGAIN


@dataclass(frozen=True, eq=False)
class Group:
    """Several people at the gate who were denied together.

    Attributes:
        denial: what was recorded of them last.
        most: how many were near at once.
        people: what each of their tracks showed, by its id; empty for somebody who was never seen well enough.
        seen_at: when one of them was last near.
    """

    denial: Denial
    most: int
    people: Mapping[int, tuple[Sample, ...]]
    seen_at: datetime

    def seen(self, near: Sequence[Track], at: datetime) -> "Group | None":
        """Returns the group after a frame in which these were near; None once it has gone."""
        if self.gone(at):
            return None
        if not near:
            return self
        known = {track.id: track.samples or self.people[track.id] for track in near if track.id in self.people}
        return replace(self, people={**self.people, **known}, seen_at=at)

    def gone(self, at: datetime) -> bool:
        """Whether nobody was near for so long that whoever comes next is a new approach."""
        return abs(at - self.seen_at) > GONE

    def with_(self, denial: Denial, most: int, near: Sequence[Track]) -> "Group":
        """Returns the group after another denial, with those who were near then."""
        people = {**self.people, **{track.id: track.samples for track in near}}
        newest = dict(sorted(people.items())[-MOST_PEOPLE:])
        return replace(self, denial=denial, most=max(self.most, most), people=newest)

    def holds(self, track: Track, most: int, same_person: float) -> bool:
        """Whether the track can be one of them. most: how many were near at once while it was."""
        if most > self.most:
            return False
        known = [samples for samples in self.people.values() if samples]
        if track.id in self.people or not track.samples or not known:
            return True
        return not all(is_another(track, samples, same_person) for samples in known)
