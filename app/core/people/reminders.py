"""Reminders: the mail that asks a sponsor to confirm a contractor, with a link that does it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.core.people.visits import MailState


@dataclass(frozen=True)
class Reminder:
    """The newest reminder about a contractor.

    Attributes:
        employee_id: The contractor's.
        confirmed_at: Of the contract that it is about. Once the sponsor or an admin confirmed, its link does nothing.
        link_hash: Of the token of the link in the mail.
        tries: To send the mail; next_try_at: not before.
    """

    employee_id: str
    confirmed_at: datetime
    link_hash: str
    mail: MailState
    tries: int = 0
    next_try_at: datetime | None = None


class Reminders(Protocol):
    """The stored reminders; part of `ports.Transaction`. Whoever changes one holds the lock of the contractor's row."""

    def all(self) -> list[Reminder]: ...
    def of(self, employee_id: str) -> Reminder | None: ...
    def by_link(self, link_hash: str) -> Reminder | None: ...
    def put(self, what: Reminder) -> None:
        """Stores it in the place of the contractor's earlier one."""
        ...
