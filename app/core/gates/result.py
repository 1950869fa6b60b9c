"""What a gate did with an event's command, as a signed record beside the event."""

from dataclasses import dataclass
from datetime import datetime

from app.core.canonical import canonical, instant
from app.core.gates.commands import CommandOutcome


@dataclass(frozen=True)
class GateResultRow:
    """What a gate did with an event's command.

    The installation signs `signed_part`, so nobody with access to the database alone can turn a failure into a success.
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
