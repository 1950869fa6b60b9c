"""One change of the rules: an entry is added, changed or removed. What it is based on may have changed meanwhile."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from app.core.access.rule_set import Reference, RulePart, RuleSet, in_order
from app.core.access.rules import GateMode, GatePlace, Group, GroupSource, Lane, Rule, Site, Zone
from app.core.access.schedules import Calendar, Schedule
from app.core.errors import Conflict, NotFound

KINDS: dict[type[Any], str] = {
    Site: "sites",
    Zone: "zones",
    GatePlace: "gates",
    Lane: "lanes",
    Group: "groups",
    Calendar: "calendars",
    Schedule: "schedules",
    Rule: "rules",
    GateMode: "modes",
}
MOST_NAMED = 20


class InUse(Conflict):
    """Something still names what is to be removed."""

    def __init__(self, users: tuple[Reference, ...]) -> None:
        named = ", ".join(f"{user.by_kind}[{user.by_name}]" for user in users[:MOST_NAMED])
        more = f" and {len(users) - MOST_NAMED} more" if len(users) > MOST_NAMED else ""
        super().__init__("in_use", f"Still used by {named}{more}. Change these first.")
        self.users = users


class EntryChanged(Conflict):
    """Somebody changed the entry after the caller had read it. entry: as it is now."""

    def __init__(self, entry: RulePart) -> None:
        super().__init__("entry_changed", "Somebody else changed this meanwhile. Look at their change first.")
        self.entry = entry


@dataclass(frozen=True)
class Create:
    """make: builds the entry, given its id."""

    part: type[Any]
    make: Callable[[str], RulePart]


@dataclass(frozen=True)
class Patch:
    """change: builds the new entry from the present one. version: of the entry that the caller has read; None: any."""

    part: type[Any]
    id: str
    change: Callable[[Any], RulePart]
    version: str | None = None


@dataclass(frozen=True)
class Remove:
    part: type[Any]
    id: str
    version: str | None = None


Edit = Create | Patch | Remove


def version_of(part: Any) -> str:
    """Returns a text that differs for two states of one entry, or of another dataclass."""
    text = json.dumps(asdict(part), sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def find(rules: RuleSet, part: type[Any], entry_id: str) -> Any:
    """Returns the entry with this id. Raises NotFound."""
    for entry in getattr(rules, KINDS[part]):
        if entry.id == entry_id:
            return entry
    raise NotFound("unknown_entry", f"There is nothing among the {KINDS[part]} with this id.")


def unchanged(entry: RulePart, version: str | None) -> None:
    """Raises EntryChanged where the caller has read another version of the entry."""
    if version is not None and version != version_of(entry):
        raise EntryChanged(entry)


def edited(rules: RuleSet, edit: Edit, new_id: Callable[[], str]) -> tuple[RuleSet, str]:
    """Returns the rules after the edit, and the id of the entry.

    Raises NotFound, EntryChanged, InUse, Conflict for what is not for us to change, and BadInput where an entry cannot
    be or contradicts another.
    """
    if isinstance(edit, Create):
        made = edit.make(new_id())
        return _with(rules, edit.part, made), made.id
    before = find(rules, edit.part, edit.id)
    unchanged(before, edit.version)
    if isinstance(edit, Remove):
        return _without(rules, before), edit.id
    after = edit.change(before)
    from_directory = isinstance(before, Group) and before.source is GroupSource.SCIM
    if from_directory and isinstance(after, Group) and after.name != before.name:
        raise Conflict("group_of_directory", "The directory names this group. Rename it there.")
    return _with(_taken_out(rules, before), edit.part, after), edit.id


def _with(rules: RuleSet, part: type[Any], entry: RulePart) -> RuleSet:
    kind = KINDS[part]
    kept = (*getattr(rules, kind), entry)
    placed: dict[str, Any] = {kind: kept if part is GateMode else in_order(kept)}
    after = replace(rules, **placed)
    after.check()
    return after


def _without(rules: RuleSet, entry: RulePart) -> RuleSet:
    users = tuple(user for user in rules.used_by.get(entry.id, ()) if user.by_id != entry.id)
    if users:
        raise InUse(users)
    if isinstance(entry, Site) and len(rules.sites) == 1:
        raise Conflict("last_site", "Every gate is at a site, so one has to stay. Rename it instead.")
    return _taken_out(rules, entry)


def _taken_out(rules: RuleSet, entry: RulePart) -> RuleSet:
    kind = KINDS[type(entry)]
    left: dict[str, Any] = {kind: tuple(one for one in getattr(rules, kind) if one.id != entry.id)}
    return replace(rules, **left)


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(type(value).__name__)
