"""Rows of who may pass where and when. What was altered reads as if it were not there, and rules only allow."""

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, select
from ulid import ULID

from app.adapters.db.repositories.passages.zones import zone_columns, zone_of
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import (
    calendars,
    gate_modes,
    gate_places,
    gates,
    grants,
    groups,
    lanes,
    rule_people,
    rule_version,
    rules,
    schedules,
    sites,
    zones,
)
from app.core.access.rule_set import RulePart, RuleSet, in_order
from app.core.access.rules import (
    EntryMode,
    GateMode,
    GatePlace,
    Grant,
    Group,
    GroupSource,
    Lane,
    Rule,
    Site,
    Where,
    Who,
    Zone,
)
from app.core.access.schedules import Calendar, CalendarDay, CalendarHours, Hours, Schedule, Window
from app.core.errors import BadInput
from app.core.text import folded

logger = logging.getLogger(__name__)
Columns = Mapping[str, Any]


class RuleRows:
    """Implements `ports.access.Rules`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def version(self) -> int:
        row = self._rows(rule_version).one(id=1)
        return 0 if row is None else int(row["version"])

    def lock(self) -> int:
        row = self._rows(rule_version).one(id=1, for_update=True)
        return 0 if row is None else int(row["version"])

    def all(self) -> RuleSet:
        names: dict[str, str] = {
            row.id: row.name for row in self._connection.execute(select(gates.c.id, gates.c.name)).all()
        }
        people: dict[str, set[str]] = {}
        for row in self._rows(rule_people).find(select(rule_people)):
            people.setdefault(row["rule_id"], set()).add(row["employee_id"])
        places = [replace(place, name=names[place.id]) for place in self._read(GatePlace) if place.id in names]
        return RuleSet(
            self.version(),
            sites=in_order(self._read(Site)),
            zones=in_order(self._read(Zone)),
            gates=in_order(places),
            lanes=in_order(self._read(Lane)),
            groups=in_order(self._read(Group)),
            calendars=in_order(self._read(Calendar)),
            schedules=in_order(self._read(Schedule)),
            rules=in_order(self._read(Rule, people)),
            modes=tuple(sorted(self._read(GateMode), key=lambda mode: (names.get(mode.gate_id, ""), mode.id))),
            grants=tuple(sorted(self._read(Grant), key=lambda grant: (grant.starts_at, grant.id))),
        )

    def gates_around(self, zones: Collection[str]) -> frozenset[str]:
        """As `RuleSet.gates_around`, without reading the rules: a decision asks for it while a zone is locked."""
        return RuleSet(zones=tuple(self._read(Zone)), gates=tuple(self._read(GatePlace))).gates_around(zones)

    def put(self, *parts: RulePart) -> None:
        self.lock()  # before the parts: two changes at once would wait for each other
        for part in parts:
            kept = KINDS[type(part)]
            self._rows(kept.table).put(kept.columns(part))
            if isinstance(part, Rule):
                self._rows(rule_people).delete(rule_people.c.rule_id == part.id)
                named = ({"rule_id": part.id, "employee_id": person} for person in sorted(part.who.people))
                self._rows(rule_people).insert(*named)
        self._changed()

    def delete(self, *parts: RulePart) -> None:
        self.lock()
        for part in parts:
            table = KINDS[type(part)].table
            (key,) = table.primary_key
            self._rows(table).one(**{key.name: part.id}, for_update=True)  # before what goes with it
            self._rows(table).delete(key == part.id)
        self._changed()

    def renew(self) -> None:
        self._changed()

    def note_groups(self, names: Iterable[str]) -> None:
        wanted = {folded(name): name for name in names}
        if not wanted:
            return
        there = select(groups.c.folded).where(groups.c.folded.in_(wanted))
        missing = wanted.keys() - set(self._connection.execute(there).scalars())
        if missing:
            self.put(*(Group(str(ULID()), wanted[key]) for key in sorted(missing)))

    def _changed(self) -> None:
        version = self.lock()
        self._rows(rule_version).put({"id": 1, "version": version + 1})

    def _rows(self, table: Table) -> SealedRows:
        return SealedRows(self._connection, table)

    def _read(self, part: type[Any], people: Mapping[str, set[str]] | None = None) -> list[Any]:
        kept = KINDS[part]
        found = []
        for row in self._rows(kept.table).find(select(kept.table)):
            if part is Rule:
                row["people"] = (people or {}).get(row["id"], ())
            try:
                found.append(kept.part(row))
            except BadInput as error:
                # A time zone that a newer tzdata has dropped, or a rule whose only person was erased.
                key = row.get("id") or row["gate_id"]
                logger.warning(
                    "rule_part_unusable table=%s row=%s reason=%s", kept.table.name, key, json.dumps(str(error))
                )
        return found


class Kept(NamedTuple):
    """How a kind is stored: its table, and both ways between a part and its columns."""

    table: Table
    columns: Callable[[Any], Columns]
    part: Callable[[Columns], Any]


def _places(where: Where) -> dict[str, Any]:
    return {"everywhere": where.everywhere} | {kind: sorted(getattr(where, kind)) for kind in _PLACES}


def _where(stored: Mapping[str, Any]) -> Where:
    return Where(stored["everywhere"], *(frozenset(stored[kind]) for kind in _PLACES))


def _rule_columns(rule: Rule) -> Columns:
    return {
        "id": rule.id,
        "name": rule.name,
        "who": {"everybody": rule.who.everybody, "groups": sorted(rule.who.groups)},
        "places": _places(rule.where),
        "schedule_id": rule.schedule_id,
        "valid_from": rule.valid_from and rule.valid_from.isoformat(),
        "valid_until": rule.valid_until and rule.valid_until.isoformat(),
        "note": rule.note,
    }


def _rule(row: Columns) -> Rule:
    return Rule(
        row["id"],
        row["name"],
        Who(row["who"]["everybody"], frozenset(row["who"]["groups"]), frozenset(row["people"])),
        _where(row["places"]),
        row["schedule_id"],
        row["valid_from"] and date.fromisoformat(row["valid_from"]),
        row["valid_until"] and date.fromisoformat(row["valid_until"]),
        row["note"],
    )


def _pairs(hours: Iterable[Hours]) -> list[list[int]]:
    return [[one.start_min, one.length_min] for one in hours]


def _schedule_columns(schedule: Schedule) -> Columns:
    return {
        "id": schedule.id,
        "name": schedule.name,
        "windows": [[list(window.weekdays), *_pairs([window.hours])[0]] for window in schedule.windows],
        "on_calendar": [[entry.calendar_id, _pairs(entry.hours)] for entry in schedule.on_calendar],
    }


def _schedule(row: Columns) -> Schedule:
    return Schedule(
        row["id"],
        row["name"],
        tuple(Window(tuple(days), Hours(start, length)) for days, start, length in row["windows"]),
        tuple(CalendarHours(calendar, tuple(Hours(*pair) for pair in pairs)) for calendar, pairs in row["on_calendar"]),
    )


def _calendar(row: Columns) -> Calendar:
    # Only a day with a name has a third part.
    days = tuple(CalendarDay(date.fromisoformat(day), yearly, *name) for day, yearly, *name in row["days"])
    return Calendar(row["id"], row["name"], days)


def _mode(row: Columns) -> GateMode:
    return GateMode(row["id"], row["gate_id"], EntryMode(row["mode"]), row["schedule_id"], row["first_person_group_id"])


def _grant(row: Columns) -> Grant:
    times = row["starts_at"], row["ends_at"]
    return Grant(row["id"], row["employee_id"], _where(row["places"]), *times, row["reason"], row["granted_by"])


_PLACES = ("sites", "zones", "gates")
KINDS: dict[type[Any], Kept] = {
    Site: Kept(sites, vars, lambda row: Site(**row)),
    Zone: Kept(zones, zone_columns, zone_of),
    GatePlace: Kept(
        gate_places,
        lambda place: {("gate_id" if key == "id" else key): v for key, v in vars(place).items() if key != "name"},
        lambda row: GatePlace(row["gate_id"], "", *(row[k] for k in ("site_id", "zone_from", "zone_to", "time_zone"))),
    ),
    Lane: Kept(
        lanes,
        lambda lane: {"id": lane.id, "name": lane.name, "gate_in": lane.gates[0], "gate_out": lane.gates[1]},
        lambda row: Lane(row["id"], row["name"], (row["gate_in"], row["gate_out"])),
    ),
    Group: Kept(
        groups,
        lambda group: {**vars(group), "folded": folded(group.name), "source": group.source.value},
        lambda row: Group(row["id"], row["name"], GroupSource(row["source"]), row["description"]),
    ),
    Calendar: Kept(
        calendars,
        lambda calendar: {
            "id": calendar.id,
            "name": calendar.name,
            "days": [[day.date.isoformat(), day.yearly, *([day.name] if day.name else [])] for day in calendar.days],
        },
        _calendar,
    ),
    Schedule: Kept(schedules, _schedule_columns, _schedule),
    Rule: Kept(rules, _rule_columns, _rule),
    GateMode: Kept(gate_modes, lambda mode: {**vars(mode), "mode": mode.mode.value}, _mode),
    Grant: Kept(
        grants,
        lambda grant: {
            "id": grant.id,
            "employee_id": grant.person_id,
            "places": _places(grant.where),
            "starts_at": grant.starts_at,
            "ends_at": grant.ends_at,
            "reason": grant.reason,
            "granted_by": grant.granted_by,
        },
        _grant,
    ),
}
