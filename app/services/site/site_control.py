"""Lockdown (nobody gets in), release (fire: every gate opens), and the way back. The log records who ordered it.

Each change is an event in the chain of every gate for which something changes, and an alert that stands until the mode
ends. Egress is never locked: lockdown is about who is let in. Fire beats everything, the log included: a release opens
first and is recorded then. While the database is gone it opens the gates that are driven here, and is recorded once the
database answers.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Protocol

from app.core.access.passages.muster import Muster
from app.core.alerts.alert import Alert, AlertKind
from app.core.errors import FacegateError, NotRecorded, NotYetRecorded, Refusal
from app.core.gates.gate import Gate
from app.core.ports.store import Clock, Store, Transaction
from app.core.site.mode import SiteMode, SiteState
from app.core.types import Reason
from app.services.events.access_log import AccessLog
from app.services.events.deadline import within
from app.services.events.orders import ordered
from app.services.site.late_releases import LateReleases, together
from app.services.site.site_orders import SiteOrder

logger = logging.getLogger(__name__)

REASON = {
    SiteMode.RELEASE: Reason.RELEASED,
    SiteMode.LOCKDOWN: Reason.LOCKDOWN,
    SiteMode.NORMAL: Reason.RESTORED,
}
ALERT = {SiteMode.RELEASE: AlertKind.RELEASE, SiteMode.LOCKDOWN: AlertKind.LOCKDOWN}

# For a release, a database that hangs counts as gone.
READ_S = 2.0
RECORD_S = 5.0  # longer than the store waits for locks


class Gates(Protocol):
    """Drives this process's gates. Several threads may call it at once."""

    def follow(self, site: SiteState) -> None:
        """Applies the recorded mode, unless a newer one applies already."""
        ...

    def release(self, site: SiteState) -> SiteState:
        """Releases at once, over anything before. Returns what applies now, for `supersede`."""
        ...

    def release_unread(self, names: Collection[str], site: SiteState) -> SiteState:
        """Releases gates by name or id when the database cannot be asked; in doubt, every gate."""
        ...

    def released(self) -> int:
        """How many of the gates driven here are released, as far as orders go."""
        ...

    def supersede(self, ordered: SiteState, site: SiteState) -> None:
        """Replaces that release by `site`, if it still applies."""
        ...


@dataclass(frozen=True)
class SiteControl:
    """gates: receives each mode, a release even before it is recorded; None if this process drives no gate."""

    store: Store
    log: AccessLog
    clock: Clock
    new_id: Callable[[], str]
    gates: Gates | None = None
    _late: LateReleases = field(default_factory=LateReleases, init=False, repr=False)
    # Locked by whatever could end or record one of them; a release itself waits for nobody.
    _recording: Lock = field(default_factory=Lock, init=False, repr=False)

    def state(self) -> SiteState:
        with self.store.read() as tx:
            return tx.site.get()

    def in_force(self) -> SiteState:
        """Returns the releases that are in force here and not recorded yet; without any, the recorded mode."""
        unrecorded = self._late.all()
        return together(unrecorded) if unrecorded else self.state()

    @property
    def is_unrecorded(self) -> bool:
        """Whether a release was carried out here that is not recorded yet."""
        return bool(self._late.all())

    def set_mode(
        self,
        mode: SiteMode,
        gates: Collection[str] = (),
        actor: str | None = None,
        *,
        ending: SiteMode | None = None,
        unread: bool = False,
        comment: str = "",
        by_guard: bool = False,
        zones: Collection[str] = (),
    ) -> SiteState:
        """Sets the mode and returns the state. Nothing is recorded twice: a fire panel may repeat itself every second.

        gates, zones: names; none of both means every gate, also those to come. A zone's lockdown holds at gates that
        are added to the zone meanwhile; its release opens those that it has now. actor: the id of the key or user who
        orders it. NORMAL ends whatever holds at these gates, or with `ending` that mode only. Gates add up while one
        mode holds. A release of every gate ends a lockdown, and the mode is normal when the release ends. unread: the
        database is known to be gone, so a release asks it nothing. comment: kept with the mode and each gate's event.
        by_guard: whoever orders it is no admin.

        Raises NotFound for an unknown gate or zone; Forbidden for a guard's lockdown, or its end, unless the site's
        settings allow it; Conflict for a zone without gates, for a lockdown while gates are released, and for a release
        of some gates during a lockdown, which would unlock the others; NotRecorded: nothing changed; NotYetRecorded: a
        release is in force.
        """
        order = SiteOrder(mode, gates, actor, ending, comment=comment, by_guard=by_guard, zones=zones)
        if mode is SiteMode.RELEASE:
            if unread:
                raise self._release_unread(order)
            return self._set(order)
        with self._recording:
            try:
                # Whoever orders this may not know of a fire. Its effect on a release is decided once that is recorded.
                self._record_late()
            except NotRecorded:
                if not order.ends_every_release:
                    raise
                logger.warning("release_unrecorded what=ends_without_a_record")
            return self._set(order)

    def record_late(self) -> None:
        """Records the releases that are in force here and not recorded yet. Raises NotRecorded."""
        if self._late.all():
            with self._recording:
                self._record_late()

    def _record_late(self) -> None:
        unrecorded = self._late.all()
        if unrecorded:
            one = together(unrecorded)
            self._follow(
                self._record(SiteOrder(one.mode, one.gates, one.actor, in_force=True, comment=one.comment)), unrecorded
            )

    def _set(self, order: SiteOrder) -> SiteState:
        # Before anything is read: the order is about present releases, not about one that comes meanwhile.
        unrecorded = self._late.all()
        releases = order.mode is SiteMode.RELEASE
        try:
            before, after = within(READ_S, lambda: self._read(order)) if releases else self._read(order)
        except Refusal:
            raise
        except Exception as error:
            if not releases:
                raise
            _log_unforeseen(error)
            raise self._release_unread(order) from error
        if after == before:
            # It repeats a release of every gate, or ends all that could not be recorded.
            ends = not before.gates if releases else order.ends_every_release
            self._follow(before, unrecorded if ends else ())
            return before
        if releases:
            return self._record_release(order, after, unrecorded)
        after = self._record(order)
        self._follow(after, unrecorded if order.ends_every_release else ())
        return after

    def _read(self, order: SiteOrder) -> tuple[SiteState, SiteState]:
        """Returns the present state, and the one after the order."""
        with self.store.read() as tx:
            before = tx.site.get()
            return before, order.after(tx, before, self.clock())

    def _record_release(self, order: SiteOrder, site: SiteState, unrecorded: Collection[SiteState]) -> SiteState:
        released = self._release(site)
        if released.gates != site.gates:
            # Other gates are released and not recorded yet; record them too. A zone's gates are among them.
            order = replace(order, gates=released.gates, zones=(), in_force=True)
        try:
            after = within(RECORD_S, lambda: self._record(order))
        except Refusal:
            # Another order came first, such as a lockdown. A release that is refused must not stay in force.
            self._take_back(released)
            raise
        except Exception as error:
            _log_unforeseen(error)
            raise self._in_force(self._release(released)) from error
        self._follow(after, (*unrecorded, released))
        return after

    def _release(self, site: SiteState, unread: Collection[str] | None = None) -> SiteState:
        """Releases, and returns what is in force. unread: the gates' names, if the database cannot be asked."""
        try:
            if self.gates is not None:
                return self.gates.release(site) if unread is None else self.gates.release_unread(unread, site)
        except Exception:
            # It must be recorded all the same: every process that drives gates reads it within a second.
            logger.exception('release_not_passed_on next="gates read it once it is recorded"')
        return together((*self._late.all(), site))

    def _release_unread(self, order: SiteOrder) -> NotYetRecorded:
        # Which gates a zone has is not known now, so its release is one of every gate.
        gates = () if order.zones else order.gates
        return self._in_force(
            self._release(SiteState(order.mode, self.clock(), order.actor, comment=order.comment), gates)
        )

    def _in_force(self, ordered: SiteState) -> NotYetRecorded:
        self._late.add(ordered)
        count = self.gates.released() if self.gates is not None else 0
        what = (
            f"The release is in force at {count} of the gates that this process drives."
            if count
            else "The release is kept, but this process drives no such gate, so none is open yet."
        )
        return NotYetRecorded(
            f"{what} The database did not take the record; it is made, and other processes follow, once it answers."
        )

    def _follow(self, site: SiteState, instead_of: Collection[SiteState]) -> None:
        self._late.remove(instead_of)
        try:
            if self.gates is not None:
                for ordered in instead_of:
                    self.gates.supersede(ordered, site)
                self.gates.follow(site)
        except Exception:
            # It is recorded, so the caller gets that answer; processes that drive gates read it within a second.
            logger.exception('mode_not_passed_on next="gates read it from the database"')

    def _take_back(self, ordered: SiteState) -> None:
        try:
            self._follow(within(READ_S, self.state), [ordered])
        except FacegateError as error:
            raise self._in_force(ordered) from error

    def _record(self, order: SiteOrder) -> SiteState:
        with self.store.write() as tx:
            known = sorted(tx.gates.all(), key=lambda gate: gate.id)
            for gate in known:
                # In one order, and before the mode is read, so that the later of two changes sees the earlier.
                tx.events.lock_head(gate.id)
            before = tx.site.get()
            after = order.after(tx, before, self.clock())
            if after == before:
                return before
            assert after.since is not None
            self._move_alerts(tx, after, after.since)
            if after.mode is SiteMode.RELEASE and before.mode is not SiteMode.RELEASE:
                self._begin_muster(tx, after.since, order.comment)
            for gate in known:
                if after.mode_at(gate.id) is not before.mode_at(gate.id):
                    self._append(tx, gate, after.mode_at(gate.id), after.since, order)
            tx.site.put(after)
        return after

    def _begin_muster(self, tx: Transaction, at: datetime, comment: str) -> None:
        """A release begins a roll call, unless one lasts. It goes on after the release, until somebody ends it."""
        muster = tx.musters.newest(for_update=True)
        if muster is None or muster.ended_at is not None:
            tx.musters.start(Muster(self.new_id(), at, None, comment))

    def _append(self, tx: Transaction, gate: Gate, mode: SiteMode, at: datetime, order: SiteOrder) -> None:
        comment = order.comment or None
        self.log.append(tx, ordered(gate, self.new_id(), REASON[mode], at, order.actor, comment=comment))

    def _move_alerts(self, tx: Transaction, after: SiteState, at: datetime) -> None:
        wanted: set[tuple[AlertKind, str | None]] = set()
        if after.mode in ALERT:
            wanted = {(ALERT[after.mode], gate_id) for gate_id in after.gates or (None,)}
        standing = {(alert.kind, alert.gate_id) for alert in tx.alerts.uncleared() if alert.kind in ALERT.values()}
        for kind, gate_id in standing - wanted:
            tx.alerts.clear(kind, gate_id, None, at)
        for kind, gate_id in sorted(wanted - standing, key=str):
            tx.alerts.raise_(Alert(self.new_id(), at, kind, gate_id))


def _log_unforeseen(error: Exception) -> None:
    """Logs a defect. The release goes on, because a fire does not wait for defects either."""
    if not isinstance(error, NotRecorded):
        logger.error("release_not_recorded error=%s", type(error).__name__, exc_info=error)
