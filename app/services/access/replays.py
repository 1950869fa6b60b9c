"""Recognises pictures that were sent before: no camera takes the same bytes twice, so somebody captured a repeat.

The database keeps the digests for a day, for all gates and processes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.alerts.alert import Alert, AlertKind
from app.core.ports.store import Transaction
from app.core.types import Evidence, Reason

KEPT = timedelta(days=1)
AGAIN = Evidence(0, 0, Reason.STALE_FRAME)
WORDS = "the same picture came again under another request"


@dataclass(frozen=True)
class Replays:
    """deny: a repeated picture is not evidence. Otherwise it only raises the alert."""

    new_id: Callable[[], str]
    deny: bool = True

    def take(self, tx: Transaction, gate_id: str, pictures: Sequence[str], now: datetime) -> frozenset[str]:
        """Remembers the pictures of one request, and raises an alert where all of them came before.

        Args:
            tx: The transaction that records the decision.
            gate_id: The gate that sent the pictures.
            pictures: Their digests, at least one.
            now: The time of the decision.

        Returns:
            The digests of those that are not evidence. Of two requests that race with one picture, the second has it.
        """
        if pictures[0].startswith("00"):  # one request of 256 tidies for all
            tx.pictures.forget(now - KEPT)
        fresh = tx.pictures.add(pictures, now)
        if not fresh:
            tx.alerts.raise_(Alert(self.new_id(), now, AlertKind.REPEATED_PICTURE, gate_id, None, WORDS))
        return frozenset(pictures) - fresh if self.deny else frozenset()
