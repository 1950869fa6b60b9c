"""Alerts about the service itself, also kept in memory, since the database may be what is wrong."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock

from app.core.alerts.alert import Alert, AlertFilter, AlertKind
from app.core.errors import NotRecorded
from app.core.ports.store import Clock, Store, Transaction


@dataclass(frozen=True)
class OwnAlerts:
    store: Store
    clock: Clock
    new_id: Callable[[], str]
    _standing: dict[AlertKind, Alert] = field(default_factory=dict, init=False, repr=False)
    # Ended before the database took them: whoever reads the record must learn that there was an outage.
    _missed: list[Alert] = field(default_factory=list, init=False, repr=False)
    _settled: set[AlertKind] = field(default_factory=set, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def say(self, kind: AlertKind, words: str | None) -> None:
        """Sets what is wrong now, or None. Stores the change if it can; otherwise a later call does."""
        with self._lock:
            standing = self._standing.get(kind)
            if words is None:
                self._standing.pop(kind, None)
                if standing is not None:
                    if kind not in self._settled:
                        self._missed.append(replace(standing, cleared_at=self.clock()))
                    self._settled.discard(kind)
            elif standing is None:
                standing = self._standing[kind] = Alert(self.new_id(), self.clock(), kind, detail=words[:200])
                self._settled.discard(kind)
            if kind in self._settled:
                return
            missed = [alert for alert in self._missed if alert.kind is kind]
            try:
                with self.store.write() as tx:
                    for alert in missed:
                        _store_missed(tx, alert)
                    if words is None:
                        tx.alerts.clear(kind, None, None, self.clock())
                    elif standing is not None:
                        tx.alerts.raise_(standing)
            except NotRecorded:
                return
            self._missed[:] = [alert for alert in self._missed if alert.kind is not kind]
            self._settled.add(kind)

    def unstored(self) -> list[Alert]:
        """The raised alerts that the database does not have."""
        with self._lock:
            return [alert for kind, alert in self._standing.items() if kind not in self._settled]


def _store_missed(tx: Transaction, alert: Alert) -> None:
    """Records an outage that is over, unless another process has recorded the same one."""
    assert alert.cleared_at is not None
    until: datetime = alert.cleared_at
    known = tx.alerts.find(AlertFilter(kinds=frozenset({alert.kind}), until=until, limit=1))
    if not known or (known[0].cleared_at or until) < alert.at:
        tx.alerts.raise_(alert)
