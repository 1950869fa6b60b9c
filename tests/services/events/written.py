"""A log with a few events in it, and what the audit says of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from app.adapters.db.store import SqlStore
from app.core.events.records import EventRow
from app.core.types import Employee, Gate, Reason, Verdict
from app.services.events.access_log import AccessLog
from app.services.events.audit import Audit

AT = datetime(2026, 11, 23, 8, 0, 0, 123000, tzinfo=UTC)
LOBBY = Gate("01G", "lobby-1")
DOCK = Gate("02G", "dock")
ADA = Employee("01A", "E-1001", "Ada Lovelace")
EVA = Employee("01B", "E-1002", "Éva")
LENGTH = 6
Tamper = Callable[..., None]


def write(store: SqlStore, log: AccessLog, gate: Gate, event_id: str, employee: Employee | None) -> EventRow:
    with store.write() as tx:
        verdict = Verdict.DENY if employee is None else Verdict.OPEN
        reason = Reason.NOT_RECOGNISED if employee is None else Reason.RECOGNISED
        return log.append(tx, gate, AT, event_id, verdict, reason, employee, {"similarity": 0.7}, b"picture")[0]


def first_bad(audit: Audit, checkpoints: Any = ()) -> tuple[str, int, str | None]:
    report = audit.verify(checkpoints)
    assert not report.valid and report.flaw is not None
    return report.flaw.gate, report.flaw.sequence, report.flaw.event_id
