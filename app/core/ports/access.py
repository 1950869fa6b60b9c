"""What deciding who may pass needs from the database, as a protocol: a part of `ports.Transaction`."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.core.access.passages.muster import Muster, Tick
from app.core.access.passages.presence import Passage, Presence, UnknownPeople
from app.core.access.rule_set import RulePart, RuleSet
from app.core.access.schedules import CalendarDay


class RulesDocument(Protocol):
    """A text that was read: mappings, lists, text, whole numbers, booleans and None."""

    @property
    def data(self) -> object: ...

    def line(self, path: tuple[str | int, ...]) -> int:
        """The line, from 1, of the value at a path, or of the closest one around it."""
        ...


@dataclass(frozen=True)
class CalendarFile:
    """What an iCalendar file holds: days, and sentences about the events that were left out."""

    days: tuple[CalendarDay, ...]
    left_out: tuple[str, ...]


class Rules(Protocol):
    """The rules and everything they name. Each change takes the next version in its own transaction."""

    def version(self) -> int:
        """The version of the rules; each change adds one. 0 if its row was altered."""
        ...

    def lock(self) -> int:
        """Holds the rules until the transaction ends, and returns their version: nobody else changes them meanwhile."""
        ...

    def renew(self) -> None:
        """Takes the next version although no rule changed: a setting that is compiled with the rules did."""
        ...

    def all(self) -> RuleSet:
        """Everything, in the order of names; without what was altered."""
        ...

    def put(self, *parts: RulePart) -> None:
        """Stores new parts, and others in place of those with the same id. What a part names must be there before it.

        Raises Conflict('contradiction') when the block ends, where something that a part names is not there.
        """
        ...

    def delete(self, *parts: RulePart) -> None:
        """Removes parts. Raises Conflict('contradiction') where something still names one."""
        ...

    def note_groups(self, names: Iterable[str]) -> None:
        """Adds a local group for each name that no group has yet, whatever its case."""
        ...


class Presences(Protocol):
    """Where people are. Whoever changes it for a person holds the lock of the employee's row."""

    def get(self, person_id: str) -> Presence | None: ...
    def all(self) -> list[Presence]: ...
    def mark(self) -> tuple[int, int]:
        """Returns two numbers that change when anybody's place does; cheaper than `all`."""
        ...

    def put(self, presence: Presence) -> None: ...
    def replace(self, before: Presence | None, presence: Presence) -> None:
        """`put`, for whoever has read in this transaction where they were before."""
        ...

    def undo(self, event_id: str) -> None:
        """Puts back where people were before this event moved them, if nothing moved them since."""
        ...

    def remove(self, person_ids: Collection[str]) -> None:
        """From now on nobody knows where they are."""
        ...

    def count_inside(self, zone_ids: Collection[str], at: datetime, *, but: str | None = None) -> int:
        """Returns how many people are in these zones, unknown people and those who are on their way in among them.

        but: the id of somebody who is not counted.
        """
        ...

    def lock_zone(self, zone_id: str) -> None:
        """Locks the zone's count until the transaction ends. Zones are locked by id."""
        ...

    def unknown_in(self, zone_id: str) -> int:
        """Returns how many unknown people are in the zone. Locks as `lock_zone`."""
        ...

    def set_unknown(self, zone_id: str, count: int, at: datetime) -> None: ...
    def unknown(self) -> dict[str, UnknownPeople]:
        """Returns the unknown people by zone, where there are any."""
        ...


class Passages(Protocol):
    """Passages that were granted at gates with a sensor and are not over yet; a person has at most one."""

    def add(self, passage: Passage) -> None: ...
    def of_person(self, person_id: str) -> tuple[Passage, ...]: ...
    def of_gate(self, gate_id: str) -> list[Passage]:
        """Returns the gate's passages, oldest first."""
        ...

    def overdue(self, at: datetime) -> list[Passage]:
        """Returns those that have lapsed by then, oldest first."""
        ...

    def take(self, passage_id: str) -> Passage | None:
        """Removes and returns a passage. If two transactions take it, one gets it."""
        ...

    def withdraw(self, event_id: str) -> None:
        """Removes the passage that this event granted, because the gate never opened."""
        ...

    def confirm(self, event_id: str, at: datetime) -> None:
        """Keeps that somebody went through on the opening of this event."""
        ...

    def is_confirmed(self, event_id: str) -> bool: ...
    def note_report(self, gate_id: str, report_id: str, at: datetime) -> None:
        """Keeps that a report of this gate was counted. report_id: the gate's own name for it."""
        ...

    def is_reported(self, gate_id: str, report_id: str) -> bool: ...
    def forget_confirmed(self, before: datetime) -> int:
        """Forgets confirmations and reports from before this time."""
        ...

    def leave(self, person_id: str) -> None:
        """Removes the person's passage: they were granted another, or somebody corrected where they are."""
        ...


class Musters(Protocol):
    """Roll calls."""

    def newest(self, *, for_update: bool = False) -> Muster | None:
        """for_update: nobody else begins or ends a roll call until the commit, also while there is none."""
        ...

    def start(self, muster: Muster) -> None: ...
    def end(self, muster_id: str, at: datetime, actor: str | None) -> bool:
        """Returns False, even in a race, if it has ended already. Its ticks are gone then."""
        ...

    def tick(self, muster_id: str, tick: Tick) -> bool:
        """Returns False, even in a race, if somebody has ticked the person already: the first tick stays."""
        ...

    def untick(self, muster_id: str, person_id: str) -> bool: ...
    def ticks(self, muster_id: str) -> dict[str, Tick]: ...
