"""The muster list: who is inside which zone, and who has been seen at the assembly point."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.access.passages.presence import Presence, UnknownPeople
from app.core.access.passages.ways import ZoneMap
from app.core.access.rules import Zone


@dataclass(frozen=True)
class Muster:
    """A roll call, from its start to its end.

    Attributes:
        started_by: the id of a key or user; None for a release's own.
        ended_by: likewise; None while it lasts, and if a restored backup ended it.
    """

    id: str
    started_at: datetime
    started_by: str | None
    comment: str = ""
    ended_at: datetime | None = None
    ended_by: str | None = None


@dataclass(frozen=True)
class Tick:
    """Somebody saw this person. actor: the id of a key or user."""

    person_id: str
    at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One person of the list. presence: None for somebody who was ticked, and whose place is not known any more."""

    person_id: str
    presence: Presence | None
    tick: Tick | None = None


@dataclass(frozen=True)
class ZoneHead:
    """A zone with those who are directly in it.

    Attributes:
        depth: 0 for a zone inside no other.
        inside: how many people are in it or in zones inside it, without unknown people.
        unknown: how many unknown people are in this zone, without the zones inside it.
    """

    zone: Zone
    depth: int
    people: tuple[Listed, ...]
    inside: int
    unknown: int


@dataclass(frozen=True)
class MusterList:
    """zones: outer zones before those inside them. elsewhere: people who were ticked and are in none of the zones."""

    zones: tuple[ZoneHead, ...]
    elsewhere: tuple[Listed, ...] = ()

    @property
    def people(self) -> int:
        """How many known people are inside."""
        return sum(len(head.people) for head in self.zones)

    @property
    def ticked(self) -> int:
        """How many of those inside were seen."""
        return sum(one.tick is not None for head in self.zones for one in head.people)

    @property
    def unknown(self) -> int:
        return sum(head.unknown for head in self.zones)


def muster_list(
    zones: ZoneMap, present: Iterable[Presence], unknown: Mapping[str, UnknownPeople], ticks: Mapping[str, Tick]
) -> MusterList:
    """Returns the list, those who wait longest first.

    Args:
        present: everybody whose place is known; people outside are left out unless they were ticked.
        unknown: the unknown people of a zone, by its id.
        ticks: by the person's id.
    """
    within: dict[str, list[Listed]] = {}
    elsewhere: list[Listed] = []
    seen = set()
    for presence in present:
        seen.add(presence.person_id)
        listed = Listed(presence.person_id, presence, ticks.get(presence.person_id))
        if presence.zone_id in zones.zones:
            within.setdefault(presence.zone_id or "", []).append(listed)
        elif listed.tick is not None:
            elsewhere.append(listed)
    elsewhere += [Listed(tick.person_id, None, tick) for tick in ticks.values() if tick.person_id not in seen]
    heads = [
        ZoneHead(
            zone,
            depth,
            tuple(sorted(within.get(zone.id, ()), key=_since)),
            sum(len(within.get(one, ())) for one in zones.inside(zone.id)),
            unknown[zone.id].count if zone.id in unknown else 0,
        )
        for zone, depth in _outer_first(zones)
    ]
    return MusterList(tuple(heads), tuple(elsewhere))


def _since(listed: Listed) -> tuple[datetime, str]:
    assert listed.presence is not None
    return listed.presence.since, listed.person_id


def _outer_first(zones: ZoneMap) -> Sequence[tuple[Zone, int]]:
    def path(zone: Zone) -> tuple[tuple[str, str], ...]:
        around = sorted(zones.around(zone.id), key=lambda one: len(zones.around(one)))
        return tuple((zones.zones[one].name.casefold(), one) for one in around)

    ordered = sorted(((path(zone), zone) for zone in zones.zones.values()), key=lambda found: found[0])
    return [(zone, len(names) - 1) for names, zone in ordered]
