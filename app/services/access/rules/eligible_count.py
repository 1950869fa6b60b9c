"""How many people may pass a gate now, as a transaction has it: a look into a dictionary while nothing changes.

The people are read in the background: at the start, and when a decision notices that somebody was enrolled, changed or
erased. Until they are here the count is not known, and the threshold counts the whole gallery, which is the safe side.
A change of the rules is counted at once.
"""

import logging
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock, Thread

from app.core.access.permission import CompiledRules
from app.core.people.eligible import EnrolledPeople, minute_of
from app.core.ports.store import Store, Transaction

logger = logging.getLogger(__name__)

# After a read the next one waits 20 times as long as it took, so an import of many people costs decisions a twentieth.
REST = 20


def in_background(work: Callable[[], None], name: str = "eligible-people") -> None:
    Thread(target=work, name=name, daemon=True).start()


@dataclass(frozen=True, eq=False)
class _Known:
    """The people at one state of the database. counts: of a gate, for rules and a minute."""

    state: Hashable
    people: EnrolledPeople
    counts: dict[str, tuple[CompiledRules, datetime, int]] = field(default_factory=dict)


@dataclass
class EligibleCount:
    """Shared by all threads. start: runs the reading of people, by default in a thread of its own."""

    store: Store
    start: Callable[[Callable[[], None]], None] = in_background
    rest: float = REST
    _known: _Known | None = field(default=None, init=False, repr=False)
    _reading: Lock = field(default_factory=Lock, init=False, repr=False)
    _next_read_s: float = field(default=0.0, init=False, repr=False)

    def at(self, tx: Transaction, rules: CompiledRules, gate_id: str, now: datetime) -> int | None:
        """How many may pass the gate in this minute; None while that is not known."""
        state = tx.employees.state()
        if state is None:
            return None
        if self._known is None or self._known.state != state:
            self.read_soon()
        known = self._known
        if known is None or known.state != state:
            return None
        minute = minute_of(now)
        kept = known.counts.get(gate_id)
        if kept is None or kept[0] is not rules or kept[1] != minute:
            kept = (rules, minute, known.people.may_pass(rules, gate_id, now))
            known.counts[gate_id] = kept
        return kept[2]

    def read_soon(self) -> None:
        """Reads the people anew, unless that is going on or was a moment ago."""
        if time.monotonic() >= self._next_read_s and self._reading.acquire(blocking=False):
            try:
                self.start(self._read)
            except BaseException:
                self._reading.release()
                raise

    def _read(self) -> None:
        started = time.monotonic()
        try:
            with self.store.read() as tx:
                # First the state: who changes meanwhile makes it an old one, and the next decision reads again.
                state = tx.employees.state()
                people = EnrolledPeople(tx.employees.enrolled())
            self._known = None if state is None else _Known(state, people)
        except Exception:
            logger.exception("eligible_people_unreadable threshold=whole_gallery")
        finally:
            took_s = time.monotonic() - started
            self._next_read_s = time.monotonic() + self.rest * took_s
            self._reading.release()
