"""Turns changes of alerts into deliveries for each receiver that wants them.

An alert is marked as unsent in the transaction that raises or ends it. So a kill loses nothing, and whoever raises one,
a decision at a gate among them, reads no receiver and waits for none.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from app.core.alerts.alert import Alert, AlertFilter
from app.core.alerts.deliveries import (
    AGAIN_AFTER,
    GIVE_UP_AFTER,
    MOST_WAITING,
    TOO_MANY,
    Change,
    Delivery,
    DeliveryState,
)
from app.core.alerts.receivers import Receiver
from app.core.ports.store import Clock, Store, Transaction

BATCH = 100  # alerts in one short write
MOST_RECENT = 200
Quiet = Callable[[Transaction, str, datetime], bool]


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
            with self.store.write() as tx:
                now, receivers = self.clock(), tx.receivers.all()
                changed = tx.alerts.take_unsent(ids)
                if not receivers:
                    return
                waiting = tx.deliveries.with_waiting()
                for alert in changed:
                    about = tx.deliveries.about(alert.id)
                    for receiver in receivers:
                        theirs = [one for one in about if one.receiver_id == receiver.id]
                        new = self._due(tx, receiver, alert, theirs, now)
                        if new is None:
                            continue
                        if waiting.get(receiver.id, 0) >= MOST_WAITING:
                            new = new.settled(DeliveryState.GIVEN_UP, now, TOO_MANY)
                        tx.deliveries.add(new)
                        waiting[receiver.id] = waiting.get(receiver.id, 0) + 1

    def is_quiet(self, tx: Transaction, receiver: Receiver, now: datetime) -> bool:
        """Whether the receiver's quiet hours are now."""
        return receiver.quiet_schedule_id is not None and self.quiet(tx, receiver.quiet_schedule_id, now)

    def _due(
        self, tx: Transaction, receiver: Receiver, alert: Alert, known: Iterable[Delivery], now: datetime
    ) -> Delivery | None:
        if not receiver.wants(alert):
            return None
        by_change = {one.change: one for one in known}
        raised = by_change.get(Change.RAISED)
        if raised is None:
            if now - alert.at >= GIVE_UP_AFTER:  # the database took it late, or a restore brought it back
                return None
            return self._new(tx, receiver, alert, Change.RAISED, now, self._held_until(tx, receiver, alert, now))
        told = raised.state is DeliveryState.DELIVERED
        told = told or (raised.state is DeliveryState.WAITING and (raised.tries > 0 or not raised.is_held))
        if receiver.ended and alert.cleared_at is not None and told and Change.ENDED not in by_change:
            return self._new(tx, receiver, alert, Change.ENDED, now, None)
        return None

    def _new(
        self,
        tx: Transaction,
        receiver: Receiver,
        alert: Alert,
        change: Change,
        now: datetime,
        held_until: datetime | None,
    ) -> Delivery | None:
        # Locked: a test that somebody sends takes a place, too, and a receiver may be removed meanwhile.
        if tx.receivers.get(receiver.id, for_update=True) is None:
            return None
        quiet = receiver.is_quiet_for(alert) and self.is_quiet(tx, receiver, now)
        new, place = self.new_id(), tx.deliveries.next_place(receiver.id)
        return Delivery(new, receiver.id, place, change, alert.id, now, new, quiet=quiet, held_until=held_until)

    def _held_until(self, tx: Transaction, receiver: Receiver, alert: Alert, now: datetime) -> datetime | None:
        """Holds back trouble that comes back at the same place, while nobody has acknowledged it before."""
        if alert.cleared_at == alert.at:  # momentary ones, such as tailgating, count one by one
            return None
        which = AlertFilter(
            kinds=frozenset({alert.kind}), gate_id=alert.gate_id, since=alert.at - AGAIN_AFTER, limit=MOST_RECENT
        )
        before = [
            one.id
            for one in tx.alerts.find(which)
            if one.id != alert.id
            and (one.gate_id, one.camera_id) == (alert.gate_id, alert.camera_id)
            and one.acknowledged is None
        ]
        sent = [
            one.settled_at
            for alert_id in before
            for one in tx.deliveries.about(alert_id)
            if one.receiver_id == receiver.id and one.change is Change.RAISED and one.state is DeliveryState.DELIVERED
        ]
        until = max((at + AGAIN_AFTER for at in sent if at is not None), default=now)
        return until if until > now else None
