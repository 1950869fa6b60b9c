"""Directories: systems that say who works here, such as Entra ID or Okta. They send people and groups over SCIM.

A directory owns the name, the e-mail address, whether somebody is active, and its own groups. Badges, faces, consent
and local groups are the site's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from app.core.text import plain_text

NAME_CHARS = 64
# A run ends when a directory was silent for this long. SCIM has no word for a run: a directory sends one request for
# each change, Entra ID every 40 minutes and Okta at once.
RUN_GAP = timedelta(minutes=15)
SILENT_AFTER = timedelta(hours=2)
# What one run may take off the doors before somebody looks: this many people, or this share of those it sent.
MOST_OFF, MOST_OFF_SHARE = 20, 0.1
MOST_IGNORED = 50  # names of attributes that a run keeps


class Leaving(StrEnum):
    """What the directory wants of somebody who leaves: no entry, or their erasure."""

    OFF = "off"
    ERASE = "erase"


@dataclass(frozen=True)
class Directory:
    """One provider. Raises BadInput for a name that cannot be shown."""

    id: str
    name: str
    created_at: datetime

    def __post_init__(self) -> None:
        plain_text("name", self.name, NAME_CHARS)


@dataclass(frozen=True)
class DirectoryPerson:
    """What a directory sent about an employee.

    Attributes:
        attributes: what it sent and reads back, as SCIM names it; sealed under the person's key when it is stored.
        active: what the directory wants. The employee's status is what holds, and differs only while `held`.
        held: what waits for an admin, because one run took too many people off the doors; since `held_at`.
        version: grows with each change.
    """

    employee_id: str
    directory_id: str
    user_name: str
    external_id: str | None
    attributes: Mapping[str, Any]
    active: bool
    version: int
    created_at: datetime
    changed_at: datetime
    held: Leaving | None = None
    held_at: datetime | None = None


@dataclass(frozen=True)
class DirectoryGroup:
    """A group whose members a directory sends. It lets nobody in until a rule names it."""

    group_id: str
    directory_id: str
    external_id: str | None
    version: int
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class Run:
    """Requests of a directory without a long pause between them.

    Attributes:
        counts: of people by what was done: added, changed, off, erased, held, back, refused.
        ignored: names of attributes that were sent and not kept.
    """

    id: str
    directory_id: str
    began_at: datetime
    last_at: datetime
    counts: Mapping[str, int] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    def lasts(self, now: datetime) -> bool:
        """Whether a request now belongs to it."""
        return now - self.last_at < RUN_GAP

    def with_more(self, now: datetime, counts: Mapping[str, int], ignored: Iterable[str] = ()) -> "Run":
        more = {kind: self.counts.get(kind, 0) + counts.get(kind, 0) for kind in {*self.counts, *counts}}
        names = tuple(dict.fromkeys((*self.ignored, *ignored)))[:MOST_IGNORED]
        return Run(self.id, self.directory_id, self.began_at, max(now, self.last_at), more, names)


def may_take_off(run: Run | None, people: int) -> bool:
    """Whether the run may take one more person off the doors by itself.

    people: how many active people the directory had sent when the run began.
    """
    taken = 0 if run is None else run.counts.get("off", 0) + run.counts.get("erased", 0)
    return taken < MOST_OFF or taken + 1 <= people * MOST_OFF_SHARE


class Directories(Protocol):
    """The stored directories, and what they sent; part of `ports.Transaction`."""

    def add(self, directory: Directory) -> None:
        """Raises Conflict('directory_taken') where another has the name."""
        ...

    def get(self, directory_id: str) -> Directory | None: ...
    def all(self) -> list[Directory]: ...
    def delete(self, directory_id: str) -> None:
        """Removes it with all links to people and groups; people and groups stay."""
        ...

    def put_person(self, person: DirectoryPerson) -> None:
        """Raises Conflict('user_name_taken') where somebody else of the directory has the user name."""
        ...

    def person(self, employee_id: str) -> DirectoryPerson | None: ...
    def by_user_name(self, directory_id: str, user_name: str) -> DirectoryPerson | None:
        """Returns the person with this user name, ignoring case."""
        ...

    def by_external_id(self, directory_id: str, external_id: str) -> list[DirectoryPerson]:
        """Returns the people with this external id. A well-behaved directory has one."""
        ...

    def people(self, directory_id: str) -> list[DirectoryPerson]:
        """Returns everybody the directory sent, oldest first."""
        ...

    def count(self, directory_id: str) -> int: ...
    def active(self, directory_id: str) -> int:
        """Returns how many people the directory sent who are active."""
        ...

    def held(self) -> list[DirectoryPerson]:
        """Returns those of all directories who wait for an admin."""
        ...

    def forget_person(self, employee_id: str) -> None: ...
    def put_group(self, group: DirectoryGroup) -> None: ...
    def group(self, group_id: str) -> DirectoryGroup | None: ...
    def groups(self, directory_id: str) -> list[DirectoryGroup]: ...
    def forget_group(self, group_id: str) -> None: ...
    def last_run(self, directory_id: str) -> Run | None: ...
    def runs(self, directory_id: str, limit: int) -> list[Run]:
        """Returns the newest runs, newest first."""
        ...

    def put_run(self, run: Run) -> None: ...
