"""The muster: who is inside which zone, ticked off by several people at once. It outlives restarts.

A release begins one by itself, in the transaction that records the release. Somebody ends it, by hand.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.core.access.passages.muster import Muster, MusterList, Tick, muster_list
from app.core.errors import Conflict, NotFound
from app.core.people.records import PersonName
from app.core.ports.store import Clock, Store, Transaction
from app.core.text import plain_comment
from app.services.access.rules.current_rules import CurrentRules


@dataclass(frozen=True)
class MusterView:
    """The list at one moment.

    Attributes:
        muster: the roll call that lasts, or the last one; None if there never was one.
        names: of everybody on the list, by id.
        gates: names of gates, by id.
    """

    at: datetime
    muster: Muster | None
    list: MusterList
    names: Mapping[str, PersonName]
    gates: Mapping[str, str]

    @property
    def lasts(self) -> bool:
        return self.muster is not None and self.muster.ended_at is None


@dataclass(frozen=True)
class MusterBook:
    store: Store
    clock: Clock
    new_id: Callable[[], str]
    rules: CurrentRules = field(default_factory=CurrentRules)

    def view(self) -> MusterView:
        """Everybody inside, as gates know it now. Raises NotRecorded."""
        with self.store.read() as tx:
            muster = tx.musters.newest()
            lasts = muster is not None and muster.ended_at is None
            ticks = tx.musters.ticks(muster.id) if muster is not None and lasts else {}
            rules = self.rules.at(tx)
            present = [one for one in tx.presences.all() if one.zone_id is not None or one.person_id in ticks]
            found = muster_list(rules.zones, present, tx.presences.unknown(), ticks)
            names = tx.employees.names({one.person_id for one in present} | ticks.keys())
        return MusterView(self.clock(), muster, found, names, rules.rules.names)

    def ticks(self) -> tuple[str, Mapping[str, Tick]]:
        """A text that differs for two lists of people, and the ticks of the roll call that lasts. Raises NotRecorded.

        Each device asks this every two seconds, so no row of a person is read.
        """
        with self.store.read() as tx:
            muster = tx.musters.newest()
            lasts = muster is not None and muster.ended_at is None
            ticks = tx.musters.ticks(muster.id) if muster is not None and lasts else {}
            unknown = sorted((zone, found.count) for zone, found in tx.presences.unknown().items())
            state = (muster, tx.rules.version(), tx.presences.mark(), unknown)
        return hashlib.sha256(repr(state).encode()).hexdigest()[:16], ticks

    def start(self, comment: str, actor: str) -> Muster:
        """Begins a roll call. Raises BadInput for a bad comment, Conflict if one lasts."""
        comment = plain_comment(comment)
        with self.store.write() as tx:
            before = tx.musters.newest(for_update=True)
            if before is not None and before.ended_at is None:
                raise Conflict("already_in_that_state", "A roll call is already running.")
            muster = Muster(self.new_id(), self.clock(), actor, comment)
            tx.musters.start(muster)
        return muster

    def end(self, actor: str) -> Muster:
        """Ends the roll call. Raises Conflict if none lasts."""
        with self.store.write() as tx:
            muster, now = _lasting(tx), self.clock()
            tx.musters.end(muster.id, now, actor)
        return replace(muster, ended_at=now, ended_by=actor)

    def tick(self, employee_id: str, actor: str, *, ticked: bool = True) -> Tick | None:
        """Says that somebody was seen, or takes it back. Returns the tick that holds: of two at once, the first.

        Raises NotFound for an unknown employee, Conflict if no roll call is running.
        """
        with self.store.write() as tx:
            if tx.employees.get(employee_id) is None:
                raise NotFound("unknown_employee", "There is no employee with this id.")
            muster = _lasting(tx)
            if ticked:
                tx.musters.tick(muster.id, Tick(employee_id, self.clock(), actor))
            else:
                tx.musters.untick(muster.id, employee_id)
            return tx.musters.ticks(muster.id).get(employee_id)


def _lasting(tx: Transaction) -> Muster:
    muster = tx.musters.newest(for_update=True)
    if muster is None or muster.ended_at is not None:
        raise Conflict("no_muster", "No roll call is running. Begin one first.")
    return muster
