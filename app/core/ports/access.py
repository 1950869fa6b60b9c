"""What deciding who may pass needs from the database, as a protocol: a part of `ports.Transaction`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

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
