"""The protocols for stored alerts, and for what takes them to receivers."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from app.core.alerts.alert import Acknowledgement, Alert, AlertFilter, AlertKind
from app.core.alerts.messages import Message
from app.core.alerts.receivers import Target


class Alerts(Protocol):
    """The stored alerts. Lists are newest first by id, and writers lock rows in that order."""

    def raise_(self, alert: Alert) -> bool:
        """Stores the alert. Returns False, even in a race, if this kind, gate and camera has an uncleared alert.

        An alert that is cleared already is always stored.
        """
        ...

    def note(self, alert: Alert) -> None:
        """Stores an alert that is cleared already. It waits for no other writer, so it may come late in a write."""
        ...

    def clear(self, kind: AlertKind, gate_id: str | None, camera_id: str | None, at: datetime) -> bool:
        """Clears the alert of exactly this kind, gate and camera. Returns whether there was one."""
        ...

    def end(self, alert_id: str, at: datetime) -> bool:
        """Clears this alert but no later one of its kind. Returns whether it was uncleared."""
        ...

    def acknowledge(self, alert_id: str, acknowledgement: Acknowledgement) -> bool:
        """Stores the acknowledgement. Returns False, even in a race, if the alert already has one."""
        ...

    def get(self, alert_id: str) -> Alert | None: ...
    def by_ids(self, ids: Iterable[str]) -> dict[str, Alert]:
        """Returns those that are there."""
        ...

    def about(self, event_id: str) -> Alert | None:
        """Returns the report of a mistake at this event."""
        ...

    def forget(self, employee_id: str) -> None:
        """Empties what people wrote about events that name this person, or were attributed to them."""
        ...

    def uncleared(self) -> list[Alert]:
        """Returns the alerts whose cause lasts, acknowledged or not. There are few: one per kind, gate and camera."""
        ...

    def unsent(self, limit: int) -> list[str]:
        """Returns the ids of alerts that changed since receivers were looked at, oldest first."""
        ...

    def take_unsent(self, ids: Sequence[str]) -> list[Alert]:
        """Returns those of these that still are unsent, oldest first, and marks them as looked at."""
        ...

    def told_since(self, at: datetime) -> list[Alert]:
        """Returns lasting alerts, whether over or not, that nobody acknowledged and that a receiver got since then."""
        ...

    def find(self, wanted: AlertFilter) -> list[Alert]:
        """Returns at most `wanted.limit` alerts.

        Alerts that were over before this version are not open, whether somebody acknowledged them or not.
        """
        ...


class NotDelivered(Exception):
    """A receiver did not take a message. final: trying again does not help. The words hold no address and no secret."""

    def __init__(self, words: str, *, final: bool = False) -> None:
        super().__init__(words)
        self.final = final


class Carrier(Protocol):
    """Takes messages to receivers of one form."""

    def check(self, target: Target) -> None:
        """Raises BadField for an address that is never a receiver's, as far as it tells without a look-up."""
        ...

    def send(self, target: Target, message: Message) -> str:
        """Returns what the receiver answered, in bounded time. Raises NotDelivered."""
        ...
