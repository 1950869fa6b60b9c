"""All rules of an installation at one version: what refers to what, and what is wrong with it."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple, TypeVar

from app.core.access.rules import EntryMode, GateMode, GatePlace, Grant, Group, Lane, Rule, Site, Where, Zone
from app.core.access.schedules import Calendar, Schedule, clock, in_full
from app.core.access.time_zones import time_zone
from app.core.access.timetable import Timetable
from app.core.errors import BadInput
from app.core.text import folded

RulePart = Site | Zone | GatePlace | Lane | Group | Calendar | Schedule | Rule | GateMode | Grant
Named = Site | Zone | GatePlace | Lane | Group | Calendar | Schedule | Rule
OneKind = TypeVar("OneKind", Site, Zone, GatePlace, Lane, Group, Calendar, Schedule, Rule)


@dataclass(frozen=True)
class Problem:
    """Something wrong with a rule set. path: where, such as rules[Night shift].schedule."""

    path: str
    code: str
    detail: str


class Contradiction(BadInput):
    """Parts of a rule set contradict each other. path: where, as a problem has it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code, f"{problem.path}: {problem.detail}")
        self.path = problem.path


class Reference(NamedTuple):
    """One entry mentions another: kind, id and name of the first, the field, and kind and id of the second."""

    by_kind: str
    by_id: str
    by_name: str
    field: str
    kind: str
    id: str

    @property
    def path(self) -> str:
        return f"{self.by_kind}[{self.by_name}].{self.field}"


@dataclass(frozen=True)
class RuleSet:
    """Rules and everything they name. version: grows with every change. grants are listed apart from the rules."""

    version: int = 0
    sites: tuple[Site, ...] = ()
    zones: tuple[Zone, ...] = ()
    gates: tuple[GatePlace, ...] = ()
    lanes: tuple[Lane, ...] = ()
    groups: tuple[Group, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    rules: tuple[Rule, ...] = ()
    modes: tuple[GateMode, ...] = ()
    grants: tuple[Grant, ...] = ()

    @cached_property
    def kinds(self) -> dict[str, tuple[Named, ...]]:
        """The entries, by the word for their kind."""
        return {
            "sites": self.sites,
            "zones": self.zones,
            "gates": self.gates,
            "lanes": self.lanes,
            "groups": self.groups,
            "calendars": self.calendars,
            "schedules": self.schedules,
            "rules": self.rules,
        }

    @cached_property
    def allowing(self) -> tuple[Rule | Grant, ...]:
        """Rules, then grants: of several that let somebody in, the first is recorded."""
        return (*self.rules, *self.grants)

    @cached_property
    def names(self) -> dict[str, str]:
        """Names by id. Ids are unique across the kinds."""
        return {thing.id: thing.name for things in self.kinds.values() for thing in things}

    @cached_property
    def timetables(self) -> dict[str, Timetable]:
        """Timetables by the schedule's id."""
        calendars = {calendar.id: calendar for calendar in self.calendars}
        return {schedule.id: Timetable(schedule, calendars) for schedule in self.schedules}

    def check(self) -> None:
        """Raises Contradiction for the first problem."""
        for problem in self.problems():
            raise Contradiction(problem)

    def problems(self) -> Iterator[Problem]:
        """Every contradiction: names used twice, entries that do not exist, circles of zones."""
        for kind, things in self.kinds.items():
            # People carry the names of their groups, which are found without regard to accents.
            key = folded if kind == "groups" else str.casefold
            counts = Counter(key(thing.name) for thing in things)
            for thing in things:
                if counts[key(thing.name)] > 1:
                    yield Problem(f"{kind}[{thing.name}].name", "name_taken", f'Another is called "{thing.name}".')
        modes = Counter((m.gate_id, m.mode, m.schedule_id, m.first_person_group_id) for m in self.modes)
        for (gate_id, mode, _, _), count in modes.items():
            if count > 1:
                path = f"modes[{self.names.get(gate_id, gate_id)}]"
                yield Problem(path, "duplicate_mode", f"The mode {mode} is there twice for one schedule.")
        yield from self._missing()
        yield from self._places()

    def sound(self) -> "RuleSet":
        """Returns the rules without what depends on something that is not there, such as a row that was altered.

        Less is allowed then, never more: a schedule without its calendar would open on holidays, so it goes, and its
        rules with it; a rule loses the groups and places that are gone; a gate that was shut by a schedule that is gone
        stays shut.
        """
        sites = {site.id for site in self.sites}
        calendars = {calendar.id for calendar in self.calendars}
        gates = tuple(gate for gate in self.gates if gate.site_id in sites)
        schedules = tuple(s for s in self.schedules if {entry.calendar_id for entry in s.on_calendar} <= calendars)
        known = {schedule.id for schedule in schedules} | {None}
        there = {gate.id for gate in gates}
        modes = (
            mode if mode.schedule_id in known else replace(mode, schedule_id=None)
            for mode in self.modes
            if mode.gate_id in there and (mode.schedule_id in known or mode.mode is not EntryMode.FREE)
        )
        groups = {group.id for group in self.groups}
        places = sites, {zone.id for zone in self.zones}, there
        rules = tuple(
            replace(rule, who=who, where=where)
            for rule in self.rules
            if rule.schedule_id in known and (who := rule.who.among(groups)) and (where := rule.where.among(*places))
        )
        grants = tuple(replace(grant, where=where) for grant in self.grants if (where := grant.where.among(*places)))
        return replace(self, gates=gates, schedules=schedules, rules=rules, modes=tuple(modes), grants=grants)

    def _missing(self) -> Iterator[Problem]:
        ids = {kind: {thing.id for thing in things} for kind, things in self.kinds.items()}
        for one in self.references():
            if one.id not in ids[one.kind]:
                yield Problem(
                    one.path, "unknown_reference", f"There is nothing among the {one.kind} with the id {one.id}."
                )

    def references(self) -> Iterator[Reference]:
        """Every mention of one entry by another."""
        for zone in self.zones:
            yield Reference("zones", zone.id, zone.name, "site", "sites", zone.site_id)
            if zone.parent_id:
                yield Reference("zones", zone.id, zone.name, "parent", "zones", zone.parent_id)
            for group_id in sorted(zone.policy.exempt_groups):
                yield Reference("zones", zone.id, zone.name, "exempt_groups", "groups", group_id)
        for gate in self.gates:
            yield Reference("gates", gate.id, gate.name, "site", "sites", gate.site_id)
            for end, zone_id in (("zone_from", gate.zone_from), ("zone_to", gate.zone_to)):
                if zone_id:
                    yield Reference("gates", gate.id, gate.name, end, "zones", zone_id)
        for lane in self.lanes:
            for gate_id in lane.gates:
                yield Reference("lanes", lane.id, lane.name, "gates", "gates", gate_id)
        for schedule in self.schedules:
            for entry in schedule.on_calendar:
                yield Reference("schedules", schedule.id, schedule.name, "on_calendar", "calendars", entry.calendar_id)
        for rule in self.rules:
            for group_id in sorted(rule.who.groups):
                yield Reference("rules", rule.id, rule.name, "who", "groups", group_id)
            yield from _where("rules", rule)
            if rule.schedule_id:
                yield Reference("rules", rule.id, rule.name, "schedule", "schedules", rule.schedule_id)
        for mode in self.modes:
            name = self.names.get(mode.gate_id, mode.gate_id)
            yield Reference("modes", mode.id, name, "gate", "gates", mode.gate_id)
            if mode.schedule_id:
                yield Reference("modes", mode.id, name, "schedule", "schedules", mode.schedule_id)
            if mode.first_person_group_id:
                yield Reference("modes", mode.id, name, "first_person_in", "groups", mode.first_person_group_id)
        for grant in self.grants:
            yield from _where("grants", grant)

    @cached_property
    def mentions(self) -> dict[str, tuple[str, ...]]:
        """The ids that an entry names, by the entry's id."""
        found: dict[str, list[str]] = {}
        for one in self.references():
            found.setdefault(one.by_id, []).append(one.id)
        return {by_id: tuple(ids) for by_id, ids in found.items()}

    @cached_property
    def used_by(self) -> dict[str, tuple[Reference, ...]]:
        """The entries that name an entry, by its id; each once."""
        found: dict[str, dict[str, Reference]] = {}
        for one in self.references():
            found.setdefault(one.id, {}).setdefault(one.by_id, one)
        return {wanted: tuple(users.values()) for wanted, users in found.items()}

    def _places(self) -> Iterator[Problem]:
        zones = {zone.id: zone for zone in self.zones}
        for zone in self.zones:
            if zone.id in self.zones_around(zone.id):
                yield Problem(f"zones[{zone.name}].parent", "zone_circle", "The zone would be inside itself.")
            parent = zones.get(zone.parent_id or "")
            if parent and parent.site_id != zone.site_id:
                yield Problem(f"zones[{zone.name}].parent", "other_site", "A zone and its parent are at one site.")
        for gate in self.gates:
            for end, zone_id in (("zone_from", gate.zone_from), ("zone_to", gate.zone_to)):
                if zone_id in zones and zones[zone_id].site_id != gate.site_id:
                    yield Problem(f"gates[{gate.name}].{end}", "other_site", "A gate's zones are at the gate's site.")
        lanes = Counter(gate_id for lane in self.lanes for gate_id in lane.gates)
        for lane in self.lanes:
            if any(lanes[gate_id] > 1 for gate_id in lane.gates):
                yield Problem(f"lanes[{lane.name}].gates", "gate_in_two_lanes", "A gate belongs to one lane.")

    def zones_around(self, zone_id: str) -> frozenset[str]:
        """The ids of the parent, its parent, and so on; in a circle, the zone itself among them."""
        around: set[str] = set()
        step = self._parents.get(zone_id)
        while step is not None and step not in around:
            around.add(step)
            step = self._parents.get(step)
        return frozenset(around)

    @cached_property
    def _parents(self) -> dict[str, str | None]:
        return {zone.id: zone.parent_id for zone in self.zones}

    def gates_of(self, where: Where) -> frozenset[str]:
        """The ids of the gates that `where` reaches."""
        return frozenset(
            gate.id
            for gate in self.gates
            if where.everywhere
            or gate.id in where.gates
            or gate.site_id in where.sites
            or gate.zone_to in where.zones
            or (gate.zone_from in where.zones and self._leads_out(gate))
        )

    def gates_around(self, zones: Collection[str]) -> frozenset[str]:
        """The ids of the gates that lead into or out of these zones, or of zones inside them."""
        ends = [(gate.id, end) for gate in self.gates for end in (gate.zone_from, gate.zone_to) if end is not None]
        return frozenset(gate for gate, end in ends if not {end, *self.zones_around(end)}.isdisjoint(zones))

    def _leads_out(self, gate: GatePlace) -> bool:
        return gate.zone_to is None or gate.zone_to in self.zones_around(gate.zone_from or "")

    def zone_of(self, gate: GatePlace) -> str:
        """The name of the time zone whose wall clock counts at this gate. Raises KeyError for an unknown site."""
        return gate.time_zone or next(site.time_zone for site in self.sites if site.id == gate.site_id)

    def warnings(self, members: Mapping[str, int], first: date) -> Iterator[Problem]:
        """What is allowed, but probably not meant: rules that reach nobody yet, windows that a clock change skips.

        Args:
            members: how many people each group has, by id.
            first: from this date on, two years of clock changes are looked at.
        """
        for rule in self.rules:
            if not rule.who.everybody and not rule.who.people and not any(members.get(g) for g in rule.who.groups):
                yield Problem(f"rules[{rule.name}].who", "groups_are_empty", "Nobody is in these groups yet.")
            if not self.gates_of(rule.where):
                yield Problem(f"rules[{rule.name}].where", "no_gates", "No gate leads there yet.")
        clocks = sorted({self.zone_of(gate) for gate in self.gates} | {site.time_zone for site in self.sites})
        for name in clocks:
            for schedule in self.schedules:
                skipped = self.timetables[schedule.id].skipped(first, first + timedelta(days=730), time_zone(name))
                for day, hours in skipped:
                    yield Problem(
                        f"schedules[{schedule.name}].windows",
                        "skipped_by_clock_change",
                        f"The window at {clock(hours.start_min)} is not open on {in_full(day)} ({name}), "
                        "because the clock is put forward over it.",
                    )


def in_order(things: Iterable[OneKind]) -> tuple[OneKind, ...]:
    """Things by name, as they are listed and stored."""
    return tuple(sorted(things, key=lambda thing: (thing.name.casefold(), thing.name, thing.id)))


def _where(by_kind: str, rule: Rule | Grant) -> Iterator[Reference]:
    for kind, ids in (("sites", rule.where.sites), ("zones", rule.where.zones), ("gates", rule.where.gates)):
        for wanted in sorted(ids):
            yield Reference(by_kind, rule.id, rule.name, "where", kind, wanted)
