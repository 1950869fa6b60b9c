"""Erases visitors once their visit is long enough over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.ports.store import Transaction
from app.core.site.retention import Found, Place
from app.services.people.erasure import Erasure


@dataclass(frozen=True)
class VisitorRemover:
    """Implements `people.retention.removers.Remover`. Each visitor gets a receipt of the erasure, too."""

    erasure: Erasure

    def find(self, tx: Transaction, before: datetime, after: Place | None, limit: int) -> Found:
        old = tx.visits.ended_before(before, limit)
        return Found(tuple(one.id for one in old), None)

    def count(self, tx: Transaction, before: datetime) -> int:
        return len(tx.visits.ended_before(before, None))

    def remove(self, tx: Transaction, ids: Sequence[str], before: datetime) -> int:
        gone = 0
        for visit_id in sorted(ids):
            visit = tx.visits.get(visit_id)
            if visit is not None and visit.ends_at < before:
                self.erasure.erase_in(tx, visit.employee_id)
                gone += 1
        return gone
