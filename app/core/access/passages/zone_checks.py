"""Whether a zone lets somebody in who may pass by the rules: the last questions of a decision. Pure.

A way that only leads out is never refused. Where nobody knows where a person is, they may pass once, in or out.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from app.core.access.passages.presence import Passage, Presence
from app.core.access.passages.ways import Way, ZoneMap
from app.core.access.rules import Zone
from app.core.access.zone_policy import AntiPassback
from app.core.types import PassbackNote, Reason


@dataclass(frozen=True)
class Position:
    """What is known of a person who asks: where they are, and the passages that they may still make."""

    presence: Presence | None = None
    granted: tuple[Passage, ...] = ()

    def inside_since(self, zone: Zone, zones: ZoneMap, now: datetime) -> datetime | None:
        """Since when the person is in the zone, or on their way into it; None if not, or if it is forgiven."""
        for passage in self.granted:
            if passage.until > now and zone.id in zones.around(passage.zone_to):
                return passage.at
        known = self.presence
        if known is None or zone.id not in zones.around(known.zone_id):
            return None
        return None if zone.policy.forgets(known.since, now, zones.clock(zone)) else known.since


@dataclass(frozen=True)
class ZoneAnswer:
    """reason: why the zones refuse the passage; None if they do not. note: what anti-passback found, refused or not."""

    reason: Reason | None = None
    note: PassbackNote | None = None


def check(
    way: Way,
    zones: ZoneMap,
    position: Position,
    groups: frozenset[str],
    now: datetime,
    inside: Callable[[Zone], int],
) -> ZoneAnswer:
    """Asks the zones: first whether there is room, then whether the person is inside already.

    Args:
        groups: ids of the person's groups.
        inside: how many people are in a zone, or were let into it and may still go through.
    """
    if way.damaged:
        return ZoneAnswer(Reason.SYSTEM_FAULT)
    entering = [(zone, position.inside_since(zone, zones, now)) for zone in way.entered]
    for zone in limited(zone for zone, since in entering if since is None):
        if inside(zone) >= (zone.policy.limit or 0):
            return ZoneAnswer(Reason.ZONE_FULL)
    notes: list[tuple[bool, PassbackNote]] = []
    for zone, since in entering:
        if since is not None and _asks(zone, groups):
            notes.append((zone.policy.refuses_again(since, now), PassbackNote(zone.id, zone.name, since)))
    for refused, note in sorted(notes, key=lambda found: not found[0]):
        return ZoneAnswer(Reason.ANTI_PASSBACK if refused else None, note)
    return ZoneAnswer(note=_left_unseen(way, zones, position, groups, now))


def limited(zones: Iterable[Zone]) -> list[Zone]:
    """The zones that have a limit, in the order in which their rows are locked."""
    return sorted((zone for zone in zones if zone.policy.limit is not None), key=lambda zone: zone.id)


def same_opening(
    position: Position, gate_id: str, now: datetime, unlocked_since: datetime, *, assumed: bool
) -> str | None:
    """The id of the event that opened this gate for this person, who has not gone through yet as far as is known.

    None if the gate is shut again.

    Args:
        unlocked_since: an opening from before this instant is over.
        assumed: the gate has no sensor, so whoever was let in is inside at once.
    """
    for passage in position.granted:
        if passage.gate_id == gate_id and passage.at > unlocked_since and passage.until > now:
            return passage.event_id
    known = position.presence
    if assumed and known is not None and known.gate_id == gate_id and known.since > unlocked_since:
        return known.event_id
    return None


def _left_unseen(
    way: Way, zones: ZoneMap, position: Position, groups: frozenset[str], now: datetime
) -> PassbackNote | None:
    """Somebody leaves a zone that they are known not to be in: they came in behind somebody else."""
    known = position.presence
    if known is None or position.granted:
        return None
    for zone in reversed(way.left):
        if zone.id not in zones.around(known.zone_id) and _asks(zone, groups):
            forgiven = zone.policy.forgets(known.since, now, zones.clock(zone))
            return None if forgiven else PassbackNote(zone.id, zone.name, known.since, leaving=True)
    return None


def _asks(zone: Zone, groups: frozenset[str]) -> bool:
    policy = zone.policy
    return policy.anti_passback is not AntiPassback.OFF and policy.exempt_groups.isdisjoint(groups)
