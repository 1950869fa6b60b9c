"""How each kind of personal data is found and removed once it has been kept for long enough.

Another noun adds its kind by a remover of its own: see `wiring.erasing.retention`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from app.core.people.certificates import Scope
from app.core.ports.store import Transaction
from app.core.site.retention import Found, Kind, Place
from app.core.types import Employee, Status
from app.services.people.certificates.taking_down import TakingDown
from app.services.people.faces import forget_face


class Remover(Protocol):
    """Removes one kind. before: what is older than this is due."""

    def find(self, tx: Transaction, before: datetime, after: Place | None, limit: int) -> Found:
        """Searches the next `limit` records; in a read."""
        ...

    def count(self, tx: Transaction, before: datetime) -> int:
        """How much is due now."""
        ...

    def remove(self, tx: Transaction, ids: Sequence[str], before: datetime) -> int:
        """Removes what of these is still due, and returns how much. In a write, for which gates may wait: be quick."""
        ...


@dataclass(frozen=True)
class Rows:
    """What has no more to it than its rows."""

    kind: Kind

    def find(self, tx: Transaction, before: datetime, after: Place | None, limit: int) -> Found:
        return tx.retained.find(self.kind, before, after, limit)

    def count(self, tx: Transaction, before: datetime) -> int:
        return tx.retained.count(self.kind, before)

    def remove(self, tx: Transaction, ids: Sequence[str], before: datetime) -> int:
        return tx.retained.remove(self.kind, ids, before)


@dataclass(frozen=True)
class Presences(Rows):
    """Nobody is taken off the list while a roll call is running."""

    kind: Kind = Kind.PRESENCES

    def remove(self, tx: Transaction, ids: Sequence[str], before: datetime) -> int:
        for person_id in sorted(ids):  # as in a decision, the person before where they are
            tx.employees.get(person_id, for_update=True)
        muster = tx.musters.newest()
        if muster is not None and muster.ended_at is None:
            return 0
        return tx.retained.remove(self.kind, ids, before)


@dataclass(frozen=True, kw_only=True)
class Faces(Rows):
    """Everybody whose face goes gets a certificate of it."""

    taking_down: TakingDown
    kind: Kind = Kind.FACES

    def remove(self, tx: Transaction, ids: Sequence[str], before: datetime) -> int:
        tx.templates.lock()
        gone = 0
        for employee_id in sorted(ids):
            employee = tx.employees.get(employee_id, for_update=True)
            if employee is not None and may_pass_no_more(employee, before):
                taken = self.taking_down.before(tx, employee_id, Scope.FACE)
                if any(forget_face(tx, employee_id)):
                    self.taking_down.after(tx, taken)
                    gone += 1
        return gone


def date_deactivation(tx: Transaction, employee_ids: Sequence[str], now: datetime) -> None:
    """Begins the period of people whom a version without periods deactivated."""
    tx.templates.lock()
    for employee_id in sorted(employee_ids):
        employee = tx.employees.get(employee_id, for_update=True)
        if employee is not None and employee.status is Status.INACTIVE and employee.inactive_since is None:
            tx.employees.update(replace(employee, inactive_since=now))


def may_pass_no_more(employee: Employee, before: datetime) -> bool:
    """Whether somebody was deactivated before, or their last valid day was."""
    since, last_day = employee.inactive_since, employee.valid_until
    inactive = employee.status is Status.INACTIVE and since is not None and since < before
    return inactive or (last_day is not None and last_day < (before - timedelta(days=1)).date())


def usual_removers(taking_down: TakingDown) -> dict[Kind, Remover]:
    plain = (Kind.STRANGER_PICTURES, Kind.PASSAGES, Kind.EVENTS, Kind.ALERTS, Kind.SIGN_INS, Kind.TRAIL)
    faces = Faces(taking_down=taking_down)
    return {**{kind: Rows(kind) for kind in plain}, Kind.PRESENCES: Presences(), Kind.FACES: faces}
