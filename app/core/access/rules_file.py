"""A rule set as plain lists and mappings, for a YAML or JSON file: names instead of ids, in a stable order.

Writing what was read changes nothing. Who belongs to a group, and temporary grants, are not rules and are not written.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from app.core.access.file_times import calendar_day, day_written, hours_of, hours_written, window_of
from app.core.access.file_values import Value
from app.core.access.passages.zone_file import ZONE_FIELDS, zone_policy, zone_policy_written
from app.core.access.rule_set import RuleSet, in_order
from app.core.access.rules import (
    EntryMode,
    GateMode,
    GatePlace,
    Group,
    GroupSource,
    Lane,
    Rule,
    Site,
    Where,
    Who,
    Zone,
)
from app.core.access.schedules import WEEKDAYS, Calendar, CalendarHours, Schedule

FORMAT = 1
KINDS = ("sites", "zones", "gates", "lanes", "groups", "calendars", "schedules", "rules", "modes")


class RulesReader:
    """Reads one file.

    Args:
        known: the rules as they are. An entry with a known name keeps its id. Gates must be known; those that the
            file leaves out stay where they are, as do groups that a directory sends. The grants stay too.
        numbers: the ids of people by number.
        new_id: gives an id for each new entry.
    """

    def __init__(self, known: RuleSet, numbers: Mapping[str, str], new_id: Callable[[], str]) -> None:
        self._known = known
        self._ids = {kind: {thing.name: thing.id for thing in things} for kind, things in known.kinds.items()}
        self._named: dict[str, set[str]] = {kind: set() for kind in self._ids}  # the names that the file has
        self._modes = {_mode_key(mode): mode.id for mode in known.modes}
        self._numbers = numbers
        self._new_id = new_id

    def read(self, data: object) -> RuleSet:
        """Returns the rule set that the file describes. Raises BadRulesFile, and BadInput where parts contradict."""
        top = Value(data).fields(("format",), KINDS)
        if top["format"].raw != FORMAT:
            raise top["format"].fail(f"Only format {FORMAT} can be read.")
        parts: dict[str, list[Value]] = {kind: list(top[kind].items()) if kind in top else [] for kind in KINDS}
        # What is named below gets its id first, so that the order in the file does not matter.
        for kind in KINDS:
            if kind not in ("gates", "modes"):
                for value in parts[kind]:
                    self._id(kind, value)
        gates = [self._gate(value) for value in parts["gates"]]
        named = {gate.id for gate in gates}
        groups = [self._group(value) for value in parts["groups"]]
        sent = {group.id for group in groups}
        kept = [group for group in self._known.groups if group.source is GroupSource.SCIM and group.id not in sent]
        rules = replace(
            self._known,
            sites=in_order(self._site(value) for value in parts["sites"]),
            zones=in_order(self._zone(value) for value in parts["zones"]),
            gates=in_order([*gates, *(gate for gate in self._known.gates if gate.id not in named)]),
            lanes=in_order(self._lane(value) for value in parts["lanes"]),
            groups=in_order([*groups, *kept]),
            calendars=in_order(self._calendar(value) for value in parts["calendars"]),
            schedules=in_order(self._schedule(value) for value in parts["schedules"]),
            rules=in_order(self._rule(value) for value in parts["rules"]),
            modes=tuple(sorted((self._mode(value) for value in parts["modes"]), key=_mode_key)),
        )
        rules.check()
        return rules

    def _id(self, kind: str, value: Value) -> None:
        raw = value.raw if isinstance(value.raw, Mapping) else {}
        name = Value(raw.get("name"), (*value.path, "name")).text()
        if name not in self._ids[kind]:
            mine = self._named[kind]
            same = (known for known in self._ids[kind] if known.casefold() == name.casefold() and known not in mine)
            known = next(same, None)
            self._ids[kind][name] = self._new_id() if known is None else self._ids[kind].pop(known)
        self._named[kind].add(name)

    def _site(self, value: Value) -> Site:
        fields = value.fields(("name", "time_zone"))
        name = fields["name"].text()
        return value.make(lambda: Site(self._ids["sites"][name], name, fields["time_zone"].text()))

    def _zone(self, value: Value) -> Zone:
        fields = value.fields(("name", "site"), ("inside", *ZONE_FIELDS))
        name = fields["name"].text()
        parent = self._one(fields, "inside", "zones", "zone")
        site = fields["site"].known(self._ids["sites"], "site")
        policy = zone_policy(fields, self._ids["groups"], value)
        return value.make(lambda: Zone(self._ids["zones"][name], name, site, parent, policy))

    def _gate(self, value: Value) -> GatePlace:
        fields = value.fields(("name", "site"), ("from", "to", "time_zone"))
        name = fields["name"].text()
        gate_id = fields["name"].known(self._ids["gates"], "gate")
        ends = self._one(fields, "from", "zones", "zone"), self._one(fields, "to", "zones", "zone")
        site = fields["site"].known(self._ids["sites"], "site")
        zone = fields["time_zone"].text() if "time_zone" in fields else None
        return value.make(lambda: GatePlace(gate_id, name, site, *ends, zone))

    def _lane(self, value: Value) -> Lane:
        fields = value.fields(("name", "gates"))
        name, gates = fields["name"].text(), tuple(g.known(self._ids["gates"], "gate") for g in fields["gates"].items())
        if len(gates) != 2:
            raise fields["gates"].fail("A lane pairs two gates.")
        return value.make(lambda: Lane(self._ids["lanes"][name], name, (gates[0], gates[1])))

    def _group(self, value: Value) -> Group:
        fields = value.fields(("name",), ("source", "description"))
        name = fields["name"].text()
        source = fields["source"].choice(GroupSource) if "source" in fields else GroupSource.LOCAL
        description = fields["description"].text() if "description" in fields else None
        return value.make(lambda: Group(self._ids["groups"][name], name, source, description))

    def _calendar(self, value: Value) -> Calendar:
        fields = value.fields(("name",), ("dates", "yearly"))
        name = fields["name"].text()
        days = [calendar_day(day, yearly=False) for day in fields["dates"].items()] if "dates" in fields else []
        days += [calendar_day(day, yearly=True) for day in fields["yearly"].items()] if "yearly" in fields else []
        return value.make(lambda: Calendar(self._ids["calendars"][name], name, tuple(sorted(days))))

    def _schedule(self, value: Value) -> Schedule:
        fields = value.fields(("name",), ("windows", "on_calendar"))
        name = fields["name"].text()
        windows = [window_of(window) for window in fields["windows"].items()] if "windows" in fields else []
        entries = []
        for entry in fields["on_calendar"].items() if "on_calendar" in fields else ():
            parts = entry.fields(("calendar", "windows"))
            calendar = parts["calendar"].known(self._ids["calendars"], "calendar")
            hours = sorted(hours_of(one, one.fields(("start", "length"))) for one in parts["windows"].items())
            entries.append(entry.make(partial(CalendarHours, calendar, tuple(hours))))
        schedule_id = self._ids["schedules"][name]
        return value.make(lambda: Schedule(schedule_id, name, tuple(sorted(windows)), tuple(entries)))

    def _rule(self, value: Value) -> Rule:
        fields = value.fields(("name", "who", "where"), ("schedule", "valid_from", "valid_until", "note"))
        name = fields["name"].text()
        who, where = self._who(fields["who"]), self._where(fields["where"])
        schedule = self._one(fields, "schedule", "schedules", "schedule")
        first, last = (fields[key].date() if key in fields else None for key in ("valid_from", "valid_until"))
        note = fields["note"].text() if "note" in fields else None
        return value.make(lambda: Rule(self._ids["rules"][name], name, who, where, schedule, first, last, note))

    def _who(self, value: Value) -> Who:
        if value.raw == "everybody":
            return Who(everybody=True)
        fields = value.fields((), ("groups", "people"))
        groups = self._several(fields, "groups", self._ids["groups"], "group")
        people = self._several(fields, "people", self._numbers, "person with the number")
        return value.make(lambda: Who(groups=groups, people=people))

    def _where(self, value: Value) -> Where:
        if value.raw == "everywhere":
            return Where(everywhere=True)
        fields = value.fields((), ("sites", "zones", "gates"))
        sites, zones, gates = (
            self._several(fields, kind, self._ids[kind], kind[:-1]) for kind in ("sites", "zones", "gates")
        )
        return value.make(lambda: Where(sites=sites, zones=zones, gates=gates))

    def _mode(self, value: Value) -> GateMode:
        fields = value.fields(("gate", "mode"), ("schedule", "first_person_in"))
        gate, mode = fields["gate"].known(self._ids["gates"], "gate"), fields["mode"].choice(EntryMode)
        schedule = self._one(fields, "schedule", "schedules", "schedule")
        group = self._one(fields, "first_person_in", "groups", "group")
        made = value.make(lambda: GateMode("", gate, mode, schedule, group))
        return replace(made, id=self._modes.get(_mode_key(made)) or self._new_id())

    def _one(self, fields: Mapping[str, Value], key: str, kind: str, what: str) -> str | None:
        return fields[key].known(self._ids[kind], what) if key in fields else None

    def _several(self, fields: Mapping[str, Value], key: str, ids: Mapping[str, str], what: str) -> frozenset[str]:
        return frozenset(value.known(ids, what) for value in fields[key].items()) if key in fields else frozenset()


def write(rules: RuleSet, numbers: Mapping[str, str]) -> dict[str, Any]:
    """Returns the rule set as lists and mappings of text, for `RulesReader` to read.

    Args:
        numbers: people's numbers by id.
    """
    names = rules.names

    def name(thing_id: str | None) -> str | None:
        return names[thing_id] if thing_id else None

    def several(ids: Iterable[str], of: Mapping[str, str]) -> list[str] | None:
        return sorted(of[one] for one in ids if one in of) or None

    def who(rule: Rule) -> object:
        if rule.who.everybody:
            return "everybody"
        return _filled(groups=several(rule.who.groups, names), people=several(rule.who.people, numbers))

    def where(place: Where) -> object:
        if place.everywhere:
            return "everywhere"
        return _filled(**{kind: several(getattr(place, kind), names) for kind in ("sites", "zones", "gates")})

    return {
        "format": FORMAT,
        "sites": [{"name": site.name, "time_zone": site.time_zone} for site in in_order(rules.sites)],
        "zones": [
            _filled(name=zone.name, site=names[zone.site_id], inside=name(zone.parent_id))
            | zone_policy_written(zone.policy, names)
            for zone in in_order(rules.zones)
        ],
        "gates": [
            {"name": gate.name, "site": names[gate.site_id]}
            | _filled(**{"from": name(gate.zone_from), "to": name(gate.zone_to)}, time_zone=gate.time_zone)
            for gate in in_order(rules.gates)
        ],
        "lanes": [{"name": lane.name, "gates": [names[gate] for gate in lane.gates]} for lane in in_order(rules.lanes)],
        "groups": [
            _filled(
                name=group.name,
                source=group.source.value if group.source is not GroupSource.LOCAL else None,
                description=group.description,
            )
            for group in in_order(rules.groups)
        ],
        "calendars": [
            _filled(
                name=calendar.name,
                dates=[day_written(day) for day in sorted(calendar.days) if not day.yearly] or None,
                yearly=[day_written(day) for day in sorted(calendar.days) if day.yearly] or None,
            )
            for calendar in in_order(rules.calendars)
        ],
        "schedules": [
            _filled(
                name=schedule.name,
                windows=[
                    {"days": [WEEKDAYS[day] for day in window.weekdays]} | hours_written(window.hours)
                    for window in sorted(schedule.windows)
                ]
                or None,
                on_calendar=[
                    {"calendar": names[entry.calendar_id], "windows": [hours_written(h) for h in sorted(entry.hours)]}
                    for entry in schedule.on_calendar
                ]
                or None,
            )
            for schedule in in_order(rules.schedules)
        ],
        "rules": [
            _filled(
                name=rule.name,
                who=who(rule),
                where=where(rule.where),
                schedule=name(rule.schedule_id),
                valid_from=str(rule.valid_from) if rule.valid_from else None,
                valid_until=str(rule.valid_until) if rule.valid_until else None,
                note=rule.note,
            )
            for rule in in_order(rules.rules)
        ],
        "modes": sorted(
            (
                _filled(
                    gate=names[mode.gate_id],
                    mode=mode.mode.value,
                    schedule=name(mode.schedule_id),
                    first_person_in=name(mode.first_person_group_id),
                )
                for mode in rules.modes
            ),
            key=lambda mode: [str(mode.get(key)) for key in ("gate", "mode", "schedule", "first_person_in")],
        ),
    }


def _filled(**fields: object) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}


def _mode_key(mode: GateMode) -> tuple[str, str, str, str]:
    return mode.gate_id, mode.mode, mode.schedule_id or "", mode.first_person_group_id or ""
