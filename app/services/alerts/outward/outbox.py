"""Turns changes of alerts into deliveries for each receiver that wants them.

An alert is marked as unsent in the transaction that raises or ends it. So a kill loses nothing, and whoever raises one,
a decision at a gate among them, reads no receiver and waits for none. Whatever takes long is read before the write, and
a write is short: SQLite has one writer, and a decision may wait for it.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.alerts.alert import Alert, AlertKind
from app.core.alerts.deliveries import (
    AGAIN_AFTER,
    MOST_WAITING,
    TOO_MANY,
    Change,
    Delivery,
    DeliveryState,
    change_to_tell,
)
from app.core.alerts.receivers import Receiver
from app.core.ports.store import Clock, Store, Transaction

BATCH = 100  # alerts in one look
WRITTEN = 10  # of them in one write
Quiet = Callable[[Transaction, str, datetime], bool]
Place = tuple[AlertKind, str | None, str | None]  # of a lasting alert: its kind, gate and camera


@dataclass(frozen=True)
class _Known:
    """What is read before the writes.

    Attributes:
        told: lately, of lasting alerts that nobody acknowledged: by receiver and place, when each began, and when the
            receiver got it.
        quiet: the schedules that are open now.
        waiting: how many deliveries wait, by receiver.
    """

    told: Mapping[tuple[str, Place], Sequence[tuple[Alert, datetime]]]
    quiet: frozenset[str]
    waiting: Counter[str]


@dataclass(frozen=True)
class Outbox:
    """quiet: whether a schedule is open at a time, by its id; False for one that is gone."""

    store: Store
    clock: Clock
    new_id: Callable[[], str]
    quiet: Quiet

    def take(self) -> None:
        """Looks at what changed since the last time. Of several processes, one does it. Raises NotRecorded."""
        with self.store.read() as tx:
            ids = tx.alerts.unsent(BATCH)
        if not ids:
            return
        with self.store.alone("receivers") as mine:
            if not mine:
                return
            now = self.clock()
            with self.store.read() as tx:
                known = self._known(tx, now)
            for start in range(0, len(ids), WRITTEN):
                self._take(ids[start : start + WRITTEN], known, now)

    def is_quiet(self, tx: Transaction, receiver: Receiver, now: datetime) -> bool:
        """Whether the receiver's quiet hours are now."""
        return receiver.quiet_schedule_id is not None and self.quiet(tx, receiver.quiet_schedule_id, now)

    def _known(self, tx: Transaction, now: datetime) -> _Known:
        since = now - AGAIN_AFTER
        alerts = {alert.id: alert for alert in tx.alerts.told_since(since)}
        told: dict[tuple[str, Place], list[tuple[Alert, datetime]]] = {}
        for one in tx.deliveries.raised_since(alerts, since):
            alert = alerts[one.alert_id or ""]
            told.setdefault((one.receiver_id, _place(alert)), []).append((alert, one.settled_at or now))
        schedules = {one.quiet_schedule_id for one in tx.receivers.all()} - {None}
        quiet = frozenset(one for one in schedules if one and self.quiet(tx, one, now))
        return _Known(told, quiet, Counter(tx.deliveries.with_waiting()))

    def _take(self, ids: Sequence[str], known: _Known, now: datetime) -> None:
        with self.store.write() as tx:
            changed = tx.alerts.take_unsent(ids)
            # Locked: a test that somebody sends takes a place, too, and a receiver may be changed or removed meanwhile.
            receivers = tx.receivers.all(for_update=True)
            if not receivers:
                return
            about: dict[tuple[str, str | None], list[Delivery]] = {}
            for one in tx.deliveries.about(ids):
                about.setdefault((one.receiver_id, one.alert_id), []).append(one)
            places: dict[str, int] = {}
            new: list[Delivery] = []
            for alert in changed:
                for receiver in receivers:
                    change = change_to_tell(receiver, alert, about.get((receiver.id, alert.id), ()), now)
                    if change is None:
                        continue
                    place = places.get(receiver.id) or tx.deliveries.next_place(receiver.id)
                    places[receiver.id] = place + 1
                    new.append(self._new(receiver, alert, change, place, known, now))
            tx.deliveries.add(*new)

    def _new(
        self, receiver: Receiver, alert: Alert, change: Change, place: int, known: _Known, now: datetime
    ) -> Delivery:
        held_until = _held_until(receiver, alert, known, now) if change is Change.RAISED else None
        quiet = receiver.is_quiet_for(alert) and receiver.quiet_schedule_id in known.quiet
        new = self.new_id()
        made = Delivery(new, receiver.id, place, change, alert.id, now, new, quiet=quiet, held_until=held_until)
        if known.waiting[receiver.id] >= MOST_WAITING:
            made = made.settled(DeliveryState.GIVEN_UP, now, TOO_MANY)
        known.waiting[receiver.id] += 1
        return made


def _held_until(receiver: Receiver, alert: Alert, known: _Known, now: datetime) -> datetime | None:
    """Holds back trouble that comes back at the same place, while nobody has acknowledged it before."""
    if alert.cleared_at == alert.at:  # momentary ones, such as tailgating, count one by one
        return None
    before = known.told.get((receiver.id, _place(alert)), ())
    told = [at for one, at in before if one.id != alert.id and one.at >= alert.at - AGAIN_AFTER]
    until = max((at + AGAIN_AFTER for at in told), default=now)
    return until if until > now else None


def _place(alert: Alert) -> Place:
    return alert.kind, alert.gate_id, alert.camera_id
