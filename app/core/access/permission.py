"""Whether rules let a person through a gate at an instant. Compiled once a version of the rules, then asked often.

Rules are a union: one that allows is enough, and the first in the rule set's order is the one that is recorded.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.core.access.passages.ways import ZoneMap
from app.core.access.rule_set import RuleSet
from app.core.access.rules import STRICTEST_FIRST, EntryMode, GateMode, Grant, Person, Rule
from app.core.access.time_zones import time_zone
from app.core.access.timetable import Timetable
from app.core.text import folded

MOST_MEMBERSHIPS = 20_000  # combinations of groups whose ids are kept


class Denial(StrEnum):
    """Why the rules let somebody through nowhere, not here, or not now.

    OUTSIDE_SCHEDULE: a rule matches person and gate, but not the time. A rule that has ended counts as deleted.
    """

    EMPLOYEE_INACTIVE = "employee_inactive"
    BLOCKED = "blocked"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    NO_RULE = "no_rule"
    OUTSIDE_SCHEDULE = "outside_schedule"


@dataclass(frozen=True)
class Permission:
    """denial: None lets the person in. rule: the one that does, or the first that would at another time."""

    denial: Denial | None
    rule: Rule | Grant | None = None

    @property
    def allowed(self) -> bool:
        return self.denial is None


@dataclass(frozen=True)
class ModeNow:
    """What a gate does at an instant. since: the start of the mode's window, in UTC; None without a schedule."""

    mode: EntryMode = EntryMode.NORMAL
    by: GateMode | None = None
    since: datetime | None = None


class Timing(NamedTuple):
    """When a rule or grant holds, as whole days at the gate (ordinals), a schedule, and instants."""

    order: int
    rule: Rule | Grant
    timetable: Timetable | None
    first_day: int
    last_day: int

    def ended(self, day: int, at: datetime) -> bool:
        return day > self.last_day or (isinstance(self.rule, Grant) and at >= self.rule.ends_at)

    def started(self, day: int, at: datetime) -> bool:
        return day >= self.first_day and not (isinstance(self.rule, Grant) and at < self.rule.starts_at)


class Holding(NamedTuple):
    """Who the rules let through a gate during part of a minute. day: an ordinal. groups, people: ids."""

    day: int
    everybody: bool
    groups: frozenset[str]
    people: frozenset[str]


class _GateRules:
    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.everybody: list[Timing] = []
        self.groups: dict[str, list[Timing]] = {}
        self.people: dict[str, list[Timing]] = {}
        self.modes: list[tuple[GateMode, Timetable | None]] = []

    def add(self, timing: Timing) -> None:
        if isinstance(timing.rule, Grant):
            self.people.setdefault(timing.rule.person_id, []).append(timing)
            return
        if timing.rule.who.everybody:
            self.everybody.append(timing)
        for group in timing.rule.who.groups:
            self.groups.setdefault(group, []).append(timing)
        for person in timing.rule.who.people:
            self.people.setdefault(person, []).append(timing)


class CompiledRules:
    """A rule set, ready for decisions. What depends on something that is not there allows nothing.

    rate_share: the site's false-accept rate, as a share of the one that the service was started with.
    """

    def __init__(self, rules: RuleSet, rate_share: float = 1.0) -> None:
        rules = rules.sound()
        self.rules = rules
        self.rate_share = rate_share
        self.version = rules.version
        self._group_ids = {folded(group.name): group.id for group in rules.groups}
        self._memberships: dict[tuple[str, ...], frozenset[str]] = {}
        self._gates = {gate.id: _GateRules(time_zone(rules.zone_of(gate))) for gate in rules.gates}
        self.reached = {rule.id: rules.gates_of(rule.where) for rule in rules.allowing}  # gates by the rule's id
        for order, rule in enumerate(rules.allowing):
            timing = _timing(order, rule, rules)
            for gate_id in self.reached[rule.id]:
                self._gates[gate_id].add(timing)
        for mode in rules.modes:
            self._gates[mode.gate_id].modes.append((mode, rules.timetables.get(mode.schedule_id or "")))

    @cached_property
    def timeless(self) -> "CompiledRules":
        """Only the rules that hold at any time: what is left while the clock cannot be trusted."""
        kept = (r for r in self.rules.rules if r.schedule_id is None and r.valid_from is None and r.valid_until is None)
        return CompiledRules(replace(self.rules, rules=tuple(kept), grants=()))

    @cached_property
    def zones(self) -> ZoneMap:
        """The zones, and where each gate leads."""
        return ZoneMap(self.rules)

    def group_ids(self, names: tuple[str, ...]) -> frozenset[str]:
        """The ids of the groups with these names, whatever their case; a name that no group has counts for nothing."""
        known = self._memberships.get(names)
        if known is None:
            known = frozenset(self._group_ids[key] for key in map(folded, names) if key in self._group_ids)
            if len(self._memberships) >= MOST_MEMBERSHIPS:
                self._memberships.clear()
            self._memberships[names] = known
        return known

    @cached_property
    def group_names(self) -> dict[str, str]:
        """The folded name that makes somebody a member of a group, by the group's id."""
        return {group_id: name for name, group_id in self._group_ids.items()}

    def zone_at(self, gate_id: str) -> ZoneInfo | None:
        """The time zone whose wall clock counts at a gate; None for a gate that the rules do not know."""
        gate = self._gates.get(gate_id)
        return gate.zone if gate else None

    def day_at(self, gate_id: str, at: datetime) -> date:
        """The date on a gate's wall clock; in UTC at a gate that the rules do not know, where nobody may pass."""
        return at.astimezone(self.zone_at(gate_id) or UTC).date()

    def may_pass(self, person: Person, gate_id: str, at: datetime) -> Permission:
        """Whether the person may pass the gate at this instant. A gate that the rules do not know lets nobody in."""
        gate = self._gates.get(gate_id)
        if gate is None:
            return Permission(Denial.NO_RULE)
        local = at.astimezone(gate.zone)
        denial = standing(person, local.date(), at)
        if denial is not None:
            return Permission(denial)
        day, minute = local.toordinal(), local.hour * 60 + local.minute
        found = len(self.rules.allowing)
        opened: Timing | None = None
        missed: Timing | None = None
        is_open: dict[Timetable | None, bool] = {None: True}
        lists = [() if person.guest else gate.everybody, gate.people.get(person.id, ())]
        lists += [gate.groups[group] for group in person.groups if group in gate.groups]
        for timings in lists:
            for timing in timings:
                if timing.order >= found:
                    break
                if timing.ended(day, at):
                    continue
                timetable = timing.timetable
                if timetable not in is_open:
                    assert timetable is not None
                    is_open[timetable] = bool(timetable.minutes_on(day) >> minute & 1)
                if is_open[timetable] and timing.started(day, at):
                    found, opened = timing.order, timing
                    break
                if missed is None or timing.order < missed.order:
                    missed = timing
        if opened is not None:
            return Permission(None, opened.rule)
        if missed is not None:
            return Permission(Denial.OUTSIDE_SCHEDULE, missed.rule)
        return Permission(Denial.NO_RULE)

    def holding(self, gate_id: str, at: datetime, last: datetime) -> Holding | None:
        """Returns who the rules let in between `at` and `last`, which share a minute; None for an unknown gate."""
        gate = self._gates.get(gate_id)
        if gate is None:
            return None
        local = at.astimezone(gate.zone)
        day, minute = local.toordinal(), local.hour * 60 + local.minute

        def holds(timings: Iterable[Timing]) -> bool:
            return any(
                timing.started(day, last)
                and not timing.ended(day, at)
                and (timing.timetable is None or timing.timetable.minutes_on(day) >> minute & 1)
                for timing in timings
            )

        return Holding(
            day,
            holds(gate.everybody),
            frozenset(group for group, timings in gate.groups.items() if holds(timings)),
            frozenset(person for person, timings in gate.people.items() if holds(timings)),
        )

    def who(self, gate_id: str, at: datetime, people: Iterable[Person]) -> list[Person]:
        """Those of the people who may pass the gate at this instant, in their order."""
        holding = self.holding(gate_id, at, at)
        if holding is None:
            return []
        today, (_, everybody, groups, single) = date.fromordinal(holding.day), holding
        return [
            person
            for person in people
            if ((everybody and not person.guest) or person.id in single or not groups.isdisjoint(person.groups))
            and standing(person, today, at) is None
        ]

    def mode_at(self, gate_id: str, at: datetime) -> ModeNow:
        """What the gate does at this instant: the strictest mode whose schedule is open, else NORMAL.

        A gate that only leads out asks for no PIN: a PIN that is forgotten or locked must keep nobody in.
        """
        gate = self._gates.get(gate_id)
        if gate is None:
            return ModeNow()
        # Before the strictest is chosen: without its PIN a mode may be the laxer one.
        leads_out = self.zones.only_leads_out(gate_id)
        holding = [
            ModeNow(
                mode.mode.without_pin if leads_out else mode.mode,
                mode,
                timetable.open_since(at, gate.zone) if timetable else None,
            )
            for mode, timetable in gate.modes
            if timetable is None or timetable.is_open(at, gate.zone)
        ]
        # Of two free periods, the one that waits for a first person.
        return min(
            holding,
            key=lambda now: (STRICTEST_FIRST.index(now.mode), now.by is None or now.by.first_person_group_id is None),
            default=ModeNow(),
        )


def standing(person: Person, day: date, at: datetime) -> Denial | None:
    """Why the person may pass nowhere, or None.

    Args:
        day: the date at the gate; both ends of the validity belong to it.
        at: the instant, which ends a block.
    """
    if not person.active:
        return Denial.EMPLOYEE_INACTIVE
    if person.block is not None and person.block.holds(at):
        return Denial.BLOCKED
    if person.valid_from is not None and day < person.valid_from:
        return Denial.NOT_YET_VALID
    if person.valid_until is not None and day > person.valid_until:
        return Denial.EXPIRED
    return None


def _timing(order: int, rule: Rule | Grant, rules: RuleSet) -> Timing:
    if isinstance(rule, Grant):
        return Timing(order, rule, None, date.min.toordinal(), date.max.toordinal())
    return Timing(
        order,
        rule,
        rules.timetables[rule.schedule_id] if rule.schedule_id else None,
        (rule.valid_from or date.min).toordinal(),
        (rule.valid_until or date.max).toordinal(),
    )
