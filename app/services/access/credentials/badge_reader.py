"""What a gate's reader, keypad or camera reads, a badge, PIN or QR pass, is decided like a face; its driver opens."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from app.core.credentials.badge import Badge
from app.core.credentials.pin import TypedPin
from app.core.errors import Conflict, NotRecorded, Refusal
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import DriverKind
from app.core.gates.gate import Gate
from app.services.access.access import Access, Approach

logger = logging.getLogger(__name__)

HELD = timedelta(seconds=1)  # a badge that is held to a reader is read again and again


@dataclass(frozen=True)
class BadgeReader:
    """carry_out: called with every recorded answer; it opens the gate where the answer does."""

    access: Access
    carry_out: Callable[[RecordedDecision], None]
    _last: dict[str, tuple[str, datetime]] = field(default_factory=dict, init=False, repr=False)  # by gate
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def read(self, gate: Gate, badge: Badge | str, at: datetime) -> RecordedDecision | None:
        """Decides about a badge, or the text of a QR code, that was read at that time, on our clock.

        None for one that is still held there.

        Raises Conflict where the gate's hardware opens by itself and must ask for a decision; and as `Access.decide`.
        """
        _opened_by_driver(gate)
        text = badge if isinstance(badge, str) else badge.text
        if self._is_held(gate.id, text, at):
            return None
        try:
            answer = self.access.decide(Approach(gate.id, (), at, credential=text))
        except BaseException:
            with self._lock:
                self._last.pop(gate.id, None)  # nothing was decided, so it is not held there yet
            raise
        self.carry_out(answer)
        return answer

    def typed(self, gate: Gate, pin: TypedPin, at: datetime) -> RecordedDecision:
        """Decides about a PIN typed at that time by the person the gate is waiting for. Raises as `read` does."""
        _opened_by_driver(gate)
        answer = self.access.decide(Approach(gate.id, (), at, pin=pin))
        self.carry_out(answer)
        return answer

    def reported(self, gate_id: str, what: Badge | str | TypedPin, at: datetime) -> None:
        """`read` or `typed`, for a driver's report. Raises nothing: what could not be decided about comes again."""
        try:
            with self.access.store.read() as tx:
                gate = tx.gates.get(gate_id)
            if gate is None:
                return
            if isinstance(what, TypedPin):
                self.typed(gate, what, at)
            else:
                self.read(gate, what, at)
        except (Refusal, NotRecorded) as error:
            logger.warning('badge_not_decided gate=%s why="%s" next=stays_shut', gate_id, error)
        except Exception:
            logger.exception("badge_failed gate=%s next=stays_shut", gate_id)

    def _is_held(self, gate_id: str, text: str, at: datetime) -> bool:
        with self._lock:
            before = self._last.get(gate_id)
            self._last[gate_id] = text, at
        return before is not None and before[0] == text and abs(at - before[1]) < HELD


def _opened_by_driver(gate: Gate) -> None:
    if gate.driver is DriverKind.PLAIN:
        raise Conflict(
            "gate_opens_itself",
            "This gate's hardware opens it. Send badges and PINs to its decisions, as `credential` and `pin`.",
        )
