"""Removes the documents of contractors who may pass no more for long enough."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.ports.store import Transaction
from app.core.site.retention import Found, Place
from app.services.people.retention.removers import may_pass_no_more


@dataclass(frozen=True)
class DocumentRemover:
    """Implements `people.retention.removers.Remover`. The day until which they were valid stays with the person: one
    who comes back gets in no longer than before."""

    def find(self, tx: Transaction, before: datetime, after: Place | None, limit: int) -> Found:
        return Found(tuple(self._due(tx, before)[:limit]), None)

    def count(self, tx: Transaction, before: datetime) -> int:
        due = set(self._due(tx, before))
        return sum(one.employee_id in due for one in tx.documents.all())

    def remove(self, tx: Transaction, ids: Sequence[str], before: datetime) -> int:
        gone = 0
        for employee_id in sorted(ids):
            employee = tx.employees.get(employee_id, for_update=True)
            if employee is not None and may_pass_no_more(employee, before):
                for one in tx.documents.of(employee_id):
                    tx.documents.delete(one.id)
                    gone += 1
        return gone

    @staticmethod
    def _due(tx: Transaction, before: datetime) -> list[str]:
        have = {one.employee_id for one in tx.documents.all()}
        return [one.id for one in tx.employees.contractors() if one.id in have and may_pass_no_more(one, before)]
