"""The certificate of an erasure: who asked, what was removed, what was searched for, and what is left where."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from app.core.canonical import canonical
from app.core.people.traces import Needles, Term

FORMAT = 1


class Scope(StrEnum):
    """What was erased: the whole person, or their face alone."""

    PERSON = "person"
    FACE = "face"


class Asker(StrEnum):
    """Who asked for an erasure. LINK: the person, by their link. RETENTION: nobody, its time had come."""

    USER = "user"
    KEY = "key"
    DIRECTORY = "directory"
    COMMAND = "command"
    LINK = "link"
    RETENTION = "retention"


class Place(StrEnum):
    """Where the search looks, in this order."""

    DATABASE = "database"
    INDEX = "index"
    CACHES = "caches"
    IMPORTS = "imports"
    FILES = "files"


@dataclass(frozen=True)
class Asked:
    """reference: the id of the user or key, which names nobody. way: the call or command."""

    by: Asker
    reference: str
    way: str
    at: datetime


@dataclass(frozen=True)
class Belongings:
    """What is stored about a person. counts: rows by table. sealed: what is encrypted in them."""

    counts: Mapping[str, int]
    sealed: tuple[bytes, ...]
    link: str


@dataclass(frozen=True)
class Remains:
    """Something that is still there. where: a table, file, cache or import. It never says what it is."""

    owner: str
    term: Term
    where: str
    count: int


@dataclass(frozen=True)
class Searched:
    """What one search did. size: bytes, or how many entries where there are no bytes. failed: what could not be read,
    such as a file; it may hold anything."""

    place: Place
    what: str
    size: int
    left: tuple[Remains, ...] = ()
    failed: tuple[str, ...] = ()


class Search(Protocol):
    """Looks for what is left in one place. rest: called often, so that decisions go first."""

    @property
    def place(self) -> Place: ...

    def look(self, needles: Needles, rest: Callable[[], None]) -> list[Searched]: ...


@dataclass(frozen=True)
class HeldBackup:
    """A backup that holds somebody who was erased since, sealed by a key that is destroyed.

    kept_until: when newer ones have taken its place; None where somebody has to delete it.
    """

    name: str
    made_at: datetime
    kept_until: datetime | None


@dataclass(frozen=True)
class Certificate:
    """As it is stored. document: None until the search has ended, then JSON with its signature."""

    id: str
    employee_id: str
    asked_at: datetime
    scope: Scope
    document: Mapping[str, Any] | None = field(default=None, compare=False)

    @property
    def found(self) -> int | None:
        """How much is left; None until the search has ended."""
        return None if self.document is None else int(self.document["search"]["found"])

    @property
    def complete(self) -> bool | None:
        """Whether everything could be searched; None until the search has ended."""
        return None if self.document is None else bool(self.document["search"]["complete"])


class Certificates(Protocol):
    """The stored certificates."""

    def belongings(self, employee_id: str, scope: Scope) -> Belongings: ...
    def add(self, certificate: Certificate) -> None: ...
    def put(self, certificate: Certificate) -> None: ...
    def get(self, certificate_id: str) -> Certificate | None: ...
    def of(self, employee_id: str) -> Certificate | None:
        """Returns the newest one of this person."""
        ...

    def all(self, limit: int, before: str | None = None) -> list[Certificate]:
        """Returns them newest first. before: the id of the last one of the page before."""
        ...

    def waiting(self, before: datetime) -> Iterator[Certificate]:
        """Yields those that were asked for before, and whose search has not ended."""
        ...


def message(document: Mapping[str, Any]) -> bytes:
    """What a certificate's signature covers: its canonical JSON without the signature."""
    return canonical({name: value for name, value in document.items() if name != "signature"})
