"""The audit trail: who changed what is added by the store; here it is read, and looks and exports are added."""

import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.core.accounts.trail import Action, TrailEntry, TrailFilter, at_work
from app.core.errors import NotRecorded
from app.core.ports.store import Store

log = logging.getLogger(__name__)

_AGAIN = timedelta(hours=1)
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class Trail:
    """`seen` writes once an hour for the same caller and thing: a page asks for a picture each time it is opened."""

    store: Store
    _seen: "OrderedDict[tuple[str | None, str, str], datetime]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def seen(self, kind: str, subject: str, person: str | None = None) -> None:
        """Somebody looked at the pictures of this. Raises NotRecorded: then they must not see them."""
        who = at_work()
        if who is None:
            return
        key, now = (who.actor(), kind, subject), who.clock()
        with self._lock:
            last = self._seen.get(key)
            if last is not None and now - last < _AGAIN:
                return
        self._add(who.entry(Action.SEEN, kind, subject, person=person))
        with self._lock:
            self._seen[key] = now
            self._seen.move_to_end(key)
            if len(self._seen) > _MOST_REMEMBERED:
                self._seen.popitem(last=False)

    def exported(self, kind: str, label: str = "", person: str | None = None, *, must: bool = True) -> None:
        """Somebody takes this away as a file. label: which part of it. must: raises NotRecorded if it cannot be stored,
        and then they must not get the file; else it is only logged."""
        who = at_work()
        if who is None:
            return
        try:
            self._add(who.entry(Action.EXPORTED, kind, label=label, person=person))
        except NotRecorded as error:
            if must:
                raise
            log.warning('trail_entry_lost way="%s" why="%s"', who.way(), error)

    def called(self, label: str) -> None:
        """Somebody gave an order that changed no record. label: for what."""
        who = at_work()
        if who is not None:
            self._add(who.entry(Action.CALLED, "call", label=label))

    def find(self, which: TrailFilter) -> list[TrailEntry]:
        """Newest first."""
        with self.store.read() as tx:
            return tx.trail.find(which)

    def _add(self, entry: TrailEntry) -> None:
        with self.store.write() as tx:
            tx.trail.add(entry)
