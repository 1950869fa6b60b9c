"""An event as people read it: the decision, its place in the chain, and what the gate did with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.canonical import instant
from app.core.events.checkpoint import Checkpoint
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import CommandOutcome
from app.core.types import OPENING, Reason, Verdict


@dataclass(frozen=True, slots=True)
class GateReport:
    """What a gate did with the command of an event. forged: this installation did not sign the report."""

    outcome: CommandOutcome
    detail: str
    at: datetime
    forged: bool

    def json(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome.value,
            "detail": self.detail,
            "at": instant(self.at),
            "forged": self.forged,
        }


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event of the log.

    gate: its name today. decision: signed; None once its person was erased, and then only what stands here is left.
    has_picture: whether a picture was kept with it. gate_report: None while the gate has not reported.
    """

    id: str
    gate: str
    at: datetime
    reason: Reason
    sequence: int
    checkpoint: Checkpoint
    decision: RecordedDecision | None
    has_picture: bool
    gate_report: GateReport | None = None

    @property
    def verdict(self) -> Verdict:
        return Verdict.OPEN if self.reason in OPENING else Verdict.DENY

    @property
    def opens(self) -> bool:
        return self.verdict is Verdict.OPEN

    def json(self) -> dict[str, Any]:
        """The event as it is printed: the members of the answer, and its place in the gate's chain."""
        if self.decision is not None:
            printed = self.decision.json()
        else:
            printed = {
                "decision_id": self.id,
                "gate": self.gate,
                "at": instant(self.at),
                "decision": self.verdict.value,
                "reason": self.reason.value,
                "checkpoint": self.checkpoint.json(),
            }
        printed |= {"sequence": self.sequence, "hash": self.checkpoint.hash, "snapshot": self.has_picture}
        return printed if self.gate_report is None else {**printed, "gate_result": self.gate_report.json()}
