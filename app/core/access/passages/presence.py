"""Where a person is, as far as gates know, and a passage that was granted and is not over yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta

SHORTEST_RESERVATION = timedelta(seconds=8)
AFTER_UNLOCK = timedelta(seconds=3)  # for the sensor's report to arrive


@dataclass(frozen=True, slots=True)
class Presence:
    """Where somebody is, since when, and the gate and event that say so. Without one, nobody knows.

    Attributes:
        zone_id: None for the outside.
        gate_id, event_id: None for a correction.
    """

    person_id: str
    zone_id: str | None
    since: datetime
    gate_id: str | None = None
    event_id: str | None = None


@dataclass(frozen=True)
class UnknownPeople:
    """How many unknown people are in a zone, and when the last of them went in."""

    count: int
    since: datetime | None = None


@dataclass(frozen=True)
class Passage:
    """Somebody was let in at a gate with a sensor, and has not gone through yet. It lapses at `until`.

    Attributes:
        person_id: None if the gate opened for nobody in particular.
        zone_from, zone_to: where the gate leads; None for the outside.
    """

    id: str
    gate_id: str
    event_id: str
    person_id: str | None
    zone_from: str | None
    zone_to: str | None
    at: datetime
    until: datetime

    def arrived(self, at: datetime) -> Presence | None:
        """Where the person is after the passage; None for nobody in particular, and at a gate that is at no zone."""
        if self.person_id is None or (self.zone_from is None and self.zone_to is None):
            return None
        return Presence(self.person_id, self.zone_to, at, self.gate_id, self.event_id)


def reserved_until(at: datetime, unlock_ms: int) -> datetime:
    """When a passage that is granted now lapses."""
    return at + max(SHORTEST_RESERVATION, timedelta(milliseconds=unlock_ms) + AFTER_UNLOCK)
