"""The same picture again: no camera takes the same bytes twice, so whoever sends them again has captured them.

Digests are kept for a day, in the database, for all gates and processes.
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
class Sent:
    """The digests of what a gate sent; known: of those that came before and are left out of the evidence."""

    digests: Sequence[str] = ()
    known: frozenset[str] = frozenset()


NOTHING_SENT = Sent()


@dataclass(frozen=True)
class Replays:
    """deny: such a picture is no evidence; without, it only raises the alarm."""

    new_id: Callable[[], str]
    deny: bool = True

    def known(self, tx: Transaction, digests: Sequence[str], now: datetime) -> set[str]:
        """Which of the pictures are no evidence, because they came before."""
        return tx.pictures.known(digests, now - KEPT) if self.deny and digests else set()

    def take(self, tx: Transaction, gate_id: str, sent: Sent, found: Evidence, now: datetime) -> Evidence:
        """Remembers the pictures, and raises an alarm where all of them came before.

        Returns the evidence, or none where a picture of it came before: of two who send it at once, one is second.
        """
        if not sent.digests:
            return found
        if sent.digests[0].startswith("00"):  # one request of 256 tidies for all
            tx.pictures.forget(now - KEPT)
        fresh = tx.pictures.add(sent.digests, now)
        if not fresh:
            tx.alerts.raise_(Alert(self.new_id(), now, AlertKind.PICTURE_AGAIN, gate_id, None, WORDS))
        return found if not self.deny or fresh | sent.known >= set(sent.digests) else AGAIN
