"""Deliveries: which alert a receiver is to get or got, and what goes out next.

Messages of one receiver keep their order: while one is tried again, what came later waits behind it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from app.core.alerts.alert import Alert, Severity
from app.core.alerts.receivers import Form, Receiver

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=24)
FAILING_AFTER = timedelta(minutes=10)
# The same trouble at the same place that comes back: as long as Alertmanager's `group_interval` by default.
AGAIN_AFTER = timedelta(minutes=5)
MOST_WAITING = 1000  # of one receiver
MOST_AT_ONCE = 100  # alerts in one message
KEPT = timedelta(days=30)

TOO_MANY = f"{MOST_WAITING:,} messages were waiting already"
TOO_OLD = "it could not be sent for 24 hours"
OVER = "it was over before it was sent"
SWITCHED_OFF = "the receiver was switched off"
GONE = "the alert is gone"


class Change(StrEnum):
    """What happened to an alert. TEST: nothing did, somebody tries the receiver."""

    RAISED = "raised"
    ENDED = "ended"
    TEST = "test"


class DeliveryState(StrEnum):
    """WAITING: to be sent, or tried again. DROPPED: there was no reason left to send it."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Delivery:
    """One change of an alert for one receiver.

    Attributes:
        place: its turn among the receiver's.
        message_id: of the message that it goes out with. It stays the same however often that is tried.
        quiet: whether it came in quiet hours. held_until: not before, because the same came just before.
        tries: how often it was sent. tried_at: first.
        settled_at: when it was delivered, given up or dropped.
        answer: what the receiver said, or why it was not sent; no address and no secret.
    """

    id: str
    receiver_id: str
    place: int
    change: Change
    alert_id: str | None
    created_at: datetime
    message_id: str
    state: DeliveryState = DeliveryState.WAITING
    quiet: bool = False
    held_until: datetime | None = None
    tries: int = 0
    tried_at: datetime | None = None
    next_try_at: datetime | None = None
    settled_at: datetime | None = None
    answer: str = ""

    @property
    def is_held(self) -> bool:
        return self.quiet or self.held_until is not None

    def settled(self, state: DeliveryState, at: datetime, answer: str) -> "Delivery":
        return replace(self, state=state, settled_at=at, next_try_at=None, answer=answer)

    def is_too_old(self, now: datetime) -> bool:
        since = self.tried_at if self.is_held else self.created_at
        return since is not None and now - since >= GIVE_UP_AFTER


def needs_no_look(alert: Alert) -> bool:
    """Whether nobody has to be told of an alert that waited: somebody acknowledged it, or a warning has ended.

    What began and ended at once still counts, as in the list of alerts.
    """
    lasting = alert.cleared_at != alert.at
    over = alert.cleared_at is not None and lasting and alert.severity is Severity.WARNING
    return alert.acknowledged is not None or over


def change_to_tell(receiver: Receiver, alert: Alert, known: Iterable[Delivery], now: datetime) -> Change | None:
    """What a receiver has yet to be told about an alert. known: its deliveries about that alert."""
    if not receiver.wants(alert):
        return None
    by_change = {one.change: one for one in known}
    raised = by_change.get(Change.RAISED)
    if raised is None:
        late = now - alert.at >= GIVE_UP_AFTER  # the database took it late, or a restore brought it back
        return None if late else Change.RAISED
    told = raised.state is DeliveryState.DELIVERED
    told = told or (raised.state is DeliveryState.WAITING and (raised.tries > 0 or not raised.is_held))
    if receiver.ended and alert.cleared_at is not None and told and Change.ENDED not in by_change:
        return Change.ENDED
    return None


def pause_after(tries: int, chance: float) -> timedelta:
    """How long to wait before the next try: twice as long each time, up to an hour, less a random part of a half.

    Receivers that come back are not met by all services at once. chance: from 0 to 1.
    """
    longest: timedelta = min(FIRST_PAUSE * 2 ** min(max(0, tries - 1), 20), LONGEST_PAUSE)
    return longest * (0.5 + chance / 2)


@dataclass(frozen=True)
class Plan:
    """settled: deliveries that end without being sent. group: what goes out now, as one message."""

    settled: tuple[Delivery, ...] = ()
    group: tuple[Delivery, ...] = ()


def plan(
    receiver: Receiver, waiting: Sequence[Delivery], alerts: Mapping[str, Alert], now: datetime, *, quiet: bool
) -> Plan:
    """What is done next about a receiver.

    Args:
        waiting: its deliveries that wait, in order.
        alerts: those that they are about, by id.
        quiet: whether its quiet hours are now.
    """
    settled: list[Delivery] = []
    ready: list[Delivery] = []
    for one in waiting:
        alert = alerts.get(one.alert_id or "")
        if alert is None:
            settled.append(one.settled(DeliveryState.DROPPED, now, GONE))
        elif one.is_too_old(now):
            settled.append(one.settled(DeliveryState.GIVEN_UP, now, TOO_OLD))
        elif one.is_held and not one.tries and one.change is Change.RAISED and needs_no_look(alert):
            settled.append(one.settled(DeliveryState.DROPPED, now, OVER))
        elif one.held_until is not None and now < one.held_until and not one.tries:
            continue
        elif not (quiet and receiver.is_quiet_for(alert)):
            ready.append(one)
    if not ready or (ready[0].next_try_at is not None and now < ready[0].next_try_at):
        return Plan(tuple(settled))
    return Plan(tuple(settled), _group(receiver, ready))


def _group(receiver: Receiver, ready: Sequence[Delivery]) -> tuple[Delivery, ...]:
    """The first, and what goes out with it: what was held, and of mails whatever waits."""
    head = ready[0]
    if head.tries:  # a message that is tried again stays what it was
        return tuple(one for one in ready if one.message_id == head.message_id)
    if not (head.is_held or receiver.form is Form.EMAIL):
        return (head,)
    together = [one for one in ready if not one.tries and (one.is_held or receiver.form is Form.EMAIL)]
    return tuple(replace(one, message_id=head.message_id) for one in together[:MOST_AT_ONCE])


def is_failing(head: Delivery | None, last: Delivery | None, now: datetime) -> bool:
    """Whether a receiver does not take its messages.

    Args:
        head: the delivery that goes out next, or is tried again.
        last: the last one that was delivered or given up.
    """
    if head is not None and head.tried_at is not None and now - head.tried_at >= FAILING_AFTER:
        return True
    return last is not None and last.state is DeliveryState.GIVEN_UP


class Deliveries(Protocol):
    """The stored deliveries; part of `ports.Transaction`."""

    def add(self, *new: Delivery) -> None: ...
    def put(self, delivery: Delivery) -> bool:
        """Replaces one that still waits. Returns whether it did."""
        ...

    def next_place(self, receiver_id: str) -> int: ...
    def waiting(self, receiver_id: str, limit: int, *, quiet: bool | None = None) -> list[Delivery]:
        """Returns the first that wait, in order. quiet: only what came in quiet hours, or only what did not."""
        ...

    def head(self, receiver_id: str) -> Delivery | None:
        """Returns what is tried again, or else the first that waits."""
        ...

    def with_waiting(self) -> dict[str, int]:
        """Returns how many wait, by receiver, where any do."""
        ...

    def about(self, alert_ids: Iterable[str]) -> list[Delivery]:
        """Returns all receivers' deliveries of these alerts."""
        ...

    def raised_since(self, alert_ids: Iterable[str], at: datetime) -> list[Delivery]:
        """Returns those that told receivers since then that these alerts were raised."""
        ...

    def last_settled(self, receiver_id: str) -> Delivery | None:
        """Returns the last that was delivered or given up. Tests count only if they were delivered."""
        ...

    def given_up(self, receiver_id: str) -> int:
        """Returns how many were given up of those that are kept, tests aside."""
        ...

    def last_delivered(self, receiver_id: str) -> Delivery | None: ...
    def newest(self, receiver_id: str, limit: int, before: int | None = None) -> list[Delivery]:
        """Returns deliveries in the reverse order of their places. before: the place that the last page ended with."""
        ...

    def tidy(self, before: datetime, limit: int) -> int:
        """Removes what was settled before, and returns how much."""
        ...
