"""Stores the difference between two rule sets, part by part, in an order in which what is named is always there."""

from dataclasses import replace

from app.core.access.rule_set import RulePart, RuleSet
from app.core.access.rules import GateMode, GatePlace, Group, Lane, Rule, Site, Zone
from app.core.access.schedules import Calendar, Schedule
from app.core.people.records import EmployeeFilter
from app.core.ports.store import Transaction
from app.core.text import folded
from app.core.types import Employee

EVERYBODY = EmployeeFilter(limit=10_000_000)
# What others name comes before them.
ORDER = (Site, Zone, GatePlace, Lane, Calendar, Schedule, Rule, GateMode)


def store(tx: Transaction, before: RuleSet, after: RuleSet) -> None:
    """Writes what differs, and no version where nothing does. The caller holds the gallery's feed, so that nobody else
    changes people or rules meanwhile."""
    old = {part.id: part for part in _parts(before)}
    new = {part.id: part for part in _parts(after)}
    changed = [part for part in new.values() if old.get(part.id) != part]
    gone = [part for part in reversed(old.values()) if part.id not in new]
    # Rows are locked in one order: people and groups before what names them. A group that goes is written once more to
    # be held, for it can only go after what names it.
    groups = [part for part in (*changed, *gone) if isinstance(part, Group)]
    if groups:
        names = _new_names(before, after)
        members = [e for e in everybody(tx) if any(folded(name) in names for name in e.groups)] if names else []
        for employee in members:
            tx.employees.lock(employee.id)
        tx.rules.put(*groups)
        for employee in members:
            renamed = (names.get(folded(name), name) for name in employee.groups)
            kept = tuple(dict.fromkeys(name for name in renamed if name is not None))
            tx.employees.update(replace(employee, groups=kept))
    # What goes is held in the same order, and then removed in the opposite one, for others name it.
    held = [part for part in (*changed, *gone) if not isinstance(part, Group)]
    if held:
        tx.rules.put(*sorted(held, key=lambda part: ORDER.index(type(part))))
    if gone:
        tx.rules.delete(*gone)


def everybody(tx: Transaction) -> list[Employee]:
    """All employees."""
    return tx.employees.find(EVERYBODY)


def _parts(rules: RuleSet) -> list[RulePart]:
    """Everything but the grants: first what others name."""
    zones = sorted(rules.zones, key=lambda zone: len(rules.zones_around(zone.id)))
    return [
        *rules.sites,
        *zones,
        *rules.gates,
        *rules.lanes,
        *rules.groups,
        *rules.calendars,
        *rules.schedules,
        *rules.rules,
        *rules.modes,
    ]


def _new_names(before: RuleSet, after: RuleSet) -> dict[str, str | None]:
    """People carry the names of their groups: what becomes of each folded name that changes, None for an end."""
    new: dict[str, Group] = {group.id: group for group in after.groups}
    names: dict[str, str | None] = {}
    for group in before.groups:
        kept = new.get(group.id)
        if kept is None or folded(kept.name) != folded(group.name):
            names[folded(group.name)] = kept.name if kept else None
    return names
