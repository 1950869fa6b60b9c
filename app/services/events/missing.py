"""Whether what the log has lost is explained by signed receipts: of erasures, and of data whose time was over.

A receipt says how much was lost, and one of retention also until when. Nothing is left that tells which of the events
an erasure explains, so they are counted.
"""

from app.core.events.chain import Flaw
from app.core.events.records import EventRow
from app.core.site.retention import Explained, Kind
from app.core.types import Verdict

OPENINGS = (Kind.PASSAGES, Kind.EVENTS)  # nothing tells any more whether an opening named somebody


class Missing:
    """Counts while the log is read."""

    def __init__(self, erased: int, expired: Explained) -> None:
        """erased: how many payloads erasures explain."""
        self._erased, self._expired = erased, expired
        self._first: tuple[str, EventRow] | None = None
        self._first_recent: tuple[str, EventRow] | None = None
        self._first_picture: tuple[str, EventRow] | None = None
        self._payloads = self._recent = self._pictures = 0

    def payload(self, gate: str, event: EventRow) -> None:
        """An event at the gate of this name has none."""
        self._payloads += 1
        self._first = self._first or (gate, event)
        if not self._expired.covers(OPENINGS if event.verdict is Verdict.OPEN else (Kind.EVENTS,), event.at):
            self._recent += 1
            self._first_recent = self._first_recent or (gate, event)

    def picture(self, gate: str, event: EventRow) -> bool:
        """Whether the picture that is gone from this event had been kept for long enough."""
        if event.employee_id is not None or not self._expired.covers((Kind.STRANGER_PICTURES,), event.at):
            return False
        self._pictures += 1
        self._first_picture = self._first_picture or (gate, event)
        return True

    def flaw(self) -> Flaw | None:
        """What no receipt explains."""
        missing, explained = self._recent, self._erased
        if self._first_recent is not None and missing > explained:
            words = f"from here on {missing} payloads are missing, and signed erasures explain {explained}"
            return _at(self._first_recent, words)
        missing, explained = self._payloads, self._erased + self._expired.count(*OPENINGS)
        if self._first is not None and missing > explained:
            words = f"from here on {missing} payloads are missing, and signed receipts explain {explained}"
            return _at(self._first, words)
        missing, explained = self._pictures, self._expired.count(Kind.STRANGER_PICTURES)
        if self._first_picture is not None and missing > explained:
            words = f"from here on {missing} pictures are missing, and signed receipts explain {explained}"
            return _at(self._first_picture, words)
        return None


def _at(first: tuple[str, EventRow], words: str) -> Flaw:
    gate, event = first
    return Flaw(gate, event.sequence, event.id, words)
