"""A log with a few events in it, and what the audit says of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from app.adapters.db.store import SqlStore
from app.core.events.records import EventRow
from app.core.gates.gate import Gate
from app.core.types import Employee, Reason
from app.services.events.access_log import AccessLog
from app.services.events.audit import Audit
from tests.fakes import decided

AT = datetime(2026, 11, 23, 8, 0, 0, 123000, tzinfo=UTC)
LOBBY = Gate("01G", "lobby-1")
DOCK = Gate("02G", "dock")
ADA = Employee("01A", "E-1001", "Ada Lovelace")
EVA = Employee("01B", "E-1002", "Éva")
LENGTH = 6
Tamper = Callable[..., None]


def write(store: SqlStore, log: AccessLog, gate: Gate, event_id: str, employee: Employee | None) -> EventRow:
    reason = Reason.NOT_RECOGNISED if employee is None else Reason.RECOGNISED
    with store.write() as tx:
        log.append(tx, decided(gate, event_id, reason, AT, employee, similarity=0.7), b"picture")
        return next(row for row in tx.events.chain(gate.id) if row.id == event_id)


def marks_of(audit: Audit) -> list[dict[str, Any]]:
    """Where every chain stands now, as it is kept elsewhere."""
    return [mark.json() for mark in audit.checkpoint()]


def first_bad(audit: Audit, checkpoints: Any = ()) -> tuple[str, int, str | None]:
    report = audit.verify(checkpoints)
    assert not report.valid and report.flaw is not None
    return report.flaw.gate, report.flaw.sequence, report.flaw.event_id
