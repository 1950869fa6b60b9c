"""For tests of orders in any order: a store that fails at will, and what should be recorded."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from app.core.errors import NotRecorded
from app.core.ports.store import Store
from app.core.site.mode import SiteMode

NORMAL, LOCKDOWN, RELEASE = SiteMode
GATES = ("dock", "lobby", "yard")
ALL = frozenset(GATES)


class Failing:
    """A store that can be kept from reading and from writing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reads = self.writes = True

    @contextmanager
    def read(self, within: timedelta | None = None) -> Iterator[Any]:
        if not self.reads:
            raise NotRecorded("nothing can be read")
        with self._store.read(within) as tx:
            yield tx

    @contextmanager
    def write(self, deadline: timedelta | None = None) -> Iterator[Any]:
        if not (self.reads and self.writes):
            raise NotRecorded("nothing can be written")
        with self._store.write(deadline) as tx:
            yield tx


@dataclass(frozen=True)
class Expected:
    """The mode as it is recorded. gates: empty for every one."""

    mode: SiteMode = NORMAL
    gates: frozenset[str] = frozenset()

    def at(self, gate: str) -> SiteMode:
        return self.mode if not self.gates or gate in self.gates else NORMAL

    def joined(self, mode: SiteMode, gates: frozenset[str]) -> "Expected":
        if self.mode is not mode:
            return Expected(mode, gates)
        return self if not self.gates else Expected(mode, self.gates | gates if gates else gates)

    def ended(self, gates: frozenset[str], ending: SiteMode | None) -> "Expected":
        if self.mode is NORMAL or ending not in (None, self.mode):
            return self
        left = (self.gates or ALL) - gates if gates else frozenset()
        return replace(self, gates=left) if left else Expected()
