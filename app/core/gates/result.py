"""What a gate did with the command of an event: the event's second record."""

from dataclasses import dataclass
from datetime import datetime

from app.core.events.chain import canonical, instant
from app.core.gates.commands import CommandOutcome


@dataclass(frozen=True)
class GateResultRow:
    """What the gate did with the command of an event: the event's second record.

    signature is the installation's, over `signed_part`: who has only the database cannot turn a failure into success.
    """

    event_id: str
    at: datetime
    outcome: CommandOutcome
    detail: str = ""
    signature: str = ""

    @property
    def signed_part(self) -> bytes:
        """Canonical JSON of everything but the signature. Raises ValueError for a time without a zone."""
        return canonical(
            {
                "v": 1,
                "event_id": self.event_id,
                "at": instant(self.at),
                "outcome": self.outcome.value,
                "detail": self.detail,
            }
        )
