"""Removes personal data once it has been kept for as long as the site says, a little at a time, and signs receipts.

Each step removes a few records and adds them to the day's receipt in one transaction: after a kill -9 what is removed
and what the receipts say agree, and the next run goes on. Between steps the job rests far longer than a step takes, so
that gates do not wait. Events keep their place in the chain; the receipts explain to the audit what they lost.
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.core.ports.crypto import Signer
from app.core.ports.store import Store, Transaction
from app.core.site.retention import PERIODS, Kind, Place, Removal
from app.services.people.retention.receipts import note
from app.services.people.retention.removers import Remover, date_deactivation

logger = logging.getLogger(__name__)

SEARCHED = 2000  # records in one read
AT_ONCE = 20  # records in one write
RESTS = 12  # times as long as a step took
SHORTEST_REST_S = 0.02
OF_THE_LOG = frozenset({Kind.STRANGER_PICTURES, Kind.PASSAGES, Kind.EVENTS})
LONGEST_COUNT = timedelta(seconds=20)


class _StillUsed(Exception):
    """Rolls the end of a day's key back."""


@dataclass(frozen=True)
class KindState:
    """A kind of data at this moment.

    Attributes:
        hours: For how long the site keeps it. usual_hours: for how long one that chose nothing does.
        last: The newest receipt. removed: how much all receipts say.
        due: What is older, and so goes with the next run; None where it was not counted.
    """

    kind: Kind
    hours: int
    usual_hours: int
    least_hours: int
    last: Removal | None
    removed: int
    due: int | None = None


@dataclass
class Retention:
    """now: the time, None while the clock cannot be right: then nothing is removed. forget: destroys what a wrapped
    data key needs besides the database."""

    store: Store
    signer: Signer
    now: Callable[[], datetime | None]
    removers: Mapping[Kind, Remover]
    forget: Callable[[bytes], None] = lambda wrapped: None
    _reached: dict[Kind, Place] = field(default_factory=dict, init=False, repr=False)
    _reached_on: str = field(default="", init=False, repr=False)

    def states(self, *, counted: bool = False) -> list[KindState]:
        """Every kind, in the order of removal. counted: with what is due, which takes seconds in a large log.

        Raises Busy('took_too_long').
        """
        now = self.now()
        with self.store.read(LONGEST_COUNT) as tx:
            kept, receipts = tx.site_settings.get().kept_hours, tx.retained.receipts()
            found = []
            for kind, remover in self._in_order():
                of_kind, period = [one for one in receipts if one.kind is kind], kept.of(kind)
                due = remover.count(tx, now - period) if counted and now is not None else None
                hours, usual = period // timedelta(hours=1), PERIODS[kind]
                last = of_kind[-1] if of_kind else None
                removed = sum(one.count for one in of_kind)
                found.append(KindState(kind, hours, usual.usual, usual.least, last, removed, due))
        return found

    def receipts(self) -> list[Removal]:
        """Newest first."""
        with self.store.read() as tx:
            return tx.retained.receipts()[::-1]

    def run(self, pause: Callable[[float], bool]) -> dict[Kind, int]:
        """Removes what is due, unless another process does. Returns how much of each kind.

        pause: waits so many seconds and returns whether to stop. Raises NotRecorded; what was removed stays so.
        """
        gone: dict[Kind, int] = {}
        with self.store.alone("retention") as mine:
            if not mine:
                return gone
            for kind, remover in self._in_order():
                now = self.now()
                if now is None:
                    logger.warning("retention_waits why=clock_unconfirmed removed=nothing")
                    return gone
                count, stopped = self._clear(kind, remover, now, pause)
                if count:
                    gone[kind] = count
                    logger.info("retention_removed kind=%s count=%d", kind.value, count)
                if stopped:
                    return gone
        return gone

    def _in_order(self) -> list[tuple[Kind, Remover]]:
        return [(kind, self.removers[kind]) for kind in Kind if kind in self.removers]

    def _clear(self, kind: Kind, remover: Remover, now: datetime, pause: Callable[[float], bool]) -> tuple[int, bool]:
        """Returns how much was removed, and whether to stop."""
        with self.store.read() as tx:
            before = now - tx.site_settings.get().kept_hours.of(kind)
        if kind is Kind.FACES:
            self._date_deactivations(now)
        after, gone = self._begin(kind, now), 0
        while True:
            with self.store.read() as tx:
                found = remover.find(tx, before, after, SEARCHED)
            for start in range(0, len(found.ids), AT_ONCE):
                began = time.perf_counter()
                gone += self._step(kind, remover, found.ids[start : start + AT_ONCE], before, now)
                if pause(max(SHORTEST_REST_S, RESTS * (time.perf_counter() - began))):
                    return gone, True
            if found.end is None:
                break
            after = self._reached[kind] = found.end
            if pause(SHORTEST_REST_S):
                return gone, True
        self._end(kind, before, gone)
        return gone, False

    def _begin(self, kind: Kind, now: datetime) -> Place | None:
        """Where the search begins. In the log it goes on where the last one ended, and each day begins anew: an event
        may have been recorded late, or its report taken back."""
        if (today := f"{now:%Y-%m-%d}") != self._reached_on:
            self._reached.clear()
            self._reached_on = today
        return self._reached.get(kind) if kind in OF_THE_LOG else None

    def _step(self, kind: Kind, remover: Remover, ids: tuple[str, ...], before: datetime, now: datetime) -> int:
        with self.store.write() as tx:
            count = remover.remove(tx, ids, before)
            if count:
                note(tx, self.signer, kind, before, count, now)
        return count

    def _end(self, kind: Kind, before: datetime, gone: int) -> None:
        if kind is Kind.EVENTS:
            with self.store.read() as tx:
                days = tx.retained.empty_days(before)
            for day in days:
                with suppress(_StillUsed), self.store.write() as tx:
                    self._destroy(tx, day)
        if gone:
            with self.store.write() as tx:
                tx.retained.swept()

    def _destroy(self, tx: Transaction, day: str) -> None:
        """Destroys the key of a day's events of nobody. Secret before row: a kill in between leaves a row that the next
        run removes."""
        wrapped = tx.data_keys.get(day)
        if wrapped is None:
            return
        tx.data_keys.destroy(day)  # from here on nobody else seals with it
        if tx.retained.seals_any(day):
            raise _StillUsed  # by an event that was recorded late
        self.forget(wrapped)

    def _date_deactivations(self, now: datetime) -> None:
        after = ""
        while True:
            with self.store.read() as tx:
                undated = tx.retained.undated(after, AT_ONCE)
            if not undated:
                return
            with self.store.write() as tx:
                date_deactivation(tx, undated, now)
            after = undated[-1]
