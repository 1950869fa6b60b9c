"""Lockdown (nobody is let in) and release (fire: every gate stands open), and the way back. Who did it is in the log.

Each change is an event in the chain of every gate for which something changes, and an alert that stands until the mode
ends. Egress is never locked: lockdown is about who is let in. Fire beats everything, the log included: a release opens
first and is recorded then, and what could not be recorded is open all the same, and the caller is told.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.core.errors import Conflict, NotFound, NotRecorded
from app.core.ports import Clock, Store, Transaction
from app.core.site import Alert, AlertKind, SiteMode, SiteState
from app.core.types import OPENING, Gate, Reason, Verdict
from app.services.access_log import AccessLog
from app.services.orders import ordered

logger = logging.getLogger(__name__)

REASON = {
    SiteMode.RELEASE: Reason.RELEASED,
    SiteMode.LOCKDOWN: Reason.LOCKDOWN,
    SiteMode.NORMAL: Reason.RESTORED,
}
ALERT = {SiteMode.RELEASE: AlertKind.RELEASE, SiteMode.LOCKDOWN: AlertKind.LOCKDOWN}


@dataclass(frozen=True)
class SiteControl:
    """follow: told of the mode that holds from now on, before it is recorded where it is a release."""

    store: Store
    log: AccessLog
    clock: Clock
    new_id: Callable[[], str]
    follow: Callable[[SiteState], None] = lambda _: None

    def state(self) -> SiteState:
        with self.store.read() as tx:
            return tx.site.get()

    def set_mode(
        self, mode: SiteMode, gates: Collection[str] = (), by: str | None = None, *, ending: SiteMode | None = None
    ) -> SiteState:
        """The state that holds now. Nothing is recorded twice: a fire panel may say it every second.

        gates: names; none means every gate, also those to come. by: an API key's id. NORMAL ends whatever holds at
        these gates, or with `ending` that mode only. Gates add up while one mode holds. A release of every gate ends a
        lockdown, and when it ends the mode is normal: whoever wants the lockdown back must say so.

        Raises NotFound for an unknown gate; Conflict for a lockdown while gates are released, and for a release of some
        gates during a lockdown, which would unlock the others; NotRecorded: a release is in force all the same.
        """
        try:
            with self.store.read() as tx:
                before = tx.site.get()
                after = self._after(tx, before, mode, gates, by, ending)
        except NotRecorded:
            if mode is SiteMode.RELEASE and not gates:
                self._tell(SiteState(mode, self.clock(), by))
            raise
        if after == before:
            # Said again, for a release that could not be recorded is ended here; the end of a lockdown ends none.
            if ending is not SiteMode.LOCKDOWN:
                self._tell(before)
            return before
        if mode is SiteMode.RELEASE:
            self._tell(after)
        after = self._record(mode, gates, by, ending)
        self._tell(after)
        return after

    def _tell(self, site: SiteState) -> None:
        try:
            self.follow(site)
        except Exception:
            # The order has to be recorded all the same: every process that drives gates reads it within a second.
            logger.exception(
                "the gates were not told of the mode here; they read it from the database once it is there"
            )

    def _record(self, mode: SiteMode, gates: Collection[str], by: str | None, ending: SiteMode | None) -> SiteState:
        with self.store.write() as tx:
            known = sorted(tx.gates.all(), key=lambda gate: gate.id)
            for gate in known:
                # In one order, and before the mode is read: of two changes at once, the later sees the earlier.
                tx.events.lock_head(gate.id)
            before = tx.site.get()
            after = self._after(tx, before, mode, gates, by, ending)
            if after == before:
                return before
            assert after.since is not None
            for gate in known:
                if after.mode_at(gate.id) is not before.mode_at(gate.id):
                    self._append(tx, gate, after.mode_at(gate.id), after.since, by)
            self._move_alerts(tx, after, after.since)
            tx.site.put(after)
        return after

    def _after(
        self,
        tx: Transaction,
        before: SiteState,
        mode: SiteMode,
        gates: Collection[str],
        by: str | None,
        ending: SiteMode | None,
    ) -> SiteState:
        """What would hold; `before` itself where nothing changes."""
        named = _ids(tx, gates)
        if mode is SiteMode.NORMAL:
            if before.mode is SiteMode.NORMAL or (ending is not None and before.mode is not ending):
                return before
            held = set(before.gates or (gate.id for gate in tx.gates.all()))
            left = held - named if named else set()
            mode = before.mode if left else SiteMode.NORMAL
        else:
            _refuse(before, mode, named)
            joins = before.mode is mode
            every = not named or (joins and not before.gates)
            left = set() if every else named | set(before.gates if joins else ())
        after = replace(before, mode=mode, gates=tuple(sorted(left)))
        if after == before:
            return before
        now = self.clock()
        if before.since is not None:
            # Later than what it follows, whatever became of the clock: processes go by which is newer.
            now = max(now, before.since + timedelta(milliseconds=1))
        return replace(after, since=now, by=by)

    def _append(self, tx: Transaction, gate: Gate, mode: SiteMode, at: datetime, by: str | None) -> None:
        reason = REASON[mode]
        verdict = Verdict.OPEN if reason in OPENING else Verdict.DENY
        event_id = self.new_id()
        payload = ordered(gate, event_id, reason, at, by)
        self.log.append(tx, gate, at, event_id, verdict, reason, None, payload, None)

    def _move_alerts(self, tx: Transaction, after: SiteState, at: datetime) -> None:
        wanted: set[tuple[AlertKind, str | None]] = set()
        if after.mode in ALERT:
            wanted = {(ALERT[after.mode], gate_id) for gate_id in after.gates or (None,)}
        standing = {(alert.kind, alert.gate_id) for alert in tx.alerts.open() if alert.kind in ALERT.values()}
        for kind, gate_id in standing - wanted:
            tx.alerts.clear(kind, gate_id, None, at)
        for kind, gate_id in sorted(wanted - standing, key=str):
            tx.alerts.raise_(Alert(self.new_id(), at, kind, gate_id))


def _ids(tx: Transaction, names: Collection[str]) -> set[str]:
    found = set()
    for name in names:
        gate = tx.gates.by_name(name)
        if gate is None:
            raise NotFound("unknown_gate", "There is no gate of that name.")
        found.add(gate.id)
    return found


def _refuse(before: SiteState, mode: SiteMode, named: set[str]) -> None:
    if mode is SiteMode.LOCKDOWN and before.mode is SiteMode.RELEASE:
        raise Conflict("released", "Gates are released; end the release before a lockdown.")
    if mode is SiteMode.RELEASE and before.mode is SiteMode.LOCKDOWN and named:
        raise Conflict("locked_down", "A lockdown is in force; release every gate, or end the lockdown first.")
