"""Ends enrolments by badge that began too long ago, with their pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.ports.store import Transaction
from app.core.site.retention import Found, Place


@dataclass(frozen=True)
class GatheringRemover:
    """Implements `people.retention.removers.Remover`."""

    def find(self, tx: Transaction, before: datetime, after: Place | None, limit: int) -> Found:
        old = [one.employee_id for one in tx.gatherings.all() if one.started_at < before]
        return Found(tuple(old[:limit]), None)

    def count(self, tx: Transaction, before: datetime) -> int:
        return len([one for one in tx.gatherings.all() if one.started_at < before])

    def remove(self, tx: Transaction, ids: Sequence[str], before: datetime) -> int:
        gone = 0
        for employee_id in sorted(ids):
            if tx.employees.get(employee_id, for_update=True) is None:
                continue
            found = tx.gatherings.of(employee_id)
            if found is not None and found.started_at < before:
                tx.gatherings.forget(employee_id)
                gone += 1
        return gone
