"""Which gates this process watches and drives. Processes share the gates by leases in the database.

A lease expires, so a dead process loses its gates. To hand a gate over, a process first stops driving it and gives up
the lease at its next renewal. Two processes can drive one gate only if one of them has lost the database.
"""

import logging
import os
import secrets
import socket
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from threading import Lock

from app.core.gates.commands import Order
from app.core.ports.store import Store, Transaction
from app.core.site.gate_leases import deal

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=8)
# A lease that ends later than possible dates from before the clock was set back; its process may be gone.
LONGEST = 2 * LEASE
CLOCKS_APART = timedelta(seconds=2)  # between process and database; beyond, the process drives nothing
STALE = timedelta(minutes=1)  # an opening that nobody took (time enough to be recorded as too late), and a question


class GateLeases:
    """only: the names of the gates that this process may take; empty for all. Nothing is taken before `renew`."""

    def __init__(self, store: Store, clock: Callable[[], datetime], only: Collection[str] = ()) -> None:
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._store, self._clock, self._only = store, clock, tuple(only)
        self._lock = Lock()
        self._mine: frozenset[str] = frozenset()
        self._leaving: frozenset[str] = frozenset()
        self._others: frozenset[str] = frozenset()
        self._apart = timedelta()
        # Called with openings that no process took in time.
        self.untaken: Callable[[list[Order]], None] = lambda _: None

    def gates(self) -> frozenset[str]:
        """The ids of this process's gates. They remain its own while the database is gone."""
        with self._lock:
            return self._mine

    def others(self) -> frozenset[str]:
        """The ids of the gates that other processes have, as of the last renewal.

        A process that was away for too long finds its former gates here, and must not touch them any more.
        """
        with self._lock:
            return self._others

    def elsewhere(self, gate_id: str) -> bool:
        """Whether another process holds the gate, by the database."""
        return self.holders().get(gate_id, self.holder) != self.holder

    def holders(self) -> dict[str, str]:
        """The process that holds each gate, by the gate's id; gates without one are left out."""
        with self._store.read() as tx:
            return _held(tx, shared_time(tx, self._clock)[0])

    def renew(self, held: Collection[str] = ()) -> frozenset[str]:
        """Takes and keeps this process's gates, and gives up the rest. Raises NotRecorded: then nothing changes.

        held: the gates whose hardware it has in hand; it keeps their leases until it has given them up.
        """
        with self._store.write() as tx:
            now, apart = shared_time(tx, self._clock)
            # In the order of locks: watchers, questions, orders, leases.
            lost = self._forget_watchers(tx, now)
            wrong = abs(apart) > CLOCKS_APART
            if wrong:
                # It would date pictures and openings wrongly, so others get its gates until its clock is right.
                tx.watchers.leave(self.holder)
            else:
                tx.watchers.arrive(self.holder, self._only, now + LEASE)
            tx.remote_polls.forget(now - STALE)
            untaken = tx.orders.forget(now - STALE)
            for holder in lost:
                tx.leases.give_up(holder)
            kept = self._keep(tx, self._leaving, held, now)
            dealt = {} if wrong else self._deal(tx, now)
            wanted = {gate for gate, who in dealt.items() if who == self.holder}
            mine = frozenset(gate for gate in sorted(wanted) if tx.leases.take(gate, self.holder, now, now + LEASE))
            others = self._elsewhere(tx)
        with self._lock:
            self._leaving = (self._mine | kept) - mine
            self._mine, self._others = mine, others
        self._say(apart)
        self.untaken(untaken)
        return mine

    def leave(self, held: Collection[str]) -> None:
        """Prepares to stop: takes no more gates, and keeps only the leases of those still in hand.

        Raises NotRecorded: nothing is given up.
        """
        with self._lock:
            leaving = self._leaving | self._mine
        with self._store.write() as tx:
            tx.watchers.leave(self.holder)
            kept = self._keep(tx, leaving, held, shared_time(tx, self._clock)[0])
            others = self._elsewhere(tx)
        with self._lock:
            # In one step: whoever sees that a gate is no longer its own must see whose it is.
            self._mine, self._leaving, self._others = frozenset(), kept, others

    def resign(self) -> None:
        """Gives up all leases, so that others take over at once. Raises NotRecorded: then the leases expire."""
        with self._lock:
            self._mine = frozenset()
        with self._store.write() as tx:
            tx.watchers.leave(self.holder)
            tx.leases.give_up(self.holder)

    def _say(self, apart: timedelta) -> None:
        was, self._apart = abs(self._apart) > CLOCKS_APART, apart
        if was is not (abs(apart) > CLOCKS_APART):
            if was:
                logger.warning("clock_skew_ended action=leases_taken")
            else:
                logger.error("clock_skew seconds=%.1f action=leases_given_up", -apart.total_seconds())

    def _keep(self, tx: Transaction, leaving: frozenset[str], held: Collection[str], now: datetime) -> frozenset[str]:
        kept = leaving.intersection(held)
        tx.leases.give_up(self.holder, leaving - kept)
        # Not those that another process has by now, as after an outage. In one order, since each locks a row.
        return frozenset(gate for gate in sorted(kept) if tx.leases.take(gate, self.holder, now, now + LEASE))

    def _elsewhere(self, tx: Transaction) -> frozenset[str]:
        return frozenset(gate for gate, (who, _) in tx.leases.holders().items() if who != self.holder)

    def _forget_watchers(self, tx: Transaction, now: datetime) -> list[str]:
        """Those whose time is up. Returns those whose time is too far ahead, as after a clock was set back."""
        known = {**tx.watchers.all(), **dict(tx.leases.holders().values())}
        ahead = sorted(holder for holder, until in known.items() if until > now + LONGEST)
        for holder in ahead:
            tx.watchers.leave(holder)
        tx.watchers.forget(now)
        return ahead

    def _deal(self, tx: Transaction, now: datetime) -> dict[str, str]:
        gates = {gate.id: gate.name for gate in tx.gates.all()}
        cameras = dict.fromkeys(gates, 0)
        for camera in tx.cameras.all():
            if camera.gate_id in cameras:  # otherwise its gate was added since, and is shared out next time
                cameras[camera.gate_id] += camera.enabled
        here = tx.watchers.present()
        able = {id_: [who for who, only in here.items() if not only or name in only] for id_, name in gates.items()}
        return deal(cameras, able, _held(tx, now))


def shared_time(tx: Transaction, clock: Callable[[], datetime]) -> tuple[datetime, timedelta]:
    """The time that all processes of the site share, and how far it is ahead of this one's clock.

    Zero if the difference may just be the time that asking took, or if the database is a file.
    """
    before = clock()
    found = tx.clocks.now()
    after = clock()
    if found is None:
        return after, timedelta()
    return found, found - after if found > after else min(found - before, timedelta())


def _held(tx: Transaction, now: datetime) -> dict[str, str]:
    return {gate: who for gate, (who, until) in tx.leases.holders().items() if until > now}
