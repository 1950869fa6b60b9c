"""Watches whether this process's clock can be right: not behind any record, no steps, in step with the database.

A doubt lasts, also over a restart, until somebody confirms the clock or it is put right. While it lasts, people whose
dates matter are refused (`core.policy`); everybody else passes.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock

from app.core.alerts.alert import AlertKind
from app.core.errors import NotRecorded
from app.core.ports.store import Clock, Store
from app.core.site.mode import ClockFacts
from app.services.site.gate_leases import CLOCKS_APART, shared_time
from app.services.site.own_alerts import OwnAlerts

logger = logging.getLogger(__name__)

BACK = timedelta(seconds=5)  # time synchronisation sets clocks back by less
AHEAD = timedelta(minutes=1)  # a machine may have been suspended for as long
CURE = "set it, then run: python -m app clock confirm"


class ClockWatch:
    """uptime_s: a count that no change of the clock affects; None: steps are not looked for."""

    def __init__(self, store: Store, clock: Clock, uptime_s: Callable[[], float] | None, alerts: OwnAlerts) -> None:
        self._store, self._clock, self._uptime_s, self._alerts = store, clock, uptime_s, alerts
        self._lock = Lock()
        self._before: tuple[datetime, float] | None = None
        self._doubt: str | None = None  # until somebody confirms the clock
        self._apart: str | None = None  # until the clocks agree again
        self._went_ahead = False
        self._confirmed_at: datetime | None = None

    def doubt(self) -> str | None:
        """Says why the clock must be wrong now, or None. Reads two clocks and nothing else."""
        with self._lock:
            self._notice_step(self._clock())
            return self._doubt or self._apart

    def trusted_time(self) -> datetime | None:
        now = self._clock()
        return None if self.doubt() else now

    def look(self) -> None:
        """Compares the clock with the records, stores a doubt, and raises or clears the alert. Raises NotRecorded."""
        with self._store.read() as tx:
            facts, newest, beat = tx.clocks.get(), tx.clocks.newest_event(), tx.heartbeats.last()
            _, apart = shared_time(tx, self._clock)
        now = self._clock()
        if newest is not None and facts.covers is not None and newest <= facts.covers:
            newest = None
        floor = max((at for at in (newest, beat, facts.confirmed_at) if at is not None), default=now)
        with self._lock:
            self._notice_step(now)
            was_apart = self._apart is not None
            self._apart = f"it is {_for_people(apart)} apart from the database's" if abs(apart) > CLOCKS_APART else None
            if was_apart and self._apart is None:
                self._doubt = facts.doubt  # replaces what this process noticed by itself
            if facts.confirmed_at != self._confirmed_at:
                self._doubt, self._confirmed_at = facts.doubt, facts.confirmed_at
            elif self._doubt is None:
                self._doubt = facts.doubt
            behind = floor - now > BACK
            if behind and self._apart is None:
                self._doubt = self._doubt or f"it stands {_for_people(floor - now)} before the newest record"
            elif not behind and self._went_ahead and self._doubt is not None:
                logger.warning("clock_put_right")
                self._doubt = None
            self._went_ahead = False
            doubt = self._doubt if self._apart is None else facts.doubt
            words = self._doubt or self._apart
        if doubt != facts.doubt:
            self._keep(facts, doubt, now)
        self._alerts.say(AlertKind.CLOCK_WRONG, words and f"{words}: {CURE}")

    def confirm(self) -> datetime:
        """Confirms that the clock is right now. Records that are later than this came from a wrong clock."""
        now = self._clock()
        with self._store.write() as tx:
            tx.clocks.put(ClockFacts(covers=tx.clocks.newest_event(), confirmed_at=now))
            tx.heartbeats.beat(now, b"")
        logger.warning("clock_confirmed at=%s", now.isoformat())
        return now

    def _keep(self, facts: ClockFacts, doubt: str | None, now: datetime) -> None:
        try:
            with self._store.write() as tx:
                if tx.clocks.get() == facts:
                    tx.clocks.put(replace(facts, doubt=doubt, doubted_at=now if doubt else None))
        except NotRecorded:
            logger.error("clock_doubt_not_stored")

    def _notice_step(self, now: datetime) -> None:
        """The caller holds the lock."""
        if self._uptime_s is None:
            return
        uptime_s = self._uptime_s()
        before, self._before = self._before, (now, uptime_s)
        if before is None:
            return
        step = (now - before[0]) - timedelta(seconds=uptime_s - before[1])
        if step < -BACK:
            self._say(f"it was set back by {_for_people(step)}")
        elif step > AHEAD:
            if self._doubt is None:
                self._say(f"it was set ahead by {_for_people(step)}")
            else:
                self._went_ahead = True

    def _say(self, words: str) -> None:
        if self._doubt is None:
            logger.error("clock_doubted why=%r do=%r", words, CURE)
        self._doubt = self._doubt or words


def _for_people(span: timedelta) -> str:
    seconds = abs(span).total_seconds()
    for unit, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} seconds"
