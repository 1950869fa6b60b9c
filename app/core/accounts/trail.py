"""The audit trail: what a person or a key changed, saw or took away, and who is at work now.

Values that name people are not in it: it says which of their fields changed. So nothing of it has to be erased with a
person, and their id leads to nobody afterwards.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """What was done to something. CALLED: an order that changed no record, such as the test of a gate."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    SEEN = "seen"
    EXPORTED = "exported"
    CALLED = "called"


@dataclass(frozen=True)
class FieldChange:
    """name: of a field. before, after: as JSON prints them; both None if they are kept nowhere else (`hidden`)."""

    name: str
    before: Any = None
    after: Any = None
    hidden: bool = False

    def json(self) -> list[Any]:
        return [self.name] if self.hidden else [self.name, self.before, self.after]

    @classmethod
    def read(cls, stored: list[Any]) -> "FieldChange":
        """Reads what `json` gave."""
        name, *values = stored
        return cls(name, *values) if values else cls(name, hidden=True)


@dataclass(frozen=True)
class TrailEntry:
    """One change.

    Attributes:
        actor: The id of the user or key; None for a command.
        address: Where the request came from; for a command, the account of the machine.
        way: The call, such as `PATCH /v1/gates/{gate}`, or the command.
        kind: Of what it is about: gate, person, photo, rule, ...
        subject: Its id; "" where there is only one, or none.
        label: Its name then; "" for people and for what has none.
        person: The id of the person it is about, if any.
    """

    id: str
    at: datetime
    actor: str | None
    address: str
    way: str
    action: Action
    kind: str
    subject: str = ""
    label: str = ""
    person: str | None = None
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True)
class TrailFilter:
    """Which entries, newest first. actor, subject, person: ids. before: the id of the last entry of the page before."""

    actor: str | None = None
    kind: str | None = None
    subject: str | None = None
    person: str | None = None
    action: Action | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: str | None = None
    limit: int = 50


@dataclass
class AtWork:
    """Who is at work in this request or command. Each write transaction of theirs adds to the trail.

    Attributes:
        actor: Gives the id of the user or key once it is known; None before, and for a command.
        recorded: Whether anybody's writes go into the trail; a gate's key has its own log.
        entries: How many entries were added so far.
    """

    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    address: str
    way: Callable[[], str]
    actor: Callable[[], str | None] = lambda: None
    recorded: Callable[[], bool] = lambda: True
    entries: int = 0

    def entry(
        self,
        action: Action,
        kind: str,
        subject: str = "",
        *,
        label: str = "",
        person: str | None = None,
        fields: tuple[FieldChange, ...] = (),
    ) -> TrailEntry:
        self.entries += 1
        return TrailEntry(
            self.new_id(),
            self.clock(),
            self.actor(),
            self.address,
            self.way(),
            action,
            kind,
            subject,
            label,
            person,
            fields,
        )


_at_work: ContextVar[AtWork | None] = ContextVar("at_work", default=None)


def at_work() -> AtWork | None:
    """Who is at work in this thread or task; None for what the service does by itself."""
    return _at_work.get()


@contextmanager
def working(who: AtWork) -> Iterator[AtWork]:
    """What the block does is this caller's work, in threads that run with its context too."""
    token = _at_work.set(who)
    try:
        yield who
    finally:
        _at_work.reset(token)


def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[FieldChange, ...]:
    """The fields that differ, in the order of the later state. Fields that are None on both sides are left out."""
    was, now = before or {}, after or {}
    names = [*now, *(name for name in was if name not in now)]
    return tuple(FieldChange(name, was.get(name), now.get(name)) for name in names if was.get(name) != now.get(name))
